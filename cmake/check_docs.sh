#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Fails when a document names a path that does not exist: in backticks (`base/loop.c`, also with
# :line or a glob) or as the target of a link. Runs from the source root. What is made at run time
# (build/, .run/) and what holds a placeholder (<id>, NNNN) is not looked for.
set -eu

tmp=$(mktemp)
trap 'rm -f "$tmp"' EXIT

for doc in *.md docs/*.md docs/*/*.md deploy/*.md e2e/*.md; do
    [ -f "$doc" ] || continue
    dir=$(dirname "$doc")
    # One path per line, tagged by where it was found: ` relative to the root, ( to the document.
    {
        grep -noE '`[A-Za-z0-9_.*-]+(/[A-Za-z0-9_.*-]+)*/?(:[0-9]+)?`' "$doc" |
            sed -E 's/^([0-9]+):`(.*[^:0-9]|.*)(:[0-9]+)?`$/\1 root \2/; s/:[0-9]+$//' || true
        sed 's/`[^`]*`//g' "$doc" | grep -noE '\]\([^)#: ]+(#[^)]*)?\)' |
            sed -E 's/^([0-9]+):\]\(([^)#]*).*$/\1 here \2/' || true
    } | while read -r line from path; do
        case $path in
        build/* | .run/* | *NNNN*) continue ;;
        esac
        base=.
        if [ "$from" = here ]; then
            base=$dir
        else
            # A word in backticks is a path when it starts in one of our folders, or is a file of ours by its ending.
            case $path in
            base/* | apis/* | informer/* | store/* | controller/* | cmd/* | cmake/* | crds/* | \
                deploy/* | e2e/* | docs/* | .ci/*) ;;
            *) continue ;;
            esac
        fi
        found=
        # shellcheck disable=SC2086
        for hit in $base/$path; do
            [ ! -e "$hit" ] || found=1
        done
        [ -n "$found" ] || echo "$doc:$line: $path does not exist"
    done
done >"$tmp"

cat "$tmp"
[ ! -s "$tmp" ]

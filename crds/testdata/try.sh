#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# try.sh KUBECTL [ARGS…]: applies crds/*.yaml to the cluster that KUBECTL reaches and puts every sample to it: accept/ must
# be taken (dry run), refuse/ refused with the text of its first line. update/: the first document is stored with its
# status, the second is the change that is judged. Prints what is wrong; exit status 1 if anything is.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
wrong=0

complain() {
    echo "$1" >&2
    wrong=1
}

judge() { # accept|refuse, name, wanted text; output in $tmp/out, status in $status
    if [ "$1" = accept ]; then
        [ "$status" = 0 ] || complain "$2 was refused: $(cat "$tmp/out")"
    elif [ "$status" = 0 ]; then
        complain "$2 was accepted"
    else
        grep -qF -- "$3" "$tmp/out" || complain "$2: expected '$3', got: $(cat "$tmp/out")"
    fi
}

"$@" apply --server-side -f "$here/.." >/dev/null
"$@" wait --for=condition=Established --timeout=30s crd/kube9configs.kube9.io crd/assessmentruns.kube9.io >/dev/null
until "$@" get kube9configs,assessmentruns >/dev/null 2>&1; do sleep 0.2; done

for verdict in accept refuse; do
    for sample in "$here/$verdict"/*.yaml; do
        status=0
        "$@" apply --dry-run=server -f "$sample" >"$tmp/out" 2>&1 || status=$?
        judge "$verdict" "$verdict/${sample##*/}" "$(sed -n '1s/^# refused: //p' "$sample")"
    done
    for sample in "$here/update/$verdict"/*.yaml; do
        awk -v dir="$tmp" '/^---$/ { after = 1; next } { print > (dir "/" (after ? "after" : "before") ".yaml") }' "$sample"
        "$@" apply -f "$tmp/before.yaml" >/dev/null
        "$@" patch assessmentrun sample-update --subresource=status --type=merge \
            --patch-file "$tmp/before.yaml" >/dev/null
        status=0
        "$@" patch assessmentrun sample-update --type=merge --dry-run=server \
            --patch-file "$tmp/after.yaml" >"$tmp/out" 2>&1 || status=$?
        judge "$verdict" "update/$verdict/${sample##*/}" "$(sed -n '1s/^# refused: //p' "$sample")"
        "$@" delete assessmentrun sample-update >/dev/null
    done
done
exit $wrong

# shellcheck shell=bash
# Every field explains itself. The first word of each path is the kind; explaining an object shows
# all its members, so one call per object covers every field.
for kind in kube9configs assessmentruns; do
	"$K9E2E" fields -kubeconfig "$KUBECONFIG" "$kind" >"$CASE_DIR/$kind.paths" ||
		fail "fields of $kind without a description (above)"
	xargs -P 4 -I{} sh -c '"$1" explain "$2" --api-version=kube9.io/v1alpha1 || echo "<failed> $2"' \
		- "$KUBECTL" {} <"$CASE_DIR/$kind.paths" >"$CASE_DIR/$kind.explained" 2>&1
	bad=$(grep -E '<no description>|<failed>|^error' "$CASE_DIR/$kind.explained" | sort -u) || true
	equal "" "$bad" "kubectl explain $kind"
	note "$kind: $(wc -l <"$CASE_DIR/$kind.paths") objects explained"
done

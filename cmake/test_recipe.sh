#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Follows "A new check" of CONTRIBUTING.md in a scratch copy of the tree: one row and one function in
# a file of checks, two fixtures. Shows that the tests notice each step that is left out, and that in
# the end nothing else had to change but docs/checks.md, which a command writes. The one file that
# changed is compiled; all else is the build that is there.
# usage: cmake/test_recipe.sh BUILD     (after `cmake/build.sh dev`)
set -euo pipefail

cd "$(dirname "$0")/.."
root=$PWD build=$PWD/${1:-build/dev}
file=controller/checks/security_pod.c
object=CMakeFiles/k9_checks.dir/$file.o
fixture=controller/checks/testdata/security/recipe-subdomain
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
passed=0

fail() {
    printf 'recipe: %s\n' "$*" >&2
    exit 1
}

ok() {
    passed=$((passed + 1))
    printf 'ok   %s\n' "$*"
}

# The command that the build uses, with the scratch copy's file and headers, into a scratch object.
compile() {
    local command
    command=$(cd "$build" && ninja -t commands "$object" | tail -n 1)
    command=${command//-I$root/-I$tmp/tree}
    command=${command//$root\/$file/$tmp/tree/$file}
    command=${command//$object/$tmp/changed.o}
    (cd "$build" && eval "$command") || fail "the changed file does not compile"
}

# The new object stands before the library, whose own is then not taken.
link_test() {
    local command
    command=$(cd "$build" && ninja -t commands "$1" | tail -n 1)
    command=${command/ -o $1 / "$tmp/changed.o" -o "$tmp/$1" }
    (cd "$build" && eval "$command") || fail "$1 does not link"
}

judged() {
    (cd "$tmp/tree" && "$tmp/$1") >"$tmp/$1.log" 2>&1
}

mkdir "$tmp/tree"
git ls-files -z base apis informer store controller docs cmake | xargs -0 cp --parents -t "$tmp/tree"
cp -a "$tmp/tree" "$tmp/before"

# 2. A function above the table, a row at its end.
python3 - "$tmp/tree/$file" <<'PYTHON'
import sys
path = sys.argv[1]
text = open(path).read()
function = '''static void recipe_subdomain(struct report *r, const struct pod_view *p)
{
    if (pod_spec_share_process_namespace(p->spec) && pod_spec_host_network(p->spec))
        report_warn(r, "shareProcessNamespace", "shares its processes and the node's network");
}

'''
row = '''    { .id = "security/recipe-subdomain",
      .title = "No workload shares its processes beside the node's network",
      .remediation = "Remove one of the two.",
      .frameworks = "",
      .aliases = "",
      .severity = CHECK_LOW,
      .tier = 3,
      .per_pod_spec = recipe_subdomain }, );
'''
table = text.index("CHECK_TABLE(")
end = text.rindex("}, );")
text = text[:table] + function + text[table:end] + "},\n" + row
open(path, "w").write(text)
PYTHON
compile
link_test test_checks
link_test test_catalogue
ok "one function and one row compile"

! judged test_checks || fail "test_checks passes without fixtures"
grep -q "$fixture.pass\*.yaml: no fixture" "$tmp/test_checks.log" || fail "nobody misses the fixtures"
ok "test_checks misses the fixtures"

# 3. Two fixtures.
pod() {
    printf 'apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: shop}\nspec:\n'
    printf '  hostNetwork: %s\n  shareProcessNamespace: true\n' "$1"
    printf '  containers: [{name: a, image: "registry.example.com/a:1"}]\n'
}
pod false >"$tmp/tree/$fixture.pass.yaml"
pod true >"$tmp/tree/$fixture.fail.yaml"
! judged test_checks || fail "test_checks passes although docs/checks.md is old"
grep -q 'docs/checks.md differs' "$tmp/test_checks.log" || fail "nobody misses the page: $(cat "$tmp/test_checks.log")"
ok "test_checks misses the line of docs/checks.md, and nothing else"

# 4. The page, by command.
(cd "$tmp/tree" && K9_UPDATE=1 "$tmp/test_checks" >"$tmp/update.log" 2>&1) || fail "$(cat "$tmp/update.log")"
judged test_checks || fail "$(cat "$tmp/test_checks.log")"
judged test_catalogue || fail "$(cat "$tmp/test_catalogue.log")"
grep -q '`security/recipe-subdomain` | low' "$tmp/tree/docs/checks.md" || fail "docs/checks.md has no line of it"
ok "all tests of the tables pass"

changed=$(cd "$tmp" && { diff -rq before tree || true; } | sed -E 's/^Files before\/(.*) and .*/\1/; s/^Only in tree\/(.*): /\1\//' | sort)
wanted=$(printf '%s\n' "$file" "$fixture.fail.yaml" "$fixture.pass.yaml" docs/checks.md | sort)
[ "$changed" = "$wanted" ] || fail "more had to change: $changed"
ok "changed: $(echo "$changed" | xargs)"
echo "$passed passed, 0 failed"

#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Validates the documents that `assess` prints with other people's programs: SARIF against its
# schema, JUnit against an XSD, Markdown's size, and the HTML page in a headless Chromium, which must
# show what the filters leave, run no text as code, ask for nothing and complain about nothing.
#
# usage: cmake/test_formats.sh BUILD    e.g. build/dev; the last line is "N passed, N failed"
set -uo pipefail

cd "$(dirname "$0")/.." || exit 1
print=$PWD/$1/print-formats operator=$PWD/$1/kube9-operator
schemas=$PWD/build/schemas
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# shellcheck source=cmake/counted.sh
source cmake/counted.sh

validate_json() {
    python3 - "$1" "$2" <<'PY'
import json, sys
import jsonschema
document, schema = (json.load(open(p, encoding="utf-8")) for p in sys.argv[1:])
jsonschema.Draft4Validator.check_schema(schema)
jsonschema.validate(document, schema, cls=jsonschema.Draft4Validator, format_checker=jsonschema.FormatChecker())
PY
}

# The page as it is once its script has run; complaints of the page go to $work/console.
dom() {
    timeout 120 chromium --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run \
        --user-data-dir="$work/chromium" --enable-logging=stderr --virtual-time-budget=3000 --dump-dom "$1" \
        >"$work/dom" 2>"$work/log"
    grep -E 'CONSOLE|net::ERR' "$work/log" >>"$work/console" || true
    [ -s "$work/dom" ]
}

# What the dumped page shows: findings and checks that are not hidden, and the count it tells.
shows() {
    python3 - "$work/dom" <<'PY'
import sys
from html.parser import HTMLParser
class Page(HTMLParser):
    def __init__(self):
        super().__init__()
        self.hidden, self.items, self.checks, self.text, self.into = False, 0, 0, "", False
    def handle_starttag(self, tag, attrs):
        a = dict(attrs)
        if tag == "details" and a.get("class") == "check":
            self.hidden = "hidden" in a
            self.checks += not self.hidden
        if tag == "li":
            self.items += not (self.hidden or "hidden" in a)
        self.into = a.get("id") == "shown" or (self.into and tag != "details")
    def handle_endtag(self, tag):
        self.into = False
    def handle_data(self, data):
        self.text += data if self.into else ""
p = Page()
p.feed(open(sys.argv[1], encoding="utf-8").read())
print(f"{p.items} in {p.checks}: {p.text}")
PY
}

# page ADDRESS WANTED
page() {
    dom "$1" || { echo "chromium printed nothing"; tail -n 5 "$work/log"; return 1; }
    local got
    got=$(shows)
    [ "$got" = "$2" ] || { echo "got '$got', wanted '$2'"; return 1; }
}

quiet() { [ ! -s "$work/console" ] || { cat "$work/console"; return 1; }; }
asks_for_nothing() { ! grep -nEi '(src|href|action|data)=|url\(|@import|fetch\(|XMLHttp' "$work/report.html"; }
small() { [ "$(wc -c <"$1")" -le 65536 ]; }

check "the schemas can be had" cmake/schemas.sh
for what in '' none; do
    for format in sarif junit markdown html; do
        # shellcheck disable=SC2086
        check "$format is printed" "$print" "$format" $what
        cp "$work/said" "$work/report$what.$format"
    done
    check "SARIF is valid ${what:+without findings}" validate_json "$work/report$what.sarif" "$schemas/sarif.json"
    check "JUnit is valid ${what:+without findings}" xmllint --noout --schema "$schemas/junit.xsd" "$work/report$what.junit"
done
for format in sarif junit; do
    check "$format of our samples is printed" "$operator" assess deploy/samples -o $format --output "$work/samples.$format"
done
check "SARIF of our samples is valid" validate_json "$work/samples.sarif" "$schemas/sarif.json"
check "JUnit of our samples is valid" xmllint --noout --schema "$schemas/junit.xsd" "$work/samples.junit"
"$print" markdown many >"$work/many.markdown"
check "a comment on a pull request has a size" small "$work/many.markdown"
check "the page is whole in itself" asks_for_nothing

html=file://$work/report.html
check "all findings are shown" page "$html" "6 in 5: 6 findings, 1 exempted"
check "a severity is a filter" page "$html#severity=high" "2 in 2: 2 shown of 6 findings, 1 exempted"
check "a pillar is a filter" page "$html#pillar=reliability,cost-optimization" "2 in 2: 2 shown of 6 findings, 1 exempted"
check "filters add up" page "$html#severity=critical,high&pillar=security&status=failing" "3 in 2: 3 shown of 6 findings, 1 exempted"
check "text is a filter" page "$html#q=SHOP/web" "2 in 2: 2 shown of 6 findings, 1 exempted"
check "markup is text" page "$html#q=%3Cscript%3E" "1 in 1: 1 shown of 6 findings, 1 exempted"
check "exempted findings are shown on demand" page "$html#status=skipped" "1 in 1: 1 shown of 6 findings, 1 exempted"
check "no match is said" page "$html#q=nothing-has-this" "0 in 0: 0 shown of 6 findings, 1 exempted"
check "a page without findings works" page "file://$work/reportnone.html" "0 in 0: 0 findings"
check "the console is quiet" quiet

counted

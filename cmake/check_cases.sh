#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Compares the table of docs/testing.md, "Cases of the informer library", with the tests: each of
# the 212 rows has a line (a test, or "not here: " and why), each test named there exists and runs,
# and each test whose name begins with a row is named in a line of that row. Prints the count; fewer
# than 120 cases fail. Runs from the source root.
# usage: cmake/check_cases.sh [rows]     rows: prints the ids of the rows alone
set -eu

least=120

rows() {
    for group in R:30 WL:14 P:6 RW:7 F:18 S:23 T:8 Q:15 PQ:9 L:12 C:20 M:12 H:8 W:6 K:12 X:10; do
        seq -f "${group%:*}%.0f" "${group#*:}"
    done
    printf 'E1t\nE2t\n'
}

if [ "${1:-}" = rows ]; then
    rows
    exit
fi
[ -f docs/testing.md ] || exit 0

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# "test_x:function" of every test that a runner is given.
for dir in base informer controller; do
    [ ! -d "$dir" ] || find "$dir" -name 'test_*.c'
done | sort | xargs -r awk '
    FNR == 1 { n = split(FILENAME, part, "/"); file = part[n]; sub(/\.c$/, "", file); run = 0 }
    /^RUN\(/ || /struct CMUnitTest tests/ { run = 1 }
    run { while (match($0, /[A-Z][A-Z_]*\([a-z0-9_]+\)/)) {
        name = substr($0, RSTART, RLENGTH - 1); sub(/^[A-Z_]+\(/, "", name); print file ":" name
        $0 = substr($0, RSTART + RLENGTH) } }' | sort -u >"$tmp/tests"

# Lines of the table: row, text, test.
awk -F ' *[|] *' '/^## /{ here = $0 == "## Cases of the informer library" }
    here && /^[|] [A-Za-z]/ && $2 != "row" { gsub(/`/, "", $4); print $2 "|" $3 "|" $4 }' \
    docs/testing.md >"$tmp/table"
rows >"$tmp/rows"

awk -F '|' -v tests="$tmp/tests" -v rows="$tmp/rows" -v least=$least '
    function key(row) { row = tolower(row); gsub(/\./, "_", row); return row }
    function row_of(test,   name) {
        name = substr(test, index(test, ":") + 1)
        if (match(name, /^s[0-9]+(_[0-9]+)+_/) || match(name, /^e[0-9]+[abct]?_/) ||
            match(name, /^(r|wl|p|rw|f|s|t|q|pq|l|c|m|h|w|k|x|g)[0-9]+_/))
            return substr(name, 1, RLENGTH - 1)
        return ""
    }
    function bad(text) { print text; failed = 1 }
    BEGIN {
        while ((getline test <tests) > 0) there[test] = 1
        while ((getline row <rows) > 0) wanted[row] = 1
    }
    { seen[$1] = 1 }
    $2 ~ /^not here/ { elsewhere[$1] = 1 }
    $3 ~ /:/ {
        if (!($3 in there)) bad("docs/testing.md: row " $1 ": " $3 " is not a test that runs")
        named[key($1) " " $3] = 1
        cases[$3] = 1
        covered[$1] = 1
        next
    }
    $2 !~ /^not here: ./ { bad("docs/testing.md: row " $1 " has neither a test nor a reason") }
    END {
        for (row in wanted) if (!(row in seen)) bad("docs/testing.md: row " row " has no line")
        for (test in there) {
            row = row_of(test)
            if (row != "" && !((row " " test) in named))
                bad("docs/testing.md: no line of row " row " names " test)
        }
        for (test in cases) n++
        for (row in covered) if (row in wanted && !(row in elsewhere)) m++
        if (n < least) bad("docs/testing.md: " n + 0 " cases, at least " least " are wanted")
        printf "%d cases of %d rows of 212\n", n, m
        exit failed
    }' "$tmp/table"

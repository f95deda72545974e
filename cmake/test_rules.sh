#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Plants one violation of each rule in a small tree and sees that its script names it; the clean
# tree passes all of them. A rule that cannot fail protects nothing.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
failed=0
count=0

clean_tree() {
    rm -rf "${tree:?}"/*
    mkdir -p "$tree/base" "$tree/apis" "$tree/informer" "$tree/controller/checks" "$tree/docs" \
        "$tree/cmake" "$tree/informer/examples"
    cp "$here/../.clang-format" "$tree/"
    spdx='// SPDX-License-Identifier: Apache-2.0'
    for f in base/base.h base/http.c apis/pod.h informer/queue.c controller/manager.c \
        controller/checks/run.c; do
        echo "$spdx" >"$tree/$f"
    done
    echo '#include <curl/curl.h>' >>"$tree/base/http.c"
    echo '#include "base/base.h"' >>"$tree/informer/queue.c"
    echo '#include "informer/queue.h"' >>"$tree/controller/manager.c"
    # shellcheck disable=SC2016
    echo 'See `base/http.c`, `apis/*.h`, `build/dev`, `[a](b c)`, `[a](gone)` and [the other](b.md).' >"$tree/docs/a.md"
    : >"$tree/docs/b.md"
    printf '%s\n#include "base/base.h"\n' "$spdx" >"$tree/base/loop.h"
    printf '%s\nint one;\nint two;\n' "$spdx" >"$tree/informer/examples/a.c"
    printf '```c\nint one;\n```\n' >"$tree/docs/informer.md"
}

# A test for each row of the cases, and the table that names them.
cases_tree() {
    "$here/check_cases.sh" rows | tr '[:upper:]' '[:lower:]' |
        sed '1s/^/RUN(/; s/\([a-z0-9]*\)$/T(\1_x),/' >"$tree/informer/test_x.c"
    {
        echo '## Cases of the informer library'
        "$here/check_cases.sh" rows | while read -r row; do
            echo "| $row | it | \`test_x:$(echo "$row" | tr '[:upper:]' '[:lower:]')_x\` |"
        done
    } >"$tree/docs/testing.md"
}

# plant RULE FILE TEXT EXPECTED: appends TEXT to FILE, runs check_RULE.sh, wants EXPECTED printed.
plant() {
    clean_tree
    [ "$1" != cases ] || cases_tree
    count=$((count + 1))
    printf '%b\n' "$3" >>"$tree/$2"
    if out=$(cd "$tree" && "$here/check_$1.sh" 2>&1); then
        echo "not caught: $1: $3"
        failed=$((failed + 1))
    elif ! printf '%s\n' "$out" | grep -qF "$4"; then
        printf 'caught, but not named (%s): %s\n%s\n' "$4" "$3" "$out"
        failed=$((failed + 1))
    fi
}

# unplant FILE PATTERN EXPECTED: the same for the cases, without the lines that match PATTERN.
unplant() {
    clean_tree
    cases_tree
    count=$((count + 1))
    sed -i "/$2/d" "$tree/$1"
    if out=$(cd "$tree" && "$here/check_cases.sh" 2>&1) || ! printf '%s\n' "$out" | grep -qF "$3"; then
        printf 'not caught, or not named (%s): without %s\n%s\n' "$3" "$2" "$out"
        failed=$((failed + 1))
    fi
}

clean_tree
for rule in layers docs snippets sizes style format; do
    count=$((count + 1))
    if ! (cd "$tree" && "$here/check_$rule.sh"); then
        echo "$rule fails on a clean tree"
        failed=$((failed + 1))
    fi
done

clean_tree
cases_tree
count=$((count + 1))
if ! out=$(cd "$tree" && "$here/check_cases.sh") || [ "$out" != '212 cases of 212 rows of 212' ]; then
    echo "cases fails on a clean tree: $out"
    failed=$((failed + 1))
fi

plant snippets docs/informer.md '```c\nint three;\n```' 'docs/informer.md:4: this is no piece'
plant layers base/base.h '#include "apis/pod.h"' 'base/base.h:2: base must not include apis/pod.h'
plant layers apis/pod.h '# include "informer/queue.h"' 'apis must not include informer/queue.h'
plant layers informer/queue.c '#include "store/db.h"' 'informer must not include store/db.h'
plant layers controller/manager.c '#include "cmd/main.h"' 'must not include cmd/main.h'
plant layers controller/checks/run.c '#include "informer/cache.h"' 'controller/checks must not'
plant layers controller/checks/run.c '#include "controller/manager.h"' 'controller/checks must not'
plant layers controller/manager.c '#include "queue.h"' 'from the source root'
plant layers informer/queue.c '#include <curl/multi.h>' 'belongs to base/http alone'
plant layers informer/queue.c '#include <sqlite3.h>' 'belongs to store/db alone'
plant layers base/http.c '#include <json-c/json.h>' 'no dependency of ours'
plant layers base/base.h '#include "base/loop.h"' 'contains a loop'
# shellcheck disable=SC2016
plant docs docs/a.md 'See `base/gone.c:12`.' 'docs/a.md:2: base/gone.c does not exist'
plant docs docs/a.md 'See [it](gone.md#x).' 'docs/a.md:2: gone.md does not exist'
plant sizes base/base.h "$(seq 120 | sed 's|.*|// &|')" 'base/base.h: 121 lines, the limit is 120'
plant sizes base/http.c "$(seq 600 | sed 's|.*|// &|')" 'the limit is 600'
plant style base/utils.c 'int x;' 'the first line is the SPDX line'
plant style base/utils.c 'int x;' 'name it after what it holds'
plant style base/http.c '// TO''DO: finish' 'base/http.c:3'
plant style cmake/x.sh '#!/bin/sh\ncd $1' 'cmake/x.sh'
plant format base/http.c 'int  x;' 'base/http.c: not laid out'
# shellcheck disable=SC2016
plant cases docs/testing.md '| R1 | it | `test_x:r1_gone` |' 'row R1: test_x:r1_gone is not a test that runs'
plant cases docs/testing.md '| R1 | some day | – |' 'row R1 has neither a test nor a reason'
plant cases informer/test_x.c 'T(q9_new)' 'no line of row q9 names test_x:q9_new'
plant cases informer/test_x.c 'T(s1_7_new)' 'no line of row s1_7 names test_x:s1_7_new'
unplant docs/testing.md '| WL7 ' 'row WL7 has no line'
unplant informer/test_x.c 't(e1t_x)\|T(e1t_x)' 'row E1t: test_x:e1t_x is not a test that runs'
unplant docs/testing.md '[13579] |' 'at least 120 are wanted'

echo "$((count - failed)) of $count rules bite"
[ "$failed" = 0 ]

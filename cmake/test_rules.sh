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
        "$tree/cmake"
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
}

# plant RULE FILE TEXT EXPECTED: appends TEXT to FILE, runs check_RULE.sh, wants EXPECTED printed.
plant() {
    clean_tree
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

clean_tree
for rule in layers docs sizes style format; do
    count=$((count + 1))
    if ! (cd "$tree" && "$here/check_$rule.sh"); then
        echo "$rule fails on a clean tree"
        failed=$((failed + 1))
    fi
done

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

echo "$((count - failed)) of $count rules bite"
[ "$failed" = 0 ]

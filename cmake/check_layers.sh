#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Who may include whom. Reads every source file below the current folder (the source root) and fails on
#   an include that points to a layer above, or is not spelled from the root;
#   a third-party header outside its one wrapper file (tests are free to use the library itself);
#   a header that is neither the C library's nor in the table below: a new dependency needs an ADR;
#   a cycle between headers.
set -eu

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# The longest matching path prefix decides. Pure code sees base and apis alone.
cat >"$tmp/layers" <<'TABLE'
base                    base
apis                    base apis
informer                base apis informer
store                   base apis store
controller              base apis informer store controller
controller/checks       base apis controller/checks
controller/heal/safety  base apis controller/heal/safety
cmd                     base apis informer store controller cmd
TABLE

# Third-party header, the modules that wrap it: base/http is http.[ch] and http_*.[ch].
cat >"$tmp/wrappers" <<'TABLE'
curl/           base/http
libwebsockets.h base/httpd
yyjson.h        base/json
yaml.h          base/yaml
openssl/        base/http base/sha256
zlib.h          base/http
sqlite3.h       store/db
cmocka.h        base/test
TABLE

folders=
for d in base apis informer store controller cmd; do
    [ ! -d "$d" ] || folders="$folders $d"
done
# shellcheck disable=SC2086
[ -z "$folders" ] || find $folders -name '*.[ch]' -o -name '*.def' | sort >"$tmp/files"
[ -s "$tmp/files" ] || exit 0

# file:line "path" or <path>
xargs grep -nHE '^[[:space:]]*#[[:space:]]*include[[:space:]]*["<]' /dev/null <"$tmp/files" |
    sed -E 's/^([^:]*:[0-9]+):[^"<]*(["<])([^">]*).*/\1 \2 \3/' >"$tmp/includes"

awk -v layers="$tmp/layers" -v wrappers="$tmp/wrappers" '
    BEGIN {
        while ((getline row < layers) > 0) {
            n = split(row, w)
            for (i = 2; i <= n; i++)
                may[w[1], i - 1] = w[i]
            count[w[1]] = n - 1
        }
        while ((getline row < wrappers) > 0) {
            lib = row
            sub(/ .*/, "", lib)
            sub(/^[^ ]+ +/, "", row)
            wrapper[lib] = row
        }
        n = split("aio.h alloca.h assert.h byteswap.h complex.h ctype.h dirent.h dlfcn.h endian.h " \
                  "err.h errno.h execinfo.h fcntl.h float.h fnmatch.h ftw.h getopt.h glob.h grp.h ifaddrs.h " \
                  "inttypes.h langinfo.h libgen.h limits.h link.h locale.h malloc.h math.h " \
                  "netdb.h poll.h pthread.h pty.h pwd.h regex.h sched.h search.h semaphore.h setjmp.h " \
                  "signal.h spawn.h stdalign.h stdarg.h stdatomic.h stdbool.h stddef.h stdint.h " \
                  "stdio.h stdio_ext.h stdlib.h stdnoreturn.h string.h strings.h syslog.h " \
                  "termios.h threads.h time.h uchar.h ucontext.h unistd.h utime.h wchar.h wctype.h", w)
        for (i = 1; i <= n; i++)
            libc[w[i]] = 1
    }
    function folder_of(file,    best, d) {
        for (d in count)
            if (index(file, d) == 1 && substr(file, length(d) + 1) ~ /^[\/._]/ && length(d) > length(best))
                best = d
        return best
    }
    function allowed(dir, path,    i) {
        for (i = 1; i <= count[dir]; i++)
            if (index(path, may[dir, i]) == 1)
                return 1
        return 0
    }
    function wraps(file, modules,    m, n, i) {
        n = split(modules, m)
        for (i = 1; i <= n; i++)
            if (index(file, m[i]) == 1 && substr(file, length(m[i]) + 1) ~ /^[._]/)
                return 1
        return 0
    }
    {
        file = $1
        sub(/:[0-9]+$/, "", file)
        test = file ~ /\/(test|fake|bench)_[^\/]*$/
    }
    $2 == "\"" {
        dir = folder_of(file)
        if ($3 !~ /\//)
            print $1 ": spell \"" $3 "\" from the source root"
        else if (!allowed(dir, $3))
            print $1 ": " dir " must not include " $3
        next
    }
    {
        if ($3 in libc || $3 ~ /^(sys|net|netinet|arpa|linux|asm|bits|sanitizer)\/|intrin\.h$/)
            next
        for (lib in wrapper)
            if (index($3, lib) == 1) {
                if (!test && !wraps(file, wrapper[lib]))
                    print $1 ": <" $3 "> belongs to " wrapper[lib] " alone"
                next
            }
        print $1 ": <" $3 "> is no dependency of ours (docs/adr, cmake/check_layers.sh)"
    }
' "$tmp/includes" >"$tmp/bad"

# Header to header edges, sorted topologically: tsort names the loop if there is one.
sed -nE 's/^([^:]*\.h):[0-9]+ " (.*)/\1 \2/p' "$tmp/includes" | sort -u >"$tmp/edges"
tsort "$tmp/edges" 2>&1 >/dev/null | sed "s|^tsort: ||; s|$tmp/edges|headers|" >>"$tmp/bad"

cat "$tmp/bad"
[ ! -s "$tmp/bad" ]

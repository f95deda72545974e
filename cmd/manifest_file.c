// SPDX-License-Identifier: Apache-2.0
// From a path to objects. Whatever is wrong costs this file alone, or one object of it, and is told
// with its line.
#include "cmd/manifest_file.h"

#include "base/alloc.h"
#include "base/json_tree.h"
#include "cmd/manifests.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define TREE_MAX  ((size_t)256 << 20) // of one document
#define TEXT_KEEP ((size_t)1 << 20)   // of the buffer between two files

// *v has room for one more of size bytes.
static void *grow(void *v, uint32_t n, uint32_t *cap, size_t size)
{
    if (n < *cap)
        return v;
    *cap = *cap ? 2 * *cap : 64;
    return xrealloc(v, *cap * size);
}

void manifest_thread_init(struct manifest_thread *t, const char *ns, _Atomic size_t *budget)
{
    *t = (struct manifest_thread){ .ns = ns, .budget = budget };
    buf_init(&t->text, MANIFEST_FILE_MAX + 1);
    t->tree = arena_new(TREE_MAX);
}

void manifest_thread_fini(struct manifest_thread *t)
{
    for (uint32_t i = 0; i < t->n_items; i++) {
        object_unref(t->items[i].object);
        yaml_lines_free(t->items[i].lines);
    }
    for (uint32_t i = 0; i < t->n_troubles; i++)
        free(t->troubles[i].text);
    free(t->items);
    free(t->troubles);
    free(t->templates);
    buf_fini(&t->text);
    arena_free(t->tree);
}

static void add_trouble(struct manifest_thread *t, uint32_t line, const char *text)
{
    t->troubles = grow(t->troubles, t->n_troubles, &t->cap_troubles, sizeof(*t->troubles));
    t->troubles[t->n_troubles++] =
        (struct manifest_trouble){ .file = t->file, .line = line, .text = xstrdup(text) };
}

// "line 7: what" is line 7 of the file.
static void on_broken(void *arg, const struct error *e)
{
    const char *colon = strstr(e->text, ": ");
    int64_t line = 0;

    if (!str_starts(e->text, "line ") || !colon ||
        str_i64((struct str){ e->text + 5, (size_t)(colon - e->text) - 5 }, &line) < 0)
        line = 0;
    add_trouble(arg, (uint32_t)line, line ? colon + 2 : e->text);
}

static bool take_from_budget(struct manifest_thread *t, size_t n)
{
    size_t left = *t->budget;

    do {
        if (left < n)
            return false;
    } while (!atomic_compare_exchange_weak(t->budget, &left, left - n));
    return true;
}

static void on_object(void *arg, struct object *o, struct yaml_lines *lines, atom api_version)
{
    struct manifest_thread *t = arg;
    size_t size = object_bytes(o) + shared_block_size(o->spec) + yaml_lines_bytes(lines);

    if (!take_from_budget(t, size)) {
        char text[96];

        snprintf(text, sizeof(text),
                 "all objects together need more than %zu MiB: assess less at a time",
                 MANIFEST_MEMORY_MAX >> 20);
        add_trouble(t, o->line, text);
        object_unref(o);
        yaml_lines_free(lines);
        *t->budget = 0;
        return;
    }
    t->items = grow(t->items, t->n_items, &t->cap_items, sizeof(*t->items));
    t->items[t->n_items++] = (struct manifest_item){
        .object = o, .lines = lines, .file = t->file, .api_version = api_version
    };
}

static void read_document(struct manifest_thread *t, const struct yaml_node *document)
{
    struct manifest_sink sink = { .object = on_object, .broken = on_broken, .arg = t };

    manifest_read(document, t->ns, &sink, &t->counts);
    arena_reset(t->tree);
}

static int read_yaml(struct manifest_thread *t, struct str text, struct error *e)
{
    struct yaml_reader *r = yaml_open(text, t->tree);
    struct yaml_node *document = NULL;
    int rc;

    while ((rc = yaml_next(r, &document, e)) == 0 && document)
        read_document(t, document);
    yaml_close(r);
    arena_reset(t->tree);
    return rc;
}

static int read_json(struct manifest_thread *t, struct str text, struct error *e)
{
    struct json_tree j;
    struct yaml_node *document = NULL;
    int rc;

    json_tree_init(&j, text, t->tree);
    while ((rc = json_tree_next(&j, &document, e)) == 0 && document)
        read_document(t, document);
    arena_reset(t->tree);
    return rc;
}

// Beginning with a brace and a quote: a flow mapping of YAML would look like that too, but is JSON
// then, nearly always.
static bool looks_like_json(struct str text)
{
    struct str s = str_trim(text);

    if (s.n < 2 || s.p[0] != '{')
        return false;
    s = str_trim((struct str){ s.p + 1, s.n - 1 });
    return s.n && (s.p[0] == '"' || s.p[0] == '}');
}

static struct str without_mark(struct str text) // of byte order
{
    bool mark = text.n >= 3 && memcmp(text.p, "\xEF\xBB\xBF", 3) == 0;

    return mark ? (struct str){ text.p + 3, text.n - 3 } : text;
}

static bool holds_template(struct str text)
{
    return memmem(text.p, text.n, "{{", 2) != NULL;
}

static void hint_at_template(struct error *e)
{
    struct error was = *e;

    error_set(e, was.code, "%.250s; it holds {{ }}: a template has to be rendered first", was.text);
}

// As Windows PowerShell's > writes it.
static bool is_utf16(struct str text)
{
    return text.n >= 2 &&
           (memcmp(text.p, "\xFF\xFE", 2) == 0 || memcmp(text.p, "\xFE\xFF", 2) == 0);
}

static void read_text(struct manifest_thread *t, const char *path, struct str text)
{
    struct error e = { 0 };
    int rc;

    if (is_utf16(text))
        rc = error_set(&e, ERR_INVALID, "is UTF-16: save it as UTF-8");
    else if (str_ends(path, ".json") || looks_like_json(text))
        rc = read_json(t, text, &e);
    else
        rc = read_yaml(t, text, &e);
    if (rc == 0)
        return;
    if (holds_template(text))
        hint_at_template(&e);
    on_broken(t, &e);
}

static int read_all(struct buf *out, int fd, struct error *e)
{
    char chunk[65536];
    ssize_t n;

    while ((n = read(fd, chunk, sizeof(chunk))) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_errno(e, errno, "cannot be read");
        if (buf_add(out, chunk, (size_t)n) < 0 || out->n > MANIFEST_FILE_MAX)
            return error_set(e, ERR_TOO_BIG, "is larger than %zu MiB: split it",
                             MANIFEST_FILE_MAX >> 20);
    }
    return 0;
}

// What is a file when the list is made may be something else now; so it is looked at again.
static int open_file(const char *path, struct error *e)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat st;

    if (fd < 0)
        return error_errno(e, errno, "cannot be read");
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
        close(fd);
        return error_set(e, ERR_INVALID, "is not a file any more");
    }
    if ((size_t)st.st_size > MANIFEST_FILE_MAX) {
        close(fd);
        return error_set(e, ERR_TOO_BIG, "is larger than %zu MiB (%" PRId64 " bytes): split it",
                         MANIFEST_FILE_MAX >> 20, (int64_t)st.st_size);
    }
    return fd;
}

static int read_bytes(struct manifest_thread *t, const char *path, struct error *e)
{
    int fd, rc;

    buf_shrink(&t->text, TEXT_KEEP);
    buf_reset(&t->text);
    if (strcmp(path, "-") == 0)
        return read_all(&t->text, STDIN_FILENO, e);
    fd = open_file(path, e);
    if (fd < 0)
        return -1;
    rc = read_all(&t->text, fd, e);
    close(fd);
    return rc;
}

void manifest_thread_read(struct manifest_thread *t, uint32_t i, const struct path_entry *file)
{
    struct error e = { 0 };
    struct str text;

    t->file = i;
    if (*t->budget == 0)
        return; // said already
    if (read_bytes(t, file->path, &e) < 0) {
        on_broken(t, &e);
        return;
    }
    text = without_mark(buf_str(&t->text));
    if (file->chart && holds_template(text)) {
        t->templates = grow(t->templates, t->n_templates, &t->cap_templates, sizeof(uint32_t));
        t->templates[t->n_templates++] = i;
        return;
    }
    t->files++;
    read_text(t, file->path, text);
}

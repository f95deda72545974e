// SPDX-License-Identifier: Apache-2.0
// Any text as a manifest, by both readers: what is counted is what came, each object has a name and
// a place inside the text, and what is refused is refused with words.
#include "apis/manifest.h"
#include "base/json_tree.h"

#include <stdlib.h>

#define ARENA ((size_t)64 << 20)

struct tally {
    uint32_t objects, lines; // lines of the text
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
    if (!ok)
        abort();
}

static void on_object(void *arg, struct object *o, struct yaml_lines *lines, atom api_version)
{
    struct tally *t = arg;
    const struct kind *k = kind_get((enum kind_id)o->kind);

    t->objects++;
    must(*object_name(o) != '\0');
    must(k->namespaced == (o->ns != 0));
    must(!api_version || strcmp(atom_str(api_version), kind_api_version(k)) != 0);
    must(yaml_lines_find(lines, "") == o->line);
    must(yaml_lines_find(lines, "metadata.labels[a]") <= t->lines);
    must(yaml_lines_find(lines, "spec.template.spec.containers[0].image") <= t->lines);
    object_unref(o);
    yaml_lines_free(lines);
}

static void on_broken(void *arg unused_arg, const struct error *e)
{
    must(e->code && e->text[0]);
}

static void read_documents(struct str text, bool json, struct tally *t)
{
    autoarena struct arena *a = arena_new(ARENA);
    struct manifest_sink sink = { .object = on_object, .broken = on_broken, .arg = t };
    struct manifest_counts counts = { 0 };
    struct yaml_reader *r = yaml_open(text, a);
    struct yaml_node *document = NULL;
    struct json_tree j;

    json_tree_init(&j, text, a);
    while ((json ? json_tree_next(&j, &document, NULL) : yaml_next(r, &document, NULL)) == 0 &&
           document) {
        manifest_read(document, "default", &sink, &counts);
        arena_reset(a);
    }
    yaml_close(r);
    must(counts.objects == t->objects);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = { (const char *)data, size };
    struct tally yaml = { .lines = 1 }, json = { .lines = 1 };

    if (size > 65536)
        return 0;
    for (size_t i = 0; i < size; i++)
        yaml.lines += data[i] == '\n' || data[i] == '\r' || data[i] >= 0x80;
    json.lines = yaml.lines;
    read_documents(text, false, &yaml);
    read_documents(text, true, &json);
    return 0;
}

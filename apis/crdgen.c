// SPDX-License-Identifier: Apache-2.0
// crdgen [DIR]: writes DIR/crds/*.yaml and DIR/docs/api.md (DIR: the source root, "." when left
// out) from apis/*.def. They are committed; test_crds.c compares them with what this would write.
#include "apis/crd.h"

static int write_file(const char *path, struct str text)
{
    FILE *f = fopen(path, "we");
    if (!f) {
        perror(path);
        return -1;
    }
    size_t n = fwrite(text.p, 1, text.n, f);
    if (fclose(f) || n != text.n) {
        perror(path);
        return -1;
    }
    return 0;
}

static int write_crd(const char *dir, const struct kind *k)
{
    autobuf struct buf text = { 0 };
    char path[4096];
    struct writer w;
    buf_init(&text, (size_t)1 << 20);
    buf_adds(&text, "# Made by apis/crdgen.c from apis/*.def; do not edit.\n");
    writer_to_buf(&w, WRITER_YAML, &text);
    crd_write(k, &w);
    if (writer_end(&w))
        return -1;
    snprintf(path, sizeof(path), "%s/crds/%s.yaml", dir, k->plural);
    return write_file(path, buf_str(&text));
}

int main(int argc, char **argv)
{
    const char *dir = argc > 1 ? argv[1] : ".";
    autobuf struct buf docs = { 0 };
    char path[4096];
    for (uint32_t i = 0; i < KIND_COUNT; i++) {
        if (kind_get(i)->own && write_crd(dir, kind_get(i)))
            return 1;
    }
    buf_init(&docs, (size_t)1 << 20);
    snprintf(path, sizeof(path), "%s/docs/api.md", dir);
    if (crd_write_docs(&docs) || write_file(path, buf_str(&docs)))
        return 1;
    return 0;
}

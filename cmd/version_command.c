// SPDX-License-Identifier: Apache-2.0
// `version` and `crds`: what the program says about itself.
#include "apis/crd.h"
#include "cmd/command.h"
#include "cmd/help.h"
#include "cmd/output.h"
#include "cmd/version.h"

#define TEXT_MAX ((size_t)8 << 20)

int cmd_version(const struct args *a)
{
    struct writer w;

    if (output_format(a) == OUTPUT_TABLE || output_format(a) == OUTPUT_MARKDOWN) {
        printf("kube9-operator %s\n", version_text());
        return output_flush(stdout);
    }
    output_start(&w, a);
    w_object(&w);
    w_key_str(&w, "version", version_text());
    w_key_int(&w, "cliContract", CLI_CONTRACT);
    w_object_end(&w);
    return output_end(&w);
}

int cmd_crds(const struct args *a unused_arg)
{
    struct buf autobuf out = { 0 };

    buf_init(&out, TEXT_MAX);
    for (int i = 0; i < KIND_COUNT; i++) {
        const struct kind *k = kind_get((enum kind_id)i);
        struct writer w;

        if (!k->own)
            continue;
        buf_adds(&out, "---\n");
        writer_to_buf(&w, WRITER_YAML, &out);
        crd_write(k, &w);
        if (writer_end(&w) < 0)
            return EXIT_FAILED;
    }
    fwrite(out.p, 1, out.n, stdout);
    return output_flush(stdout);
}

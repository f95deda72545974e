// SPDX-License-Identifier: Apache-2.0
// The table of formats. A new one is a row here, a file render_<name>.c and a word in --format.
#include "cmd/render.h"

#include "cmd/output.h"

static const struct render formats[] = {
    {"table",     render_table,    false},
    { "json",     render_json,     false},
    { "yaml",     render_yaml,     false},
    { "sarif",    render_sarif,    true },
    { "junit",    render_junit,    true },
    { "markdown", render_markdown, false},
    { "html",     render_html,     true },
};

const struct render *render_at(size_t i)
{
    return i < ARRAY_SIZE(formats) ? &formats[i] : NULL;
}

const struct render *render_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
        if (strcmp(formats[i].name, name) == 0)
            return &formats[i];
    }
    return NULL;
}

bool render_trips(const struct args *a, const struct findings *fs)
{
    const char *word = arg_text(a, "fail-on");

    return word && fs->worst >= check_severity_find(word);
}

int render_answer(const struct args *a, const struct findings *fs)
{
    struct look look = { .screen = output_screen(),
                         .color = output_color(),
                         .explain = arg_given(a, "explain") };
    int status = render_find(arg_text(a, "format"))->print(fs, look, stdout);

    return status == EXIT_OK && render_trips(a, fs) ? EXIT_FOUND : status;
}

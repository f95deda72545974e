// SPDX-License-Identifier: Apache-2.0
// Streaming document writer: the same calls give compact JSON, JSON with two-space indent, or block
// YAML. Nothing is held in memory but the nesting. Used for API bodies, CLI documents, the status
// ConfigMap and generated files.
#pragma once

#include "base/base.h"
#include "base/str.h"

enum writer_format { WRITER_JSON, WRITER_JSON_PRETTY, WRITER_YAML };

#define WRITER_DEPTH_MAX 72

struct writer {
    enum writer_format format;
    int (*sink)(void *arg, const char *p, size_t n); // -1 ends the writing; sticky
    void *arg;
    int depth;
    bool failed;
    int errnum; // errno of the sink that failed; 0: none did

    struct {
        bool list;
        bool inlined;    // YAML: the first entry goes on the current line
        uint16_t indent; // YAML: column of the entries
        uint32_t n;
    } level[WRITER_DEPTH_MAX];

    bool after_key;
    char chunk[1024]; // small writes are gathered here
    size_t chunk_n;
};

void writer_to_buf(struct writer *w, enum writer_format f, struct buf *out);
void writer_to_file(struct writer *w, enum writer_format f, FILE *out);
void writer_init(struct writer *w, enum writer_format f,
                 int (*sink)(void *arg, const char *p, size_t n), void *arg);
// Flushes; ends a pretty or YAML document with one newline; -1 if anything failed, with the
// errno of the sink if it was the sink.
int must_check writer_end(struct writer *w);
// Fails: the sink, more than WRITER_DEPTH_MAX levels, a document that is not closed, w_json of what
// is no JSON. A call at the wrong place (a key in a list, a value without its key) is an assertion.

// Every value at the right place: after w_key in an object, or in a list.
void w_object(struct writer *w);
void w_object_end(struct writer *w);
void w_list(struct writer *w);
void w_list_end(struct writer *w);
void w_key(struct writer *w, const char *key);
// A key of another document: it may hold NUL.
void w_keyn(struct writer *w, const char *key, size_t n);
// NULL writes null; what is not UTF-8 becomes U+FFFD.
void w_str(struct writer *w, const char *s);
void w_strn(struct writer *w, const char *s, size_t n);
void w_int(struct writer *w, int64_t v);
// Shortest text that reads back the same; null if not finite.
void w_double(struct writer *w, double v);
void w_bool(struct writer *w, bool v);
void w_null(struct writer *w);
// A JSON text, re-emitted in the writer's format; must be valid.
void w_json(struct writer *w, struct str raw);

// Key and value in one; likewise below.
void w_key_str(struct writer *w, const char *key, const char *s);
void w_key_int(struct writer *w, const char *key, int64_t v);
void w_key_bool(struct writer *w, const char *key, bool v);
void w_key_object(struct writer *w, const char *key);
void w_key_list(struct writer *w, const char *key);

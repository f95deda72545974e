// SPDX-License-Identifier: Apache-2.0
// Cuts what the API server streams into pieces that are decoded one at a time: watch bodies into
// lines, list bodies into items. Nothing larger than one object is held. Cuts of the input may fall
// anywhere.
#pragma once

#include "base/base.h"
#include "base/error.h"
#include "base/json_span.h"
#include "base/str.h"

#define SPLIT_OBJECT_MAX ((size_t)8 << 20)

// One line or item; the text is valid during the call. Not 0 ends the splitting: push returns the
// same value.
typedef int (*split_fn)(void *arg, struct str text, struct error *e);

struct split_lines {
    struct buf part; // an unfinished line
    split_fn line;
    void *arg;
};

void split_lines_init(struct split_lines *s, size_t max_object, split_fn line, void *arg);
// An unfinished line is dropped: the connection was cut.
void split_lines_fini(struct split_lines *s);
// ERR_TOO_BIG when a line is longer than max_object. Empty lines are skipped.
int split_lines_push(struct split_lines *s, const char *p, size_t n, struct error *e);

enum split_phase { SPLIT_ENVELOPE, SPLIT_BETWEEN, SPLIT_ITEM };

struct split_list {
    struct buf head; // the document without its items
    struct buf part; // an unfinished item
    split_fn item;
    void *arg;
    size_t max_object;
    enum split_phase phase;
    struct json_span span;   // ITEM: how far its end was looked for
    uint32_t depth;          // ENVELOPE: open brackets
    bool in_string, escaped; // ENVELOPE
    bool is_items, want_items, seen_items;
    uint8_t matched; // bytes of the outer object's current string that agree with "items"
    char *cont;      // owned: the continue token once finished
};

struct split_list_end {
    char rv[64];
    const char *cont;  // owned by the splitter until fini; "" on the last page
    int64_t remaining; // remainingItemCount, -1 if not said
    bool is_status;    // kind Status: split_list_document() is the body to be decoded as an error
};

void split_list_init(struct split_list *s, size_t max_object, split_fn item, void *arg);
void split_list_fini(struct split_list *s);
// ERR_TOO_BIG beyond max_object (one item, or all that is not items), ERR_INVALID for what is not a
// list.
int split_list_push(struct split_list *s, const char *p, size_t n, struct error *e);
// After the last byte. ERR_IO when the document is not complete, ERR_INVALID for a Table or a list
// without RV.
int split_list_finish(struct split_list *s, struct split_list_end *ret, struct error *e);
struct str split_list_document(const struct split_list *s);

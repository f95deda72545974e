// SPDX-License-Identifier: Apache-2.0
// One list of a kind that is not watched, page by page; no more than one object is held. Loop
// thread.
#pragma once

#include "apis/kinds.h"
#include "base/base.h"
#include "base/error.h"
#include "base/json.h"

struct client;
struct list_once;

struct list_once_options {
    struct client *client;
    const struct kind *kind;
    const char *labels;                             // selector; NULL: all
    void (*item)(void *arg, json_val *obj);         // valid during the call
    void (*done)(void *arg, const struct error *e); // once, on a later turn; NONE: that is all
    void *arg;
};

// The caller's until done is called or it is cancelled.
struct list_once *list_once_start(const struct list_once_options *o);
void list_once_cancel(struct list_once *l); // NULL ok; nothing is called afterwards

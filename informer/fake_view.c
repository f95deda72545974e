// SPDX-License-Identifier: Apache-2.0
// The history of events is kept whole, so an old list is that history up to the version that is
// wanted.
#include "informer/fake_view.h"

#include "base/alloc.h"
#include "informer/fake_parts.h"

size_t fake_view_events(const struct fake_server *f)
{
    return f->event_n;
}

struct fake_view_event fake_view_event(const struct fake_server *f, size_t i)
{
    const struct fake_event *ev = &f->events[i];

    return (struct fake_view_event){ ev->resource, ev->ns, ev->name, ev->type, ev->json, ev->rv };
}

uint64_t fake_view_rv(const struct fake_server *f, const char *resource)
{
    return f->view.frozen && strcmp(f->view.resource, resource) == 0 ? f->view.rv : f->rv;
}

void fake_view_freeze(struct fake_server *f, const char *resource, uint64_t rv)
{
    f->view = (struct fake_view){ .frozen = true, .rv = rv };
    snprintf(f->view.resource, sizeof(f->view.resource), "%s", resource);
}

void fake_view_arm(struct fake_server *f, size_t at, bool before)
{
    f->view = (struct fake_view){ .armed = true, .at = at, .before = before };
}

bool fake_view_frozen(const struct fake_server *f)
{
    return f->view.frozen;
}

void fake_view_on_event(struct fake_server *f, size_t i)
{
    const struct fake_event *ev = &f->events[i];

    if (f->view.armed && f->view.at == i)
        fake_view_freeze(f, ev->resource, f->view.before ? ev->rv - 1 : ev->rv);
}

void fake_view_thaw(struct fake_server *f)
{
    f->view = (struct fake_view){ 0 };
    LIST_EACH (l, &f->calls) {
        struct fake_call *c = container_of(l, struct fake_call, link);
        uint64_t seen = c->watch.rv;

        for (size_t i = 0; c->watch.open && i < f->event_n; i++) {
            if (f->events[i].rv <= seen)
                continue;
            fake_watch_send(c, &f->events[i]);
            c->watch.rv = MAX(c->watch.rv, f->events[i].rv);
        }
    }
}

void fake_view_thaw_by_list(struct fake_server *f)
{
    fake_server_cut_watches(f, false);
    fake_server_compact(f);
    fake_view_thaw(f);
}

// Is this the object's last event up to rv?
static bool is_last(const struct fake_server *f, size_t i, uint64_t rv)
{
    const struct fake_event *ev = &f->events[i];

    for (size_t n = i + 1; n < f->event_n && f->events[n].rv <= rv; n++) {
        const struct fake_event *later = &f->events[n];

        if (strcmp(ev->resource, later->resource) == 0 && strcmp(ev->ns, later->ns) == 0 &&
            strcmp(ev->name, later->name) == 0)
            return false;
    }
    return true;
}

static char *render(const struct fake_event *ev, const struct fake_view_list *what)
{
    struct fake_object o = { 0 };
    char *text;

    if (json_parse(str_of(ev->json), NULL, &o.doc, NULL) < 0)
        abort();
    text = fake_render(&o, what->metadata_only, what->with_kind);
    json_free(&o.doc);
    return text;
}

size_t fake_view_collect(const struct fake_server *f, const struct fake_view_list *what,
                         char ***ret_items)
{
    char **items = xcalloc(f->event_n + 1, sizeof(*items));
    size_t n = 0;

    for (size_t i = 0; i < f->event_n && f->events[i].rv <= what->rv; i++) {
        const struct fake_event *ev = &f->events[i];

        if (strcmp(ev->resource, what->resource) == 0 &&
            (!*what->ns || strcmp(ev->ns, what->ns) == 0) && is_last(f, i, what->rv) &&
            strcmp(ev->type, "DELETED") != 0)
            items[n++] = render(ev, what);
    }
    *ret_items = items;
    return n;
}

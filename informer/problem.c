// SPDX-License-Identifier: Apache-2.0
// What is wrong with objects of own kinds that are cached although they could not be read whole:
// one text beside each, of a bounded number of them.
#include "base/alloc.h"
#include "informer/informer_parts.h"

#define PROBLEMS_MAX 64

static void problem_free(struct informer *inf, struct problem *p)
{
    list_remove(&p->link);
    inf->problem_n--;
    free(p->name);
    free(p->text);
    free(p);
}

struct problem *problem_find(const struct informer *inf, atom ns, const char *name)
{
    LIST_EACH (l, &inf->problems) {
        struct problem *p = container_of(l, struct problem, link);

        if (p->ns == ns && strcmp(p->name, name) == 0)
            return p;
    }
    return NULL;
}

void problem_set(struct informer *inf, const struct object *o, const char *text)
{
    struct problem *p = problem_find(inf, o->ns, object_name(o));

    if (p)
        problem_free(inf, p);
    if (!text || inf->problem_n == PROBLEMS_MAX)
        return;
    p = xcalloc(1, sizeof(*p));
    p->ns = o->ns;
    p->name = xstrdup(object_name(o));
    p->text = xstrdup(text);
    list_append(&inf->problems, &p->link);
    inf->problem_n++;
}

void problems_free(struct informer *inf)
{
    LIST_EACH (l, &inf->problems) {
        problem_free(inf, container_of(l, struct problem, link));
    }
}

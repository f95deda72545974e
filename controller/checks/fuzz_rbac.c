// SPDX-License-Identifier: Apache-2.0
// A rule of a role against a question, "may it VERB RESOURCE of GROUP?", beside the authorizer's
// own rules written down a second time, plainly. Input: three lines that ask (verb, group,
// resource), then one line per word of the rule: v, g or r and the word. What must hold: both
// agree; a rule with * in all three lists says yes to everything; a word that is added never takes
// a right away.
#include "controller/checks/fake_snapshot.h"
#include "controller/checks/rbac.h"

#include "apis/types.h"
#include <stdlib.h>

#define WORDS    24
#define WORD_LEN 40

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct list {
    char words[WORDS][WORD_LEN];
    size_t n;
};

struct question {
    char verb[WORD_LEN], group[WORD_LEN], resource[WORD_LEN];
    struct list verbs, groups, resources;
};

static void take_word(char ret[WORD_LEN], struct str line)
{
    size_t n = 0;

    for (size_t i = 0; i < line.n && n < WORD_LEN - 1; i++) {
        char c = line.p[i];
        bool plain = (c >= 'a' && c <= 'z') || c == '*' || c == '/' || c == '.' || c == '-';
        if (plain)
            ret[n++] = c;
    }
    ret[n] = '\0';
}

static void add_word(struct list *l, struct str line)
{
    if (l->n < WORDS)
        take_word(l->words[l->n++], line);
}

static void read_input(struct question *q, struct str text)
{
    struct str line = { 0 };

    if (str_split(&text, '\n', &line))
        take_word(q->verb, line);
    if (str_split(&text, '\n', &line))
        take_word(q->group, line);
    if (str_split(&text, '\n', &line))
        take_word(q->resource, line);
    while (str_split(&text, '\n', &line)) {
        struct str rest = { line.p + 1, line.n ? line.n - 1 : 0 };
        if (line.n && line.p[0] == 'v')
            add_word(&q->verbs, rest);
        else if (line.n && line.p[0] == 'g')
            add_word(&q->groups, rest);
        else if (line.n && line.p[0] == 'r')
            add_word(&q->resources, rest);
    }
}

static void write_list(struct buf *out, const char *name, const struct list *l)
{
    buf_addf(out, "    %s: [", name);
    for (size_t i = 0; i < l->n; i++)
        buf_addf(out, "%s\"%s\"", i ? ", " : "", l->words[i]);
    buf_adds(out, "]\n");
}

struct verdict_of {
    bool verb, group, resource;
};

static struct verdict_of ask(const struct question *q)
{
    autobuf struct buf text = { 0 };
    struct verdict_of ret = { 0 };
    struct fake_snapshot f;
    struct error e = { 0 };

    buf_init(&text, 1 << 16);
    buf_adds(&text, "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\n"
                    "metadata: {name: a}\nrules:\n  -\n");
    write_list(&text, "verbs", &q->verbs);
    write_list(&text, "apiGroups", &q->groups);
    write_list(&text, "resources", &q->resources);
    fake_snapshot_init(&f);
    if (fake_snapshot_yaml(&f, buf_str(&text), &e) < 0 || f.s.n[KIND_CLUSTER_ROLE] != 1)
        abort();
    FOR_EACH (policy_rule, rule, rbac_rules(f.s.objects[KIND_CLUSTER_ROLE][0])) {
        ret.verb = rule_has_verb(rule, q->verb);
        ret.group = rule_has_group(rule, q->group);
        ret.resource = rule_has_resource(rule, q->resource);
    }
    fake_snapshot_fini(&f);
    return ret;
}

static bool plainly(const struct list *l, const char *word)
{
    for (size_t i = 0; i < l->n; i++) {
        if (strcmp(l->words[i], "*") == 0 || strcmp(l->words[i], word) == 0)
            return true;
    }
    return false;
}

// "*" or the same text; "*" and the subresource, whatever the parent.
static bool plainly_resource(const struct list *l, const char *resource)
{
    const char *slash = strchr(resource, '/');
    char any[WORD_LEN + 1] = "";

    if (slash)
        snprintf(any, sizeof(any), "*%s", slash);
    for (size_t i = 0; i < l->n; i++) {
        if (slash && strcmp(l->words[i], any) == 0)
            return true;
    }
    return plainly(l, resource);
}

static bool contradicts(const struct question *q, const struct verdict_of *v)
{
    return v->verb != plainly(&q->verbs, q->verb) || v->group != plainly(&q->groups, q->group) ||
           v->resource != plainly_resource(&q->resources, q->resource);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct question q = { 0 };
    struct verdict_of before, after;

    if (size > 4096)
        return 0;
    read_input(&q, (struct str){ (const char *)data, size });
    before = ask(&q);
    if (contradicts(&q, &before))
        abort();
    add_word(&q.resources, str_of("*"));
    add_word(&q.verbs, str_of("*"));
    add_word(&q.groups, str_of("*"));
    after = ask(&q);
    if (contradicts(&q, &after) || (before.verb && !after.verb) || (before.group && !after.group) ||
        (before.resource && !after.resource))
        abort();
    return 0;
}

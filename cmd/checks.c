// SPDX-License-Identifier: Apache-2.0
// `checks list` and `checks explain`.
#include "controller/checks/checks.h"

#include "cmd/output.h"

#define DOC_MAX ((size_t)4 << 20)

static bool in_list(const char *const *list, const char *word)
{
    return !list || str_is_one_of(word, list);
}

static bool in_frameworks(const char *const *names, const struct check *c)
{
    bool any = !names;

    for (; names && *names; names++)
        any |= check_has_framework(c, *names);
    return any;
}

static bool wanted(const struct args *a, const struct check *c)
{
    const char *profile = arg_text(a, "profile");

    return (!profile || check_in_profile(c, profile)) &&
           in_frameworks(arg_list(a, "framework"), c) &&
           in_list(arg_list(a, "pillar"), check_pillar_name(check_pillar(c))) &&
           in_list(arg_list(a, "severity"), check_severity_name(c->severity));
}

static void write_words(struct writer *w, const char *key, const char *words)
{
    struct str rest = str_of(words), word;

    w_key_list(w, key);
    while (str_split(&rest, ' ', &word)) {
        if (word.n)
            w_strn(w, word.p, word.n);
    }
    w_list_end(w);
}

// Profiles that run the check.
static size_t profiles_of(const struct check *c, const char *ret[], size_t max)
{
    size_t n = 0;

    for (size_t i = 0; profile_name(i); i++) {
        if (n < max && check_in_profile(c, profile_name(i)))
            ret[n++] = profile_name(i);
    }
    return n;
}

static void write_profiles(struct writer *w, const struct check *c)
{
    const char *names[PROFILES_MAX];
    size_t n = profiles_of(c, names, PROFILES_MAX);

    w_key_list(w, "profiles");
    for (size_t i = 0; i < n; i++)
        w_str(w, names[i]);
    w_list_end(w);
}

static void write_check(struct writer *w, const struct check *c)
{
    w_object(w);
    w_key_str(w, "id", c->id);
    w_key_str(w, "pillar", check_pillar_name(check_pillar(c)));
    w_key_str(w, "severity", check_severity_name(c->severity));
    w_key_str(w, "title", c->title);
    w_key_str(w, "remediation", c->remediation);
    write_words(w, "frameworks", c->frameworks);
    write_words(w, "aliases", c->aliases);
    write_profiles(w, c);
    w_key_bool(w, "enabledByDefault", !(c->flags & CHECK_OFF));
    w_object_end(w);
}

static int print_markdown(void)
{
    struct buf autobuf out = { 0 };

    buf_init(&out, DOC_MAX);
    if (checks_markdown(&out) < 0)
        return EXIT_FAILED;
    fwrite(out.p, 1, out.n, stdout);
    return output_flush(stdout);
}

static int print_table(const struct args *a)
{
    static const char *const heads[] = { "CHECK", "SEVERITY", "TITLE" };
    struct table t;

    table_init(&t, heads, ARRAY_SIZE(heads));
    for (size_t i = 0; i < checks_count(); i++) {
        const struct check *c = checks_at(i);
        const char *cells[] = { c->id, check_severity_name(c->severity), c->title };

        if (wanted(a, c))
            table_add(&t, cells);
    }
    return table_print(&t, "No checks.");
}

static int check_filters(const struct args *a, struct error *e)
{
    const char *profile = arg_text(a, "profile");
    const char *const *names = arg_list(a, "framework");

    for (; names && *names; names++) {
        if (framework_check(*names, e) < 0)
            return -1;
    }
    return profile ? assess_profile_check(profile, e) : 0;
}

int cmd_checks_list(const struct args *a)
{
    struct error e = { 0 };
    struct writer w;
    int64_t total = 0;

    if (check_filters(a, &e) < 0)
        return command_fail(a, "checks list", &e);
    if (output_format(a) == OUTPUT_MARKDOWN)
        return print_markdown();
    if (output_format(a) == OUTPUT_TABLE)
        return print_table(a);
    output_start(&w, a);
    w_object(&w);
    w_key_list(&w, "checks");
    for (size_t i = 0; i < checks_count(); i++) {
        if (!wanted(a, checks_at(i)))
            continue;
        write_check(&w, checks_at(i));
        total++;
    }
    w_list_end(&w);
    w_key_int(&w, "total", total);
    w_object_end(&w);
    return output_end(&w);
}

static void print_profiles(const struct check *c)
{
    const char *names[PROFILES_MAX];
    size_t n = profiles_of(c, names, PROFILES_MAX);

    for (size_t i = 0; i < n; i++)
        printf("%s%s", i ? ", " : "Profiles: ", names[i]);
    if (n)
        putchar('\n');
}

static void print_text(const struct check *c)
{
    printf("%s (%s, %s)\n\n%s.\n\n", c->id, check_pillar_name(check_pillar(c)),
           check_severity_name(c->severity), c->title);
    printf("Fix: %s\n", c->remediation);
    if (*c->frameworks)
        printf("Frameworks: %s\n", c->frameworks);
    if (*c->aliases)
        printf("Aliases: %s\n", c->aliases);
    print_profiles(c);
    if (c->flags & CHECK_OFF)
        printf("Off by default: name it in checks.include or choose a profile that has it.\n");
    printf(
        "Accept a finding: annotation kube9.io/exempt on the object, or spec.assessment.exemptions of Kube9Config.\n");
}

// By its id, or all that answer to an alias (an id of kube9-operator 2 may stand for several).
static size_t find_checks(const char *id, const struct check **ret, size_t max)
{
    size_t n = 0;

    for (size_t i = 0; i < checks_count(); i++) {
        const struct check *c = checks_at(i);

        if (strcmp(c->id, id) == 0) {
            ret[0] = c;
            return 1;
        }
        if (n < max && check_has_alias(c, id))
            ret[n++] = c;
    }
    return n;
}

static int explain_document(const struct args *a, const struct check **found, size_t n)
{
    struct writer w;

    output_start(&w, a);
    if (n == 1) {
        write_check(&w, found[0]);
        return output_end(&w);
    }
    w_object(&w);
    w_key_list(&w, "checks");
    for (size_t i = 0; i < n; i++)
        write_check(&w, found[i]);
    w_list_end(&w);
    w_key_int(&w, "total", (int64_t)n);
    w_object_end(&w);
    return output_end(&w);
}

int cmd_checks_explain(const struct args *a)
{
    const char *id = a->operands[0];
    const struct check *found[16];
    size_t n = find_checks(id, found, ARRAY_SIZE(found));
    struct error e = { 0 };

    if (n == 0) {
        error_set(&e, ERR_NOT_FOUND, "no check '%s'; `kube9-operator checks list` names them", id);
        return command_fail(a, "checks explain", &e);
    }
    if (output_format(a) == OUTPUT_JSON || output_format(a) == OUTPUT_YAML)
        return explain_document(a, found, n);
    for (size_t i = 0; i < n; i++) {
        if (i)
            putchar('\n');
        print_text(found[i]);
    }
    return output_flush(stdout);
}

// SPDX-License-Identifier: Apache-2.0
#include "apis/image.h"
#include "apis/version.h"
#include "base/test.h"

#define SHA "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void the_parts_are_found(void **state unused_arg)
{
    static const struct {
        const char *text, *registry, *path, *tag;
        bool digest, library, is_mutable;
    } rows[] = {
        {"nginx",                             "docker.io",            "nginx",         "",       false, true,  true },
        { "nginx:1.27",                       "docker.io",            "nginx",         "1.27",   false, true,  false},
        { "team/app",                         "docker.io",            "team/app",      "",       false, false, true },
        { "localhost/app",                    "localhost",            "app",           "",       false, false, true },
        { "localhost:5000/app:latest",        "localhost:5000",       "app",           "latest", false, false, true },
        { "registry:5000/app",                "registry:5000",        "app",           "",       false, false, true },
        { "registry.example.com/a/b:v1@" SHA, "registry.example.com", "a/b",           "v1",     true,  false,
         false                                                                                                      },
        { "app@" SHA,                         "docker.io",            "app",           "",       true,  true,  false},
        { "index.docker.io/library/nginx",    "docker.io",            "library/nginx", "",       false, false, true },
    };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct image img;
        if (!image_parse(str_of(rows[i].text), &img))
            fail_msg("%s was refused", rows[i].text);
        assert_true(str_eq(img.registry, rows[i].registry));
        assert_true(str_eq(img.path, rows[i].path));
        assert_true(str_eq(img.tag, rows[i].tag));
        assert_int_equal(img.digest.n > 0, rows[i].digest);
        assert_int_equal(img.library, rows[i].library);
        assert_int_equal(image_mutable(&img), rows[i].is_mutable);
    }
}

static void what_is_no_reference_is_refused(void **state unused_arg)
{
    static const char *const texts[] = { "",
                                         " ",
                                         ":",
                                         "/",
                                         "a:",
                                         "a@",
                                         "A/b",
                                         "a//b",
                                         "a/",
                                         "nginx:a b",
                                         "nginx@sha256:",
                                         "nginx@sha256:xyz",
                                         "registry.io/",
                                         ("@" SHA) };
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        struct image img;
        if (image_parse(str_of(texts[i]), &img))
            fail_msg("'%s' was taken", texts[i]);
    }
}

static bool under(const char *image, const char *prefix)
{
    struct image img;
    assert_true(image_parse(str_of(image), &img));
    return image_under(&img, str_of(prefix));
}

static void prefixes_match_whole_segments(void **state unused_arg)
{
    assert_true(under("registry.io/team/app", "registry.io"));
    assert_true(under("registry.io/team/app", "registry.io/"));
    assert_true(under("registry.io/team/app", "registry.io/team"));
    assert_false(under("registry.io/team2/app", "registry.io/team"));
    assert_false(under("registry.io.evil.com/team/app", "registry.io"));
    assert_true(under("nginx", "docker.io"));
    assert_true(under("nginx", "docker.io/library"));
    assert_true(under("nginx", "library/nginx"));
    assert_false(under("nginx", "nginx"));
    assert_true(under("team/app", "team"));
    assert_false(under("team/app", ""));
}

static void versions_are_read_as_distributions_write_them(void **state unused_arg)
{
    struct version v, w;
    assert_true(version_parse(str_of("v1.30.14"), &v));
    assert_true(v.major == 1 && v.minor == 30 && v.patch == 14);
    assert_true(version_parse(str_of("1.31.2+k3s1"), &w));
    assert_true(version_compare(v, w) < 0);
    assert_true(version_parse(str_of("v1.29.0-eks-036c24b"), &w));
    assert_true(version_compare(v, w) > 0);
    assert_true(version_parse(str_of("1.30+"), &w));
    assert_int_equal(w.minor, 30);
    assert_true(version_parse(str_of("v1.30.14-rc.1"), &w));
    assert_int_equal(version_compare(v, w), 0);
    static const char *const texts[] = { "",     "v",     "1",       "1.",           "1.x",
                                         "1.2.", "a.b.c", "1.2.3.4", "99999999999.1" };
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
        assert_false(version_parse(str_of(texts[i]), &w));
}

RUN(T(the_parts_are_found), T(what_is_no_reference_is_refused), T(prefixes_match_whole_segments),
    T(versions_are_read_as_distributions_write_them))

// SPDX-License-Identifier: Apache-2.0
#include "apis/quantity.h"
#include "base/test.h"

static void suffixes_and_exponents_are_exact(void **state unused_arg)
{
    static const struct {
        const char *text;
        int64_t units, milli;
    } rows[] = {
        {"0",                              0,                   0            },
        { "1",                             1,                   1000         },
        { "500m",                          1,                   500          },
        { "0.5",                           1,                   500          },
        { "1.5Gi",                         1610612736,          1610612736000},
        { "128Mi",                         134217728,           134217728000 },
        { "1e3",                           1000,                1000000      },
        { "1E3",                           1000,                1000000      },
        { "12e-1",                         2,                   1200         },
        { "1k",                            1000,                1000000      },
        { "2M",                            2000000,             2000000000   },
        { "100n",                          1,                   1            },
        { "1u",                            1,                   1            },
        { "-1",                            -1,                  -1000        },
        { "+3",                            3,                   3000         },
        { ".5",                            1,                   500          },
        { "5.",                            5,                   5000         },
        { "1Ei",                           1152921504606846976, INT64_MAX    },
        { "0.500000000000000000000000Ei",  576460752303423488,  INT64_MAX    },
        { "1.0000000000000000000000000Gi", 1073741824,          1073741824000},
        { "1E",                            1000000000000000000, INT64_MAX    },
        { "0.0000000001",                  1,                   1            },
        { "99999999999999999999999999999", INT64_MAX,           INT64_MAX    },
        { "1e30",                          INT64_MAX,           INT64_MAX    },
        { "1e-30",                         1,                   1            },
    };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct quantity q;
        struct error e;
        if (quantity_parse(str_of(rows[i].text), &q, &e))
            fail_msg("%s", e.text);
        if (quantity_units(q) != rows[i].units || quantity_milli(q) != rows[i].milli)
            fail_msg("%s: %" PRId64 " and %" PRId64 " milli", rows[i].text, quantity_units(q),
                     quantity_milli(q));
    }
}

static void other_texts_are_refused(void **state unused_arg)
{
    static const char *const texts[] = { "",    " ",  "1 ",  " 1",   "m",  "1x", "1mm",  "1.2.3",
                                         "--1", "1e", "1e+", "1Kib", "Gi", ".",  "0x10", "1K" };
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        struct quantity q;
        if (!quantity_parse(str_of(texts[i]), &q, NULL))
            fail_msg("'%s' was taken", texts[i]);
    }
    assert_int_equal(quantity_units_of(NULL), 0);
    assert_int_equal(quantity_milli_of("nonsense"), 0);
}

static void equal_amounts_compare_equal(void **state unused_arg)
{
    struct quantity a, b;
    assert_int_equal(quantity_parse(str_of("1"), &a, NULL), 0);
    assert_int_equal(quantity_parse(str_of("1000m"), &b, NULL), 0);
    assert_int_equal(quantity_compare(a, b), 0);
    assert_int_equal(quantity_parse(str_of("1001m"), &b, NULL), 0);
    assert_true(quantity_compare(a, b) < 0 && quantity_compare(b, a) > 0);
}

RUN(T(suffixes_and_exponents_are_exact), T(other_texts_are_refused), T(equal_amounts_compare_equal))

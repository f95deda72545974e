// SPDX-License-Identifier: Apache-2.0
#include "apis/reasons.h"

#include "base/str.h"

static const struct reason_row rows[] = {
#define CONDITION(kind, type, help) { KIND_##kind, NULL, type, NULL, NULL, help },
#define REASON(kind, ID, reason, types, status, help)                                              \
    { KIND_##kind, #ID, types, status, reason, help },
#include "apis/reasons.def"
#undef CONDITION
#undef REASON
};

static const char *const texts[] = {
#define CONDITION(kind, type, help)
#define REASON(kind, ID, reason, types, status, help) [REASON_##ID] = (reason),
#include "apis/reasons.def"
#undef CONDITION
#undef REASON
};

const char *reason_text(enum reason r)
{
    return texts[r];
}

const struct reason_row *reason_row_at(size_t i)
{
    return i < ARRAY_SIZE(rows) ? &rows[i] : NULL;
}

bool reason_of_kind(enum kind_id kind, const char *type, const char *reason)
{
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct str rest = str_of(rows[i].types), one;

        if (rows[i].kind != kind || !rows[i].reason || strcmp(rows[i].reason, reason) != 0)
            continue;
        while (str_split(&rest, ',', &one)) {
            if (str_eq(str_trim(one), type))
                return true;
        }
    }
    return false;
}

// SPDX-License-Identifier: Apache-2.0
// What a document's values can be, whatever its form.
#pragma once

enum cur_type { CUR_NULL, CUR_BOOL, CUR_INT, CUR_DOUBLE, CUR_STR, CUR_LIST, CUR_MAP };

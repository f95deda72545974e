// SPDX-License-Identifier: Apache-2.0
// A pass over apis/types.def that needs nothing but the JSON keys: every row becomes KEY_ROW(key),
// or NO_KEY_ROW where it has none. Before apis/rows_start.h, without a guard on purpose.
// clang-format off
#define BOOL(T, m, j, ...)        KEY_ROW(j)
#define PRESENT(T, m, j, ...)     KEY_ROW(j)
#define OTHERS(T, m, h)           NO_KEY_ROW
#define CREDENTIAL(T, m, j, ...)  KEY_ROW(j)
#define INT(T, m, j, ...)         KEY_ROW(j)
#define LONG(T, m, j, ...)        KEY_ROW(j)
#define TIME(T, m, j, ...)        KEY_ROW(j)
#define UID(T, m, j, ...)         KEY_ROW(j)
#define INTORSTR(T, m, j, ...)    KEY_ROW(j)
#define DURATION(T, m, j, ...)    KEY_ROW(j)
#define ENUM(T, m, j, ...)        KEY_ROW(j)
#define ENUMS(T, m, j, ...)       KEY_ROW(j)
#define STR(T, m, j, ...)         KEY_ROW(j)
#define ATOM(T, m, j, ...)        KEY_ROW(j)
#define HEADER(T, m, j, ...)      KEY_ROW(j)
#define OBJ(T, m, j, ...)         KEY_ROW(j)
#define LIST(T, m, j, ...)        KEY_ROW(j)
#define STRS(T, m, j, ...)        KEY_ROW(j)
#define ATOMS(T, m, j, ...)       KEY_ROW(j)
#define LONGS(T, m, j, ...)       KEY_ROW(j)
#define MAP(T, m, j, ...)         KEY_ROW(j)
#define CREDENTIALS(T, m, j, ...) KEY_ROW(j)
#define ARGS(T, m, j, ...)        KEY_ROW(j)
#define SPEC(T, m, j, ...)        KEY_ROW(j)
#define RULE(T, m, ...)           NO_KEY_ROW
// clang-format on

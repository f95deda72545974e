// SPDX-License-Identifier: Apache-2.0
// Starts a pass over apis/types.def: every row macro that the pass has not defined expands to
// nothing, or to the group it belongs to: SLOT_ROW (members with a slot), WORD_ROW (four bits),
// FLAG_ROW (two bits). On purpose without a guard.
#ifndef SLOT_ROW
#define SLOT_ROW(T, m)
#endif
#ifndef WORD_ROW
#define WORD_ROW(T, m)
#endif
#ifndef FLAG_ROW
#define FLAG_ROW(T, m)
#endif
#ifndef TYPE
#define TYPE(T, ...)
#endif
#ifndef OWN
#define OWN(T, ...) TYPE(T, __VA_ARGS__)
#endif
#ifndef END
#define END(T)
#endif
#ifndef BOOL
#define BOOL(T, m, ...) FLAG_ROW(T, m)
#endif
#ifndef PRESENT
#define PRESENT(T, m, ...) FLAG_ROW(T, m)
#endif
#ifndef OTHERS
#define OTHERS(T, m, ...) FLAG_ROW(T, m)
#endif
#ifndef ENUM
#define ENUM(T, m, ...) WORD_ROW(T, m)
#endif
#ifndef CREDENTIAL
#define CREDENTIAL(T, m, ...) WORD_ROW(T, m)
#endif
#ifndef INT
#define INT(T, m, ...) SLOT_ROW(T, m)
#endif
#ifndef LONG
#define LONG(T, m, ...) SLOT_ROW(T, m)
#endif
#ifndef TIME
#define TIME(T, m, ...) SLOT_ROW(T, m)
#endif
#ifndef DURATION
#define DURATION(T, m, ...) SLOT_ROW(T, m)
#endif
#ifndef STR
#define STR(T, m, ...) SLOT_ROW(T, m)
#endif
#ifndef ATOM
#define ATOM(T, m, ...) SLOT_ROW(T, m)
#endif
#ifndef UID
#define UID(T, m, ...) SLOT_ROW(T, m)
#endif
#ifndef INTORSTR
#define INTORSTR(T, m, ...) SLOT_ROW(T, m)
#endif
#ifndef OBJ
#define OBJ(T, m, ...) SLOT_ROW(T, m)
#endif
#ifndef LIST
#define LIST(T, m, ...) SLOT_ROW(T, m)
#endif
#ifndef STRS
#define STRS(T, m, ...) SLOT_ROW(T, m)
#endif
#ifndef ATOMS
#define ATOMS(T, m, ...) SLOT_ROW(T, m)
#endif
#ifndef LONGS
#define LONGS(T, m, ...) SLOT_ROW(T, m)
#endif
#ifndef ENUMS
#define ENUMS(T, m, ...) SLOT_ROW(T, m)
#endif
#ifndef MAP
#define MAP(T, m, ...) SLOT_ROW(T, m)
#endif
#ifndef CREDENTIALS
#define CREDENTIALS(T, m, ...) SLOT_ROW(T, m)
#endif
#ifndef ARGS
#define ARGS(T, m, ...) SLOT_ROW(T, m)
#endif
#ifndef SPEC
#define SPEC(T, m, ...)
#endif
#ifndef HEADER
#define HEADER(T, m, ...)
#endif
#ifndef RULE
#define RULE(T, m, ...)
#endif

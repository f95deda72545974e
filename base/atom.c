// SPDX-License-Identifier: Apache-2.0
// The atom table. An atom is an index into chunks of rows; chunks are reached over an array of
// fixed size and neither they nor the text blocks ever move or change once written. So a thread
// that was handed an atom (with the ordering that any hand-over brings) reads it without a lock,
// while the loop goes on interning into other rows.
#include "base/atom.h"

#include "base/alloc.h"
#include "base/map.h"

#include <pthread.h>

#define CHUNK_ROWS 512u
#define CHUNKS_MAX (ATOMS_MAX / CHUNK_ROWS) // the array costs memory only where it was touched
#define TEXT_BLOCK ((size_t)32 * 1024)

struct row {
    const char *text; // NUL-terminated, in a text block
    uint32_t n;
    uint32_t hash;
};

static struct row *chunks[CHUNKS_MAX]; // owned; atom a is row a - 1
static uint32_t count;
static uint32_t *slots; // owned: open addressing over atoms, 0 is empty
static uint32_t slots_cap;
static char *text_at; // free part of the newest text block
static size_t text_left;
static size_t bytes_held;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; // of all of these while shared
static bool shared;

static struct row *row_of(atom a)
{
    return &chunks[(a - 1) / CHUNK_ROWS][(a - 1) % CHUNK_ROWS];
}

// The slot of the string, or the empty one where it would go; slots_cap is a power of two.
static uint32_t find_slot(const char *s, size_t n, uint32_t hash)
{
    uint32_t i = hash & (slots_cap - 1);

    for (; slots[i]; i = (i + 1) & (slots_cap - 1)) {
        const struct row *r = row_of(slots[i]);

        if (r->hash == hash && r->n == n && !memcmp(r->text, s, n))
            break;
    }
    return i;
}

static void grow_slots(void)
{
    uint32_t cap = slots_cap ? slots_cap * 2 : 1024;
    uint32_t *grown = xcalloc(cap, sizeof(*grown));

    for (atom a = 1; a <= count; a++) {
        uint32_t i = row_of(a)->hash & (cap - 1);

        while (grown[i])
            i = (i + 1) & (cap - 1);
        grown[i] = a;
    }
    bytes_held += (cap - slots_cap) * sizeof(*grown);
    free(slots);
    slots = grown;
    slots_cap = cap;
}

static void *text_block(size_t size)
{
    bytes_held += size;
    return xmalloc(size);
}

static const char *keep_text(const char *s, size_t n)
{
    char *p;

    if (n + 1 > TEXT_BLOCK / 4) {
        p = text_block(n + 1); // a long one gets a block to itself, the current block stays in use
    } else {
        if (text_left < n + 1) {
            text_at = text_block(TEXT_BLOCK);
            text_left = TEXT_BLOCK;
        }
        p = text_at;
        text_at += n + 1;
        text_left -= n + 1;
    }
    memcpy(p, s, n);
    p[n] = '\0';
    return p;
}

static struct row *next_row(void)
{
    uint32_t chunk = count / CHUNK_ROWS;

    if (chunk >= CHUNKS_MAX) {
        fputs("atom table is full: something unbounded was interned\n", stderr);
        abort();
    }
    if (!chunks[chunk]) {
        chunks[chunk] = xcalloc(CHUNK_ROWS, sizeof(struct row));
        bytes_held += CHUNK_ROWS * sizeof(struct row);
    }
    return &chunks[chunk][count % CHUNK_ROWS];
}

void atom_share(bool on)
{
    shared = on;
}

static void begin(void)
{
    if (shared)
        pthread_mutex_lock(&lock);
}

static void end(void)
{
    if (shared)
        pthread_mutex_unlock(&lock);
}

static atom intern_hashed(const char *s, size_t n, uint32_t hash)
{
    uint32_t slot;

    if (count >= slots_cap / 4 * 3)
        grow_slots();
    slot = find_slot(s, n, hash);
    if (!slots[slot]) {
        struct row *r = next_row();

        *r = (struct row){ .text = keep_text(s, n), .n = (uint32_t)n, .hash = hash };
        slots[slot] = ++count;
    }
    return slots[slot];
}

atom atom_intern(const char *s, size_t n)
{
    uint32_t hash;
    atom a;

    if (!s || !n || n > UINT32_MAX)
        return 0;
    hash = hash_bytes(s, n);
    begin();
    a = intern_hashed(s, n, hash);
    end();
    return a;
}

atom atom_of(const char *s)
{
    return s ? atom_intern(s, strlen(s)) : 0;
}

atom atom_find(const char *s, size_t n)
{
    uint32_t hash = s ? hash_bytes(s, n) : 0;
    atom a = 0;

    if (!s || !n)
        return 0;
    begin();
    if (slots_cap)
        a = slots[find_slot(s, n, hash)];
    end();
    return a;
}

const char *atom_str(atom a)
{
    return a ? row_of(a)->text : "";
}

struct str atom_view(atom a)
{
    return a ? (struct str){ row_of(a)->text, row_of(a)->n } : (struct str){ "", 0 };
}

size_t atom_count(void)
{
    size_t n;

    begin();
    n = count;
    end();
    return n;
}

size_t atom_bytes(void)
{
    return bytes_held;
}

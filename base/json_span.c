// SPDX-License-Identifier: Apache-2.0
// Brackets are counted 64 bytes at a time: quotes and brackets become bit masks, a running xor of
// the quote bits says what lies inside strings, and only a block in which the value can end is
// looked at bracket by bracket. Where the processor has AVX2 and a multiplication without carries
// (all ones times the quote bits is their running xor), a block costs less than half.
#include "base/json_span.h"

#ifdef __SSE2__
#    include <immintrin.h>
#endif

struct masks {
    uint64_t quote, backslash, open, close;
};

#ifdef __SSE2__
static uint64_t equal_bits(__m128i v, char c)
{
    return (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(v, _mm_set1_epi8(c)));
}

// '{' and '[' differ in one bit, and so do '}' and ']': with it set, one compare finds both.
static struct masks masks_of(const char *p)
{
    struct masks m = { 0 };

    for (int i = 0; i < 64; i += 16) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)(p + i));
        __m128i folded = _mm_or_si128(v, _mm_set1_epi8(0x20));

        m.quote |= equal_bits(v, '"') << i;
        m.backslash |= equal_bits(v, '\\') << i;
        m.open |= equal_bits(folded, '{') << i;
        m.close |= equal_bits(folded, '}') << i;
    }
    return m;
}
#else
static struct masks masks_of(const char *p)
{
    struct masks m = { 0 };

    for (int i = 0; i < 64; i++) {
        m.quote |= (uint64_t)(p[i] == '"') << i;
        m.backslash |= (uint64_t)(p[i] == '\\') << i;
        m.open |= (uint64_t)((p[i] | 0x20) == '{') << i;
        m.close |= (uint64_t)((p[i] | 0x20) == '}') << i;
    }
    return m;
}
#endif

// The bits of the bytes that a backslash before them escapes; *carry: the first byte is one, and
// then whether the first byte of the next block is.
static uint64_t escaped_bits(uint64_t backslash, size_t len, uint64_t *carry)
{
    uint64_t escaped = *carry;

    *carry = 0;
    backslash &= ~escaped;
    while (backslash) {
        unsigned next = (unsigned)__builtin_ctzll(backslash) + 1;

        if (next >= len) {
            *carry = 1;
            break;
        }
        escaped |= (uint64_t)1 << next;
        backslash &= backslash - 1;
        backslash &= ~((uint64_t)1 << next);
    }
    return escaped;
}

// Bit i of the result: the number of bits up to and including i is odd.
static uint64_t running_xor(uint64_t x)
{
    for (int shift = 1; shift < 64; shift *= 2)
        x ^= x << shift;
    return x;
}

// Without the instruction, which not every amd64 has, __builtin_popcountll is a call.
static uint32_t count_bits(uint64_t x)
{
    x -= x >> 1 & 0x5555555555555555u;
    x = (x & 0x3333333333333333u) + (x >> 2 & 0x3333333333333333u);
    x = (x + (x >> 4)) & 0x0f0f0f0f0f0f0f0fu;
    return (uint32_t)(x * 0x0101010101010101u >> 56);
}

// Counts the brackets one by one; the place after the one that closes the item, or 0.
static size_t find_end(struct json_span *s, uint64_t open, uint64_t close)
{
    for (uint64_t both = open | close; both; both &= both - 1) {
        uint64_t bit = both & -both;

        if (open & bit)
            s->depth++;
        else if (--s->depth == 0)
            return (size_t)__builtin_ctzll(bit) + 1;
    }
    return 0;
}

// Takes the quotes that are escaped out of the masks of a block of len bytes.
static inline void unescape(struct json_span *s, struct masks *m, size_t len)
{
    if (m->backslash | s->escaped)
        m->quote &= ~escaped_bits(m->backslash, len, &s->escaped);
}

// quotes: the running xor of the quote bits of this block.
static inline size_t count_block(struct json_span *s, struct masks m, uint64_t quotes)
{
    uint64_t inside = quotes ^ s->in_string;
    uint32_t closes;

    s->in_string = (uint64_t)((int64_t)inside >> 63);
    m.open &= ~inside;
    m.close &= ~inside;
    closes = count_bits(m.close);
    if (closes >= s->depth)
        return find_end(s, m.open, m.close);
    s->depth += count_bits(m.open) - closes;
    return 0;
}

// One block of len <= 64 readable bytes, zeros behind them.
typedef size_t (*scan_fn)(struct json_span *s, const char *p, size_t len);

static size_t scan_block(struct json_span *s, const char *p, size_t len)
{
    struct masks m = masks_of(p);

    unescape(s, &m, len);
    return count_block(s, m, running_xor(m.quote));
}

__attribute__((always_inline)) static inline size_t scan(struct json_span *s, const char *p,
                                                         size_t n, scan_fn block)
{
    char last[64] = { 0 };
    size_t at = 0, end;

    for (; n - at >= 64; at += 64) {
        end = block(s, p + at, 64);
        if (end)
            return at + end;
    }
    if (at == n)
        return 0;
    memcpy(last, p + at, n - at);
    end = block(s, last, n - at);
    return end ? at + end : 0;
}

size_t json_span_end_plain(struct json_span *s, const char *p, size_t n)
{
    return scan(s, p, n, scan_block);
}

#ifdef __x86_64__
#    define WIDE __attribute__((target("avx2,pclmul")))

WIDE static inline uint64_t equal_bits_wide(__m256i low, __m256i high, char c)
{
    __m256i all = _mm256_set1_epi8(c);
    uint64_t bits = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(high, all));

    return bits << 32 | (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(low, all));
}

WIDE static inline size_t scan_block_wide(struct json_span *s, const char *p, size_t len)
{
    __m256i low = _mm256_loadu_si256((const __m256i *)(const void *)p);
    __m256i high = _mm256_loadu_si256((const __m256i *)(const void *)(p + 32));
    __m256i fold = _mm256_set1_epi8(0x20);
    __m256i low_folded = _mm256_or_si256(low, fold), high_folded = _mm256_or_si256(high, fold);
    struct masks m = {
        .quote = equal_bits_wide(low, high, '"'),
        .backslash = equal_bits_wide(low, high, '\\'),
        .open = equal_bits_wide(low_folded, high_folded, '{'),
        .close = equal_bits_wide(low_folded, high_folded, '}'),
    };
    __m128i product;

    unescape(s, &m, len);
    product =
        _mm_clmulepi64_si128(_mm_set_epi64x(0, (int64_t)m.quote), _mm_set1_epi8((char)0xff), 0);
    return count_block(s, m, (uint64_t)_mm_cvtsi128_si64(product));
}

WIDE static size_t end_wide(struct json_span *s, const char *p, size_t n)
{
    return scan(s, p, n, scan_block_wide);
}

size_t json_span_end(struct json_span *s, const char *p, size_t n)
{
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("pclmul"))
        return end_wide(s, p, n);
    return json_span_end_plain(s, p, n);
}
#else
size_t json_span_end(struct json_span *s, const char *p, size_t n)
{
    return json_span_end_plain(s, p, n);
}
#endif

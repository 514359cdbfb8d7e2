// Vectors of 64 bytes for panel_q8.h, on AVX-512 VNNI: a part is a whole panel.
#include "variants_x86.h"
#include "panels.h"
#include "unpack_avx512.h"
#include "panel_activations.h"
#include <CInstructionSet.h>

typedef struct { __m512i low, high; } quad;
#if LK_WIDE
typedef struct { __m512i low, high, low_rest, high_rest; } ints;  // of the planes `high` and `low` of activations
#else
typedef struct { __m512i low, high; } ints;
#endif
typedef struct { __m512 low, high; } floats;

#define LK_TARGET LK_AVX512
#define LK_INLINE LK_AVX512_INLINE

LK_INLINE quad quad_at(const lk_type type, const uint8_t *values, const int j, const int part) {
    (void)part;
    const int bits = lk_panel_value_bits(type);
    if (bits == 8) return (quad){_mm512_load_si512(values + 128 * j), _mm512_load_si512(values + 128 * j + 64)};
    if (bits <= 3) {
        const __m512i mask = _mm512_set1_epi8(3);
        const __m512i more = _mm512_srli_epi16(_mm512_load_si512(values + 64 * (j / 2)), (unsigned)(j % 2 * 4));
        quad two = {_mm512_and_si512(more, mask), _mm512_and_si512(_mm512_srli_epi16(more, 2), mask)};
        if (bits == 2) return two;
        const __m512i third = _mm512_set1_epi8(4);
        uint64_t low, high;
        memcpy(&low, values + 256 + 16 * j, 8);
        memcpy(&high, values + 264 + 16 * j, 8);
        return (quad){_mm512_mask_add_epi8(two.low, low, two.low, third),
                      _mm512_mask_add_epi8(two.high, high, two.high, third)};
    }
    const __m512i nibble = _mm512_set1_epi8(15);
    __m512i both = _mm512_load_si512(values + 64 * j);
    quad q = {_mm512_and_si512(both, nibble), _mm512_and_si512(_mm512_srli_epi16(both, 4), nibble)};
    if (lk_panel_book(type) != NULL) {
        const __m512i book = _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)lk_panel_book(type)));
        return (quad){_mm512_shuffle_epi8(book, q.low), _mm512_shuffle_epi8(book, q.high)};
    }
    if (bits == 5) {
        const __m512i fifth = _mm512_set1_epi8(16);
        uint64_t low, high;
        memcpy(&low, values + 512 + 16 * j, 8);
        memcpy(&high, values + 520 + 16 * j, 8);
        q.low = _mm512_mask_add_epi8(q.low, low, q.low, fifth);
        q.high = _mm512_mask_add_epi8(q.high, high, q.high, fifth);
    }
    if (bits == 6) {
        const __m512i mask = _mm512_set1_epi8(48);
        __m512i more = _mm512_load_si512(values + 512 + 64 * (j / 2));
        __m512i low = j % 2 ? more : _mm512_slli_epi16(more, 4);
        __m512i high = j % 2 ? _mm512_srli_epi16(more, 2) : _mm512_slli_epi16(more, 2);
        q.low = _mm512_or_si512(q.low, _mm512_and_si512(low, mask));
        q.high = _mm512_or_si512(q.high, _mm512_and_si512(high, mask));
    }
    return q;
}

LK_INLINE floats halves_at(const uint8_t *p) {
    return (floats){_mm512_cvtph_ps(_mm256_load_si256((const __m256i *)p)),
                  _mm512_cvtph_ps(_mm256_load_si256((const __m256i *)(p + 32)))};
}

LK_INLINE floats bytes_at(const uint8_t *p, const int is_signed) {
    __m128i low = _mm_load_si128((const __m128i *)p), high = _mm_load_si128((const __m128i *)(p + 16));
    if (is_signed)
        return (floats){_mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(low)), _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(high))};
    return (floats){_mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(low)), _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(high))};
}

/// Nibbles of 32 bytes, the low ones or those at `shift` 4.
LK_INLINE floats nibbles_at(const uint8_t *p, const unsigned shift) {
    const __m512i mask = _mm512_set1_epi32(15);
    __m512i low = _mm512_cvtepu8_epi32(_mm_load_si128((const __m128i *)p));
    __m512i high = _mm512_cvtepu8_epi32(_mm_load_si128((const __m128i *)(p + 16)));
    return (floats){_mm512_cvtepi32_ps(_mm512_and_si512(_mm512_srli_epi32(low, shift), mask)),
                    _mm512_cvtepi32_ps(_mm512_and_si512(_mm512_srli_epi32(high, shift), mask))};
}

LK_INLINE floats product(floats a, floats b) {
    return (floats){_mm512_mul_ps(a.low, b.low), _mm512_mul_ps(a.high, b.high)};
}

LK_INLINE floats scales_at(const lk_type type, const uint8_t *head, const uint8_t *block, const int b, const int half,
                           const int part) {
    (void)part;
    if (type == LK_MXFP4) {
        const __m512i low = _mm512_cvtepu16_epi32(_mm256_load_si256((const __m256i *)block));
        const __m512i high = _mm512_cvtepu16_epi32(_mm256_load_si256((const __m256i *)(block + 32)));
        return (floats){_mm512_castsi512_ps(_mm512_slli_epi32(low, 16)),
                        _mm512_castsi512_ps(_mm512_slli_epi32(high, 16))};
    }
    if (!lk_panel_is_super(type)) return halves_at(block);
    if (type == LK_IQ4_XS) return product(halves_at(head), bytes_at(head + 64 + 32 * b, 1));
    if (type == LK_Q2_K) return product(halves_at(head), nibbles_at(block + 32 * half, 0));
    if (lk_panel_has_halves(type)) return product(halves_at(head), bytes_at(block + 32 * half, 1));
    return product(halves_at(head), bytes_at(block, 0));
}

LK_INLINE floats minima_at(const lk_type type, const uint8_t *head, const uint8_t *block, const int half,
                           const int part) {
    (void)part;
    if (!lk_panel_is_super(type)) return halves_at(block + 64);
    floats d = halves_at(head + 64);
    const __m512 zero = _mm512_setzero_ps();
    const floats factor = type == LK_Q2_K ? nibbles_at(block + 32 * half, 4) : bytes_at(block + 32, 0);
    return product((floats){_mm512_sub_ps(zero, d.low), _mm512_sub_ps(zero, d.high)}, factor);
}

LK_INLINE quad quad_from(const uint8_t *p) { return (quad){_mm512_load_si512(p), _mm512_load_si512(p + 64)}; }

LK_INLINE void put_quad(uint8_t *p, quad q) {
    _mm512_store_si512(p, q.low);
    _mm512_store_si512(p + 64, q.high);
}

LK_INLINE floats floats_from(const float *p) { return (floats){_mm512_loadu_ps(p), _mm512_loadu_ps(p + 16)}; }

LK_INLINE void put_floats(float *p, floats v) {
    _mm512_storeu_ps(p, v.low);
    _mm512_storeu_ps(p + 16, v.high);
}

LK_INLINE floats scaled(floats v, float x) { return product(v, (floats){_mm512_set1_ps(x), _mm512_set1_ps(x)}); }

LK_INLINE floats multiply_add(floats v, floats w, floats sum) {
    return (floats){_mm512_fmadd_ps(v.low, w.low, sum.low), _mm512_fmadd_ps(v.high, w.high, sum.high)};
}

LK_INLINE floats add_scaled(floats v, float x, floats sum) {
    return multiply_add(v, (floats){_mm512_set1_ps(x), _mm512_set1_ps(x)}, sum);
}

LK_INLINE int two_quads(const lk_type type) { return (void)type, 0; }

LK_INLINE ints start_at(const lk_type type, int32_t sum) {
    const __m512i all = _mm512_set1_epi32(-lk_panel_offset(type) * sum);
#if LK_WIDE
    return (ints){_mm512_setzero_si512(), _mm512_setzero_si512(), all, all};
#else
    return (ints){all, all};
#endif
}

LK_INLINE __m512i lanes_of(const void *p) { return _mm512_set1_epi32((int32_t)lk_read_u32(p)); }

LK_INLINE ints add_quad(const lk_type type, ints sums, quad q, const activation *p) {
    (void)type;
    const __m512i four = lanes_of(p);
    sums.low = _mm512_dpbusd_epi32(sums.low, q.low, four);
    sums.high = _mm512_dpbusd_epi32(sums.high, q.high, four);
#if LK_WIDE
    const __m512i rest = lanes_of(p + 32);
    sums.low_rest = _mm512_dpbusd_epi32(sums.low_rest, q.low, rest);
    sums.high_rest = _mm512_dpbusd_epi32(sums.high_rest, q.high, rest);
#endif
    return sums;
}

#define LK_OPAQUE(q) __asm__("" : "+v"((q).low), "+v"((q).high))
LK_INLINE ints add_plain_quad(ints sums, quad q, const activation *p) { return add_quad(LK_Q8_0, sums, q, p); }

LK_INLINE ints add_quads(const lk_type type, ints sums, quad q, const activation *p, quad q2, const activation *p2) {
    return add_quad(type, add_quad(type, sums, q, p), q2, p2);
}

LK_INLINE floats sums_of(const lk_type type, ints v, int32_t sum) {
    (void)type, (void)sum;
#if LK_WIDE
    v.low = _mm512_add_epi32(_mm512_slli_epi32(v.low, 8), v.low_rest);
    v.high = _mm512_add_epi32(_mm512_slli_epi32(v.high, 8), v.high_rest);
#endif
    return (floats){_mm512_cvtepi32_ps(v.low), _mm512_cvtepi32_ps(v.high)};
}

LK_INLINE int strip_rows(const lk_type type) { return (void)type, LK_WIDE ? 4 : 6; }

/// Unpacking costs less than reading what was unpacked, but for blocks with two scales.
LK_INLINE size_t direct_rows(const lk_type type) { return lk_panel_has_halves(type) ? 12 : SIZE_MAX; }

/// Where memory takes longer than what there is to compute.
LK_INLINE size_t unasked_rows(const lk_type type) {
    const int is_unpacked = lk_panel_value_bits(type) == 8;
    return LK_WIDE ? 2 * is_unpacked : is_unpacked ? 4 : type == LK_Q5_K ? 0 : 1;
}

#define LK_PARTS 1
#if LK_WIDE
#define LK_TILE 4
#else
#define LK_TILE 6
#endif
#define LK_SUMS_FIT 1
#define LK_AHEAD (lk_isa_asks_ahead() ? (size_t)4096 : 0)
#include "panel_q8.h"

// Quantised weights in registers, 128 at a time, for AVX-512 with VBMI.
#ifndef LK_UNPACK_AVX512_H
#define LK_UNPACK_AVX512_H
#if defined(__x86_64__)
#include "variants.h"
#include <immintrin.h>

#define LK_AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx512vbmi,fma,f16c")))
#define LK_AVX512_INLINE LK_AVX512 static inline __attribute__((always_inline))

/// Four parts of 32 weights. Weight 32*j + i is d[j] * (q - offset) + m[j]; byte 16*j + i of `low` is q for i < 16,
/// byte 16*j + i - 16 of `high` for the rest. `d` holds each scale in the four lanes of its part. Only Q6_K has
/// another scale for the high half.
typedef struct { __m512i low, high; __m512 d, d_high; __m128 m; } lk_weights512;

/// Which bytes of a group's loads lie in the row. A group is read as two loads, at 0 and `second`, or for Q8_0 as
/// four.
typedef struct { __mmask64 a, b, c, e; } lk_masks512;

/// The offset that is subtracted from the unsigned q.
LK_AVX512_INLINE int lk_offset512(const lk_type type) {
    switch (type) {
    case LK_Q4_0: return 8;
    case LK_Q5_0: return 16;
    case LK_Q6_K: return 32;
    case LK_Q8_0: return 128;
    default: return 0;
    }
}

LK_AVX512_INLINE int lk_has_minimum512(const lk_type type) {
    return type == LK_Q4_1 || type == LK_Q5_1 || type == LK_Q4_K || type == LK_Q5_K;
}

// Blocks of 32 lie `size` bytes apart. Two loads of 64 bytes, at 0 and `second` = 4*size - 64, cover four blocks, and
// one two-source permutation picks a byte of each block for every place. The tables below are its indices.
#define AT(size, second, byte) ((byte) < 64 ? (byte) : 64 + (byte) - (second))
#define AT4(size, second, byte) \
    AT(size, second, byte), AT(size, second, (byte) + 1), AT(size, second, (byte) + 2), AT(size, second, (byte) + 3)
#define AT16(size, second, byte) \
    AT4(size, second, byte), AT4(size, second, (byte) + 4), AT4(size, second, (byte) + 8), \
        AT4(size, second, (byte) + 12)
#define NIBBLES(size, second, start) \
    {AT16(size, second, start), AT16(size, second, start + size), AT16(size, second, start + 2 * size), \
     AT16(size, second, start + 3 * size)}
// Byte i of a part wants bit i % 8 of byte i / 8 of the high bits.
#define TWICE4(b) b, b, b, b, b, b, b, b
#define BITS16(size, second, byte) TWICE4(AT(size, second, byte)), TWICE4(AT(size, second, (byte) + 1))
#define BITS(size, second, start) \
    {BITS16(size, second, start), BITS16(size, second, start + size), BITS16(size, second, start + 2 * size), \
     BITS16(size, second, start + 3 * size)}
// Words: each d four times, then the four m.
#define WORD(size, second, byte) ((byte) < 64 ? (byte) / 2 : 32 + ((byte) - (second)) / 2)
#define WORD4(size, second, byte) \
    WORD(size, second, byte), WORD(size, second, byte), WORD(size, second, byte), WORD(size, second, byte)
#define SCALES(size, second) \
    {WORD4(size, second, 0), WORD4(size, second, size), WORD4(size, second, 2 * size), WORD4(size, second, 3 * size), \
     WORD(size, second, 2), WORD(size, second, size + 2), WORD(size, second, 2 * size + 2), \
     WORD(size, second, 3 * size + 2)}

typedef struct { int size, second; uint8_t low[64], high[64], low_bits[64], high_bits[64]; uint16_t scales[32]; }
    lk_layout512;

static const lk_layout512 lk_layout_q4_0 = {18, 8, NIBBLES(18, 8, 2), {0}, {0}, {0}, SCALES(18, 8)};
static const lk_layout512 lk_layout_q4_1 = {20, 16, NIBBLES(20, 16, 4), {0}, {0}, {0}, SCALES(20, 16)};
static const lk_layout512 lk_layout_q5_0 = {22, 24, NIBBLES(22, 24, 6), {0}, BITS(22, 24, 2), BITS(22, 24, 4),
                                            SCALES(22, 24)};
static const lk_layout512 lk_layout_q5_1 = {24, 32, NIBBLES(24, 32, 8), {0}, BITS(24, 32, 4), BITS(24, 32, 6),
                                            SCALES(24, 32)};
// Q8_0: low halves and scales from the loads at 0 and 64; high halves from those at 18 and 72, counted from 18.
static const lk_layout512 lk_layout_q8_0 = {34, 64, NIBBLES(34, 64, 2), NIBBLES(34, 54, 0), {0}, {0}, SCALES(34, 64)};

#undef AT
#undef AT4
#undef AT16
#undef NIBBLES
#undef TWICE4
#undef BITS16
#undef BITS
#undef WORD
#undef WORD4
#undef SCALES

LK_AVX512_INLINE const lk_layout512 *lk_layout512_of(const lk_type type) {
    switch (type) {
    case LK_Q4_0: return &lk_layout_q4_0;
    case LK_Q4_1: return &lk_layout_q4_1;
    case LK_Q5_0: return &lk_layout_q5_0;
    case LK_Q5_1: return &lk_layout_q5_1;
    default: return &lk_layout_q8_0;
    }
}

/// Bytes of 128 weights.
LK_AVX512_INLINE size_t lk_group_bytes512(const lk_type type) {
    switch (type) {
    case LK_Q4_K: return 72;
    case LK_Q5_K: return 88;
    case LK_Q6_K: return 105;
    default: return 4 * (size_t)lk_layout512_of(type)->size;
    }
}

LK_AVX512_INLINE __mmask64 lk_bytes_mask(size_t end, size_t begin) {
    if (end <= begin) return 0;
    return end - begin >= 64 ? ~(__mmask64)0 : ((__mmask64)1 << (end - begin)) - 1;
}

/// Masks for the last group of a row, with 1 to 3 of its 4 parts there.
LK_AVX512_INLINE lk_masks512 lk_tail_masks512(const lk_type type, size_t parts) {
    const lk_layout512 *layout = lk_layout512_of(type);
    size_t end = parts * (size_t)layout->size;
    return (lk_masks512){lk_bytes_mask(end, 0), lk_bytes_mask(end, (size_t)layout->second), lk_bytes_mask(end, 18),
                         lk_bytes_mask(end, 72)};
}

LK_AVX512_INLINE lk_masks512 lk_full_masks512(void) {
    return (lk_masks512){~(__mmask64)0, ~(__mmask64)0, ~(__mmask64)0, ~(__mmask64)0};
}

/// [s0 s0 s0 s0 s1 ...] from four floats.
LK_AVX512_INLINE __m512 lk_spread512(__m128 four) {
    const __m512i lanes = _mm512_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3);
    return _mm512_permutevar_ps(_mm512_broadcast_f32x4(four), lanes);
}

LK_AVX512_INLINE __m512i lk_fifth_bit512(__m512i nibbles, __m512i a, __m512i b, const uint8_t *indices) {
    const __m512i bit = _mm512_set1_epi64((long long)0x8040201008040201u);
    __m512i spread = _mm512_permutex2var_epi8(a, _mm512_loadu_si512(indices), b);
    return _mm512_mask_add_epi8(nibbles, _mm512_test_epi8_mask(spread, bit), nibbles, _mm512_set1_epi8(16));
}

LK_AVX512_INLINE lk_weights512 lk_unpack_32(const lk_type type, const uint8_t *p, lk_masks512 masks) {
    const lk_layout512 *layout = lk_layout512_of(type);
    const __m512i nibble = _mm512_set1_epi8(15);
    lk_weights512 out;
    __m512i a = _mm512_maskz_loadu_epi8(masks.a, p), b = _mm512_maskz_loadu_epi8(masks.b, p + layout->second);
    __m512i picked = _mm512_permutex2var_epi8(a, _mm512_loadu_si512(layout->low), b);
    if (type == LK_Q8_0) {  // signed bytes plus 128 are unsigned bytes
        const __m512i sign = _mm512_set1_epi8((char)0x80);
        __m512i c = _mm512_maskz_loadu_epi8(masks.c, p + 18), e = _mm512_maskz_loadu_epi8(masks.e, p + 72);
        out.low = _mm512_xor_si512(picked, sign);
        out.high = _mm512_xor_si512(_mm512_permutex2var_epi8(c, _mm512_loadu_si512(layout->high), e), sign);
    } else {
        out.low = _mm512_and_si512(picked, nibble);
        out.high = _mm512_and_si512(_mm512_srli_epi16(picked, 4), nibble);
    }
    if (type == LK_Q5_0 || type == LK_Q5_1) {
        out.low = lk_fifth_bit512(out.low, a, b, layout->low_bits);
        out.high = lk_fifth_bit512(out.high, a, b, layout->high_bits);
    }
    __m512i words = _mm512_permutex2var_epi16(a, _mm512_loadu_si512(layout->scales), b);
    out.d = out.d_high = _mm512_cvtph_ps(_mm512_castsi512_si256(words));
    out.m = lk_has_minimum512(type) ? _mm_cvtph_ps(_mm512_extracti32x4_epi32(words, 2)) : _mm_setzero_ps();
    return out;
}

LK_AVX512_INLINE __m128 lk_floats_of_bytes(uint32_t four) {
    return _mm_cvtepi32_ps(_mm_cvtepu8_epi32(_mm_cvtsi32_si128((int)four)));
}

/// Half (0 or 1) of a Q4_K or Q5_K block.
LK_AVX512_INLINE lk_weights512 lk_unpack_k45(const lk_type type, const uint8_t *b, int half) {
    const __m512i nibble = _mm512_set1_epi8(15);
    const __m512i firsts = _mm512_setr_epi64(0, 1, 8, 9, 4, 5, 12, 13);
    const __m512i seconds = _mm512_setr_epi64(2, 3, 10, 11, 6, 7, 14, 15);
    lk_weights512 out;
    __m512i packed = _mm512_loadu_si512(b + (type == LK_Q5_K ? 48 : 16) + 64 * half);
    __m512i even = _mm512_and_si512(packed, nibble);  // parts 0 and 2
    __m512i odd = _mm512_and_si512(_mm512_srli_epi16(packed, 4), nibble);  // parts 1 and 3
    out.low = _mm512_permutex2var_epi64(even, firsts, odd);
    out.high = _mm512_permutex2var_epi64(even, seconds, odd);
    if (type == LK_Q5_K) {
        const __m512i bits = half ? _mm512_setr_epi32(0x10101010, 0x10101010, 0x10101010, 0x10101010, 0x20202020,
                                        0x20202020, 0x20202020, 0x20202020, 0x40404040, 0x40404040, 0x40404040,
                                        0x40404040, (int)0x80808080, (int)0x80808080, (int)0x80808080, (int)0x80808080)
                                  : _mm512_setr_epi32(0x01010101, 0x01010101, 0x01010101, 0x01010101, 0x02020202,
                                        0x02020202, 0x02020202, 0x02020202, 0x04040404, 0x04040404, 0x04040404,
                                        0x04040404, 0x08080808, 0x08080808, 0x08080808, 0x08080808);
        const __m512i sixteen = _mm512_set1_epi8(16);
        __m512i first = _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)(b + 16)));
        __m512i second = _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)(b + 32)));
        out.low = _mm512_mask_add_epi8(out.low, _mm512_test_epi8_mask(first, bits), out.low, sixteen);
        out.high = _mm512_mask_add_epi8(out.high, _mm512_test_epi8_mask(second, bits), out.high, sixteen);
    }
    uint32_t s0 = lk_read_u32(b + 4), s1 = lk_read_u32(b + 8), s2 = lk_read_u32(b + 12), scales, minima;
    if (half) {  // the high two bits of these are kept in the first eight bytes
        scales = (s2 & 0x0f0f0f0f) | (s0 >> 2 & 0x30303030);
        minima = (s2 >> 4 & 0x0f0f0f0f) | (s1 >> 2 & 0x30303030);
    } else {
        scales = s0 & 0x3f3f3f3f;
        minima = s1 & 0x3f3f3f3f;
    }
    __m128 dm = _mm_cvtph_ps(_mm_cvtsi32_si128((int)lk_read_u32(b)));
    __m128 d = _mm_broadcastss_ps(dm), minus_m = _mm_xor_ps(_mm_movehdup_ps(dm), _mm_set1_ps(-0.0f));
    out.d = out.d_high = lk_spread512(_mm_mul_ps(d, lk_floats_of_bytes(scales)));
    out.m = _mm_mul_ps(_mm_broadcastss_ps(minus_m), lk_floats_of_bytes(minima));
    return out;
}

/// Half (0 or 1) of a Q6_K block.
LK_AVX512_INLINE lk_weights512 lk_unpack_k6(const uint8_t *b, int half) {
    const __m512i by_four = _mm512_setr_epi64(0, 0, 0, 0, 0x0004000400040004, 0x0004000400040004, 0x0004000400040004,
                                              0x0004000400040004);
    const __m512i by_two = _mm512_setr_epi64(0, 0, 0x0002000200020002, 0x0002000200020002, 0x0004000400040004,
                                             0x0004000400040004, 0x0006000600060006, 0x0006000600060006);
    const __m512i nibble = _mm512_set1_epi8(15), two_bits = _mm512_set1_epi8(3);
    lk_weights512 out;
    __m512i packed = _mm512_loadu_si512(b + 64 * half);
    const uint8_t *qh = b + 128 + 32 * half;
    __m512i first = _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)qh));
    __m512i second = _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)(qh + 16)));
    first = _mm512_and_si512(_mm512_srlv_epi16(first, by_two), two_bits);
    second = _mm512_and_si512(_mm512_srlv_epi16(second, by_two), two_bits);
    __m512i low = _mm512_shuffle_i64x2(packed, packed, 0x88), high = _mm512_shuffle_i64x2(packed, packed, 0xdd);
    low = _mm512_and_si512(_mm512_srlv_epi16(low, by_four), nibble);
    high = _mm512_and_si512(_mm512_srlv_epi16(high, by_four), nibble);
    out.low = _mm512_or_si512(low, _mm512_slli_epi16(first, 4));
    out.high = _mm512_or_si512(high, _mm512_slli_epi16(second, 4));
    __m256 scales = _mm256_cvtepi32_ps(
        _mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)(b + 192 + 8 * half))));
    scales = _mm256_mul_ps(scales, _mm256_set1_ps(lk_f16_at(b + 208)));
    const __m512i evens = _mm512_setr_epi32(0, 0, 0, 0, 2, 2, 2, 2, 4, 4, 4, 4, 6, 6, 6, 6);
    out.d = _mm512_permutexvar_ps(evens, _mm512_castps256_ps512(scales));
    out.d_high = _mm512_permutexvar_ps(_mm512_add_epi32(evens, _mm512_set1_epi32(1)), _mm512_castps256_ps512(scales));
    out.m = _mm_setzero_ps();
    return out;
}

/// Group `g` of 128 weights of a row. `masks` count for blocks of 32 only: the others fill their groups.
LK_AVX512_INLINE lk_weights512 lk_unpack512(const lk_type type, const uint8_t *row, size_t g, lk_masks512 masks) {
    switch (type) {
    case LK_Q4_K: return lk_unpack_k45(type, row + g / 2 * 144, (int)(g & 1));
    case LK_Q5_K: return lk_unpack_k45(type, row + g / 2 * 176, (int)(g & 1));
    case LK_Q6_K: return lk_unpack_k6(row + g / 2 * 210, (int)(g & 1));
    default: return lk_unpack_32(type, row + g * 4 * (size_t)lk_layout512_of(type)->size, masks);
    }
}

#endif
#endif

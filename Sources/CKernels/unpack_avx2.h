// Quantised weights in registers, 128 at a time, for AVX2.
#ifndef LK_UNPACK_AVX2_H
#define LK_UNPACK_AVX2_H
#if defined(__x86_64__)
#include "variants.h"
#include <immintrin.h>

#define LK_AVX2 __attribute__((target("avx2,fma,f16c")))
#define LK_AVX2_INLINE LK_AVX2 static inline __attribute__((always_inline))

/// Four parts of 32 weights. Weight 32*j + i is d[j] * (q - offset) + m[j], with the first 16 q of parts 0 and 1 in
/// `low01`, their last 16 in `high01`, and so on. Only Q6_K has another scale for the high half; q of Q8_0 is signed.
typedef struct { __m256i low01, low23, high01, high23; __m128 d, d_high, m; } lk_weights256;

LK_AVX2_INLINE int lk_offset256(const lk_type type) {
    return type == LK_Q4_0 ? 8 : type == LK_Q5_0 ? 16 : type == LK_Q6_K ? 32 : 0;
}

LK_AVX2_INLINE int lk_has_minimum256(const lk_type type) {
    return type == LK_Q4_1 || type == LK_Q5_1 || type == LK_Q4_K || type == LK_Q5_K;
}

LK_AVX2_INLINE __m256i lk_two_lanes(const void *low, const void *high) {
    return _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)low)),
                                   _mm_loadu_si128((const __m128i *)high), 1);
}

LK_AVX2_INLINE __m256i lk_low_nibbles(__m256i bytes) { return _mm256_and_si256(bytes, _mm256_set1_epi8(15)); }
LK_AVX2_INLINE __m256i lk_high_nibbles(__m256i bytes) { return lk_low_nibbles(_mm256_srli_epi16(bytes, 4)); }

/// 16 where the bit is set: bits 0...15 of `first` for the low lane, of `second` for the high one.
LK_AVX2_INLINE __m256i lk_sixteens(uint32_t first, uint32_t second) {
    const __m256i byte = _mm256_setr_epi8(0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 3, 3, 3,
                                          3, 3, 3, 3, 3);
    const __m256i bit = _mm256_set1_epi64x((long long)0x8040201008040201u);
    __m256i spread = _mm256_shuffle_epi8(_mm256_set1_epi32((int)((first & 0xffff) | second << 16)), byte);
    return _mm256_and_si256(_mm256_cmpeq_epi8(_mm256_and_si256(spread, bit), bit), _mm256_set1_epi8(16));
}

static const uint8_t lk_no_block[34] = {0};

LK_AVX2_INLINE __m128 lk_four_halves(const uint8_t *a, const uint8_t *b, const uint8_t *c, const uint8_t *d) {
    return _mm_cvtph_ps(_mm_setr_epi16((short)lk_read_u16(a), (short)lk_read_u16(b), (short)lk_read_u16(c),
                                       (short)lk_read_u16(d), 0, 0, 0, 0));
}

/// `parts` (1 to 4) blocks of 32 from `p` on; the others are zero.
LK_AVX2_INLINE lk_weights256 lk_unpack_32_avx2(const lk_type type, const uint8_t *p, size_t parts) {
    const size_t size = type == LK_Q4_0 ? 18 : type == LK_Q4_1 ? 20 : type == LK_Q5_0 ? 22 : type == LK_Q5_1 ? 24 : 34;
    const size_t head = type == LK_Q4_1 || type == LK_Q5_1 ? 4 : 2;
    const size_t start = head + (type == LK_Q5_0 || type == LK_Q5_1 ? 4 : 0);
    const uint8_t *p1 = parts > 1 ? p + size : lk_no_block, *p2 = parts > 2 ? p + 2 * size : lk_no_block;
    const uint8_t *p3 = parts > 3 ? p + 3 * size : lk_no_block;
    lk_weights256 out;
    out.low01 = lk_two_lanes(p + start, p1 + start);
    out.low23 = lk_two_lanes(p2 + start, p3 + start);
    if (type == LK_Q8_0) {
        out.high01 = lk_two_lanes(p + start + 16, p1 + start + 16);
        out.high23 = lk_two_lanes(p2 + start + 16, p3 + start + 16);
    } else {
        out.high01 = lk_high_nibbles(out.low01);
        out.high23 = lk_high_nibbles(out.low23);
        out.low01 = lk_low_nibbles(out.low01);
        out.low23 = lk_low_nibbles(out.low23);
    }
    if (type == LK_Q5_0 || type == LK_Q5_1) {
        uint32_t b0 = lk_read_u32(p + head), b1 = lk_read_u32(p1 + head);
        uint32_t b2 = lk_read_u32(p2 + head), b3 = lk_read_u32(p3 + head);
        out.low01 = _mm256_or_si256(out.low01, lk_sixteens(b0, b1));
        out.low23 = _mm256_or_si256(out.low23, lk_sixteens(b2, b3));
        out.high01 = _mm256_or_si256(out.high01, lk_sixteens(b0 >> 16, b1 >> 16));
        out.high23 = _mm256_or_si256(out.high23, lk_sixteens(b2 >> 16, b3 >> 16));
    }
    out.d = out.d_high = lk_four_halves(p, p1, p2, p3);
    out.m = lk_has_minimum256(type) ? lk_four_halves(p + 2, p1 + 2, p2 + 2, p3 + 2) : _mm_setzero_ps();
    return out;
}

LK_AVX2_INLINE __m128 lk_floats_of_bytes_avx2(uint32_t four) {
    return _mm_cvtepi32_ps(_mm_cvtepu8_epi32(_mm_cvtsi32_si128((int)four)));
}

/// 16 in the bytes of `bits` that have bit `bit`.
LK_AVX2_INLINE __m256i lk_sixteens_at(__m256i bits, int bit) {
    __m256i mask = _mm256_set1_epi8((char)(1 << bit));
    return _mm256_and_si256(_mm256_cmpeq_epi8(_mm256_and_si256(bits, mask), mask), _mm256_set1_epi8(16));
}

/// From 32 values of part 0 and of part 1: their first halves, or their last.
#define LK_FIRSTS(a, b) _mm256_permute2x128_si256(a, b, 0x20)
#define LK_LASTS(a, b) _mm256_permute2x128_si256(a, b, 0x31)

/// Half (0 or 1) of a Q4_K or Q5_K block.
LK_AVX2_INLINE lk_weights256 lk_unpack_k45_avx2(const lk_type type, const uint8_t *b, int half) {
    const uint8_t *qs = b + (type == LK_Q5_K ? 48 : 16) + 64 * half;
    __m256i v = _mm256_loadu_si256((const __m256i *)qs), u = _mm256_loadu_si256((const __m256i *)(qs + 32));
    __m256i q0 = lk_low_nibbles(v), q1 = lk_high_nibbles(v), q2 = lk_low_nibbles(u), q3 = lk_high_nibbles(u);
    if (type == LK_Q5_K) {
        __m256i bits = _mm256_loadu_si256((const __m256i *)(b + 16));
        q0 = _mm256_or_si256(q0, lk_sixteens_at(bits, 4 * half));
        q1 = _mm256_or_si256(q1, lk_sixteens_at(bits, 4 * half + 1));
        q2 = _mm256_or_si256(q2, lk_sixteens_at(bits, 4 * half + 2));
        q3 = _mm256_or_si256(q3, lk_sixteens_at(bits, 4 * half + 3));
    }
    lk_weights256 out;
    out.low01 = LK_FIRSTS(q0, q1);
    out.high01 = LK_LASTS(q0, q1);
    out.low23 = LK_FIRSTS(q2, q3);
    out.high23 = LK_LASTS(q2, q3);
    uint32_t s0 = lk_read_u32(b + 4), s1 = lk_read_u32(b + 8), s2 = lk_read_u32(b + 12), scales, minima;
    if (half) {  // the high two bits of these are kept in the first eight bytes
        scales = (s2 & 0x0f0f0f0f) | (s0 >> 2 & 0x30303030);
        minima = (s2 >> 4 & 0x0f0f0f0f) | (s1 >> 2 & 0x30303030);
    } else {
        scales = s0 & 0x3f3f3f3f;
        minima = s1 & 0x3f3f3f3f;
    }
    __m128 dm = _mm_cvtph_ps(_mm_cvtsi32_si128((int)lk_read_u32(b)));
    __m128 minus_m = _mm_xor_ps(_mm_movehdup_ps(dm), _mm_set1_ps(-0.0f));
    out.d = out.d_high = _mm_mul_ps(_mm_broadcastss_ps(dm), lk_floats_of_bytes_avx2(scales));
    out.m = _mm_mul_ps(_mm_broadcastss_ps(minus_m), lk_floats_of_bytes_avx2(minima));
    return out;
}

/// Half (0 or 1) of a Q6_K block.
LK_AVX2_INLINE lk_weights256 lk_unpack_k6_avx2(const uint8_t *b, int half) {
    const __m256i two_bits = _mm256_set1_epi8(0x30);
    const uint8_t *ql = b + 64 * half;
    __m256i v = _mm256_loadu_si256((const __m256i *)ql), u = _mm256_loadu_si256((const __m256i *)(ql + 32));
    __m256i bits = _mm256_loadu_si256((const __m256i *)(b + 128 + 32 * half));
    __m256i q0 = _mm256_or_si256(lk_low_nibbles(v), _mm256_and_si256(_mm256_slli_epi16(bits, 4), two_bits));
    __m256i q1 = _mm256_or_si256(lk_low_nibbles(u), _mm256_and_si256(_mm256_slli_epi16(bits, 2), two_bits));
    __m256i q2 = _mm256_or_si256(lk_high_nibbles(v), _mm256_and_si256(bits, two_bits));
    __m256i q3 = _mm256_or_si256(lk_high_nibbles(u), _mm256_and_si256(_mm256_srli_epi16(bits, 2), two_bits));
    lk_weights256 out;
    out.low01 = LK_FIRSTS(q0, q1);
    out.high01 = LK_LASTS(q0, q1);
    out.low23 = LK_FIRSTS(q2, q3);
    out.high23 = LK_LASTS(q2, q3);
    __m128i scales = _mm_loadl_epi64((const __m128i *)(b + 192 + 8 * half));
    const __m128i evens = _mm_setr_epi8(0, 2, 4, 6, 1, 3, 5, 7, -1, -1, -1, -1, -1, -1, -1, -1);
    __m256 all = _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_shuffle_epi8(scales, evens)));
    all = _mm256_mul_ps(all, _mm256_set1_ps(lk_f16_at(b + 208)));
    out.d = _mm256_castps256_ps128(all);
    out.d_high = _mm256_extractf128_ps(all, 1);
    out.m = _mm_setzero_ps();
    return out;
}

/// Group `g` of 128 weights of a row, of which `parts` parts are there.
LK_AVX2_INLINE lk_weights256 lk_unpack256(const lk_type type, const uint8_t *row, size_t g, size_t parts) {
    switch (type) {
    case LK_Q4_K: return lk_unpack_k45_avx2(type, row + g / 2 * 144, (int)(g & 1));
    case LK_Q5_K: return lk_unpack_k45_avx2(type, row + g / 2 * 176, (int)(g & 1));
    case LK_Q6_K: return lk_unpack_k6_avx2(row + g / 2 * 210, (int)(g & 1));
    case LK_Q4_0: return lk_unpack_32_avx2(type, row + g * 72, parts);
    case LK_Q4_1: return lk_unpack_32_avx2(type, row + g * 80, parts);
    case LK_Q5_0: return lk_unpack_32_avx2(type, row + g * 88, parts);
    case LK_Q5_1: return lk_unpack_32_avx2(type, row + g * 96, parts);
    default: return lk_unpack_32_avx2(type, row + g * 136, parts);
    }
}

#endif
#endif

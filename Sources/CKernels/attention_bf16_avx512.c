// Attention over a cache of bf16 on AVX-512 BF16, against attention_plain.c, in tiles of 64 positions. Up to 6 queries
// at a time keep 4 vectors each in registers, of scores and then of sums: named variables, because clang keeps arrays
// of them in memory. One instruction multiplies two dimensions of sixteen keys, or sixteen dimensions of two values.
#if defined(__x86_64__)
#include "variants_x86.h"
#include <immintrin.h>
#include <math.h>

enum { tile_positions = 64, tile_head_dim = 256, tile_queries = 6, queries_max = 48 };

/// 2^x, relative error below 3e-6, a thousandth of what rounding to bf16 takes; 1 for 0. Not for infinities.
LK_BF16_INLINE __m512 exp2_16(__m512 x, __mmask16 mask) {
    __m512 f = _mm512_sub_ps(x, _mm512_roundscale_ps(x, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC));
    __m512 p = _mm512_set1_ps(1.3426683e-2f);
    p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(5.2242476e-2f));
    p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(2.412802e-1f));
    p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(6.9304484e-1f));
    p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(1));
    return _mm512_maskz_scalef_ps(mask, p, x);
}

LK_BF16_INLINE __m512bh pair_of(const uint16_t *p) { return (__m512bh)_mm512_set1_epi32((int32_t)lk_read_u32(p)); }

// A head's run in a page is too short for the CPU to guess far enough. So what is read next is asked for: a tile's
// values while its keys are read, and the next tile's keys while the values are. Twice as fast as unasked when they
// come from memory. Where more than three queries leave the time, into the second-level cache: the first has room for fewer
// lines on their way than memory's latency takes.
LK_BF16_INLINE void ask_for(const int queries, const void *p, size_t line) {
    const char *at = (const char *)p + 64 * line;
    if (queries > 3) _mm_prefetch(at, _MM_HINT_T1);
    else _mm_prefetch(at, _MM_HINT_T0);
}

/// The first `seen` of sixteen positions.
LK_BF16_INLINE __mmask16 first(int32_t seen) {
    return seen >= 16 ? 0xffff : seen <= 0 ? 0 : (__mmask16)((1 << seen) - 1);
}

#define EACH_QUERY(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5)
#define DECLARE(i) __m512 a##i = _mm512_setzero_ps(), b##i = a##i, c##i = a##i, d##i = a##i;
#define SCORE(i) \
    if (queries > i) { \
        __m512bh two = pair_of(q + i * head_dim + 2 * j); \
        a##i = _mm512_dpbf16_ps(a##i, k0, two); \
        b##i = _mm512_dpbf16_ps(b##i, k1, two); \
        c##i = _mm512_dpbf16_ps(c##i, k2, two); \
        d##i = _mm512_dpbf16_ps(d##i, k3, two); \
    }
#define FIND_LARGEST(i) \
    if (queries > i) { \
        const int32_t seen = visible[i] > begin ? (int32_t)(visible[i] - begin) : 0; \
        __m512 largest = _mm512_mask_blend_ps(first(seen), nothing, a##i); \
        largest = _mm512_mask_max_ps(largest, first(seen - 16), largest, b##i); \
        largest = _mm512_mask_max_ps(largest, first(seen - 32), largest, c##i); \
        largest = _mm512_mask_max_ps(largest, first(seen - 48), largest, d##i); \
        const float most = _mm512_reduce_max_ps(largest) * scale; \
        before[i] = state[2 * i]; \
        state[2 * i] = before[i] > most ? before[i] : most; \
        /* Against -INFINITY everywhere, where nothing was to be seen. */ \
        bases[i] = state[2 * i] == -INFINITY ? 0 : state[2 * i]; \
    }
#define WEIGH(i) \
    if (queries > i) { \
        const int32_t seen = visible[i] > begin ? (int32_t)(visible[i] - begin) : 0; \
        const __m512 base = _mm512_set1_ps(bases[i] * log2e), factor = _mm512_set1_ps(scale * log2e); \
        a##i = exp2_16(_mm512_fmsub_ps(a##i, factor, base), first(seen)); \
        b##i = exp2_16(_mm512_fmsub_ps(b##i, factor, base), first(seen - 16)); \
        c##i = exp2_16(_mm512_fmsub_ps(c##i, factor, base), first(seen - 32)); \
        d##i = exp2_16(_mm512_fmsub_ps(d##i, factor, base), first(seen - 48)); \
        const __m512bh ab = _mm512_cvtne2ps_pbh(b##i, a##i), cd = _mm512_cvtne2ps_pbh(d##i, c##i); \
        _mm512_store_si512(weights + tile_positions * i, (__m512i)ab); \
        _mm512_store_si512(weights + tile_positions * i + 32, (__m512i)cd); \
        /* The sum of the weights as they are used, rounded. */ \
        const __m512 sum = _mm512_dpbf16_ps(_mm512_dpbf16_ps(_mm512_setzero_ps(), ab, ones), cd, ones); \
        state[2 * i + 1] = state[2 * i + 1] * kept[i] + _mm512_reduce_add_ps(sum); \
    }

/// Weights [queries, 64] of a tile, and what the sums so far are worth, `kept` [16]. k holds up to four groups of 16
/// positions, as many as `count` positions need; positions from `visible` on get no weight. `v`, unless NULL, is asked
/// for.
LK_BF16_INLINE void weigh(const int queries, const uint16_t *q, size_t head_dim, float scale, const uint32_t *visible,
                          size_t begin, const uint8_t *k, size_t count, const void *v, float *state, float *kept,
                          uint16_t *weights) {
    const float log2e = 1.44269504f;
    const __m512 nothing = _mm512_set1_ps(-INFINITY);
    const __m512bh ones = (__m512bh)_mm512_set1_epi16(0x3f80);
    float before[16] __attribute__((aligned(64))) = {0}, bases[16] __attribute__((aligned(64))) = {0};
    // The first group again, for scores that are not used.
    const uint8_t *k_1 = k + (count > 16 ? 32 * head_dim : 0), *k_2 = k + (count > 32 ? 64 * head_dim : 0);
    const uint8_t *k_3 = k + (count > 48 ? 96 * head_dim : 0);
    EACH_QUERY(DECLARE)
    for (size_t j = 0; j < head_dim / 2; j++) {
        if (v) {
            ask_for(queries, v, 4 * j);
            ask_for(queries, v, 4 * j + 1);
            ask_for(queries, v, 4 * j + 2);
            ask_for(queries, v, 4 * j + 3);
        }
        const __m512bh k0 = (__m512bh)_mm512_loadu_si512(k + 64 * j), k1 = (__m512bh)_mm512_loadu_si512(k_1 + 64 * j);
        const __m512bh k2 = (__m512bh)_mm512_loadu_si512(k_2 + 64 * j), k3 = (__m512bh)_mm512_loadu_si512(k_3 + 64 * j);
        EACH_QUERY(SCORE)
    }
    EACH_QUERY(FIND_LARGEST)
    const __m512 steps = _mm512_sub_ps(_mm512_load_ps(before), _mm512_load_ps(bases));
    // From minus infinity, whose fraction would not be a number, the step is one that leaves nothing too.
    const __m512 bounded = _mm512_max_ps(_mm512_set1_ps(-1000), _mm512_mul_ps(steps, _mm512_set1_ps(log2e)));
    _mm512_store_ps(kept, exp2_16(bounded, 0xffff));
    EACH_QUERY(WEIGH)
}

#define LOAD_SUM(i) \
    if (queries > i) { \
        const __m512 worth = _mm512_set1_ps(kept[i]); \
        const float *from = out + i * head_dim; \
        a##i = _mm512_mul_ps(_mm512_loadu_ps(from), worth); \
        if (parts > 1) b##i = _mm512_mul_ps(_mm512_loadu_ps(from + 16), worth); \
        if (parts > 2) c##i = _mm512_mul_ps(_mm512_loadu_ps(from + 32), worth); \
        if (parts > 3) d##i = _mm512_mul_ps(_mm512_loadu_ps(from + 48), worth); \
    }
#define ADD_VALUES(i) \
    if (queries > i) { \
        const __m512bh two = pair_of(weights + tile_positions * i + 2 * p); \
        a##i = _mm512_dpbf16_ps(a##i, v0, two); \
        if (parts > 1) b##i = _mm512_dpbf16_ps(b##i, v1, two); \
        if (parts > 2) c##i = _mm512_dpbf16_ps(c##i, v2, two); \
        if (parts > 3) d##i = _mm512_dpbf16_ps(d##i, v3, two); \
    }
#define STORE_SUM(i) \
    if (queries > i) { \
        float *to = out + i * head_dim; \
        _mm512_storeu_ps(to, a##i); \
        if (parts > 1) _mm512_storeu_ps(to + 16, b##i); \
        if (parts > 2) _mm512_storeu_ps(to + 32, c##i); \
        if (parts > 3) _mm512_storeu_ps(to + 48, d##i); \
    }

/// Sixteen dimensions of two values; the second counts as zero where it is past the last position, whatever is there.
LK_BF16_INLINE __m512bh values_at(const uint8_t *v, const int part, __mmask32 there) {
    return (__m512bh)_mm512_maskz_loadu_epi16(there, v + 64 * part);
}

/// out = out * kept + sum of weights[p] * v[p], for 16 * parts (1 to 4) dimensions of each query.
LK_BF16_INLINE void sum_values(const int queries, const int parts, const uint16_t *weights, const float *kept,
                               const uint8_t *v, size_t count, size_t head_dim, const void *next, float *out) {
    EACH_QUERY(DECLARE)
    EACH_QUERY(LOAD_SUM)
    for (size_t p = 0; p < (count + 1) / 2; p++, v += 4 * head_dim) {
        if (next)
            for (int line = 0; line < parts; line++) ask_for(queries, next, p * head_dim / 16 + (size_t)line);
        const __mmask32 there = 2 * p + 1 < count ? 0xffffffff : 0x55555555;
        const __m512bh v0 = values_at(v, 0, there), v1 = parts > 1 ? values_at(v, 1, there) : v0;
        const __m512bh v2 = parts > 2 ? values_at(v, 2, there) : v0, v3 = parts > 3 ? values_at(v, 3, there) : v0;
        EACH_QUERY(ADD_VALUES)
    }
    EACH_QUERY(STORE_SUM)
}

/// One tile of `count` positions, the first of them number `begin`.
LK_BF16_INLINE void attend_tile(const int queries, const uint16_t *q, size_t head_dim, float scale, const uint32_t *visible,
                                size_t begin, const uint8_t *k, const uint8_t *v, size_t count, const int asks,
                                const uint8_t *next, float *state, float *out) {
    uint16_t weights[tile_queries * tile_positions] __attribute__((aligned(64)));
    float kept[16] __attribute__((aligned(64)));
    weigh(queries, q, head_dim, scale, visible, begin, k, count, asks ? v : NULL, state, kept, weights);
    size_t j = 0;
    for (; j + 64 <= head_dim; j += 64)
        sum_values(queries, 4, weights, kept, v + 4 * j, count, head_dim, next ? next + 4 * j : NULL, out + j);
    for (; j < head_dim; j += 16)
        sum_values(queries, 1, weights, kept, v + 4 * j, count, head_dim, next ? next + 4 * j : NULL, out + j);
}

#define ATTEND(n) \
    case n: \
        attend_tile(n, rounded + i * head_dim, head_dim, scale, visible + i, begin, tile_k, tile_v, here, \
                    i == 0, i == 0 ? ahead : NULL, state + 2 * i, out + i * head_dim); \
        break;

/// Up to 48 queries.
LK_BF16_TARGET static void attend(const float *q, size_t queries, size_t head_dim, float scale, const uint32_t *visible,
                                  const uint8_t *k, const uint8_t *v, const uint8_t *next, float *state, float *out) {
    uint16_t rounded[queries_max * tile_head_dim] __attribute__((aligned(64)));
    lk_bf16_from_f32_avx512(q, rounded, queries * head_dim);
    size_t positions = 0;
    for (size_t i = 0; i < queries; i++) positions = visible[i] > positions ? visible[i] : positions;
    for (size_t begin = 0; begin < positions; begin += tile_positions) {
        const size_t left = positions - begin, here = left < tile_positions ? left : tile_positions;
        const uint8_t *tile_k = k + 2 * begin * head_dim, *tile_v = v + 2 * begin * head_dim;
        const uint8_t *ahead = left > tile_positions ? tile_k + 2 * tile_positions * head_dim : next;
        for (size_t i = 0; i < queries; i += tile_queries) {
            switch (queries - i) {
            ATTEND(1)
            ATTEND(2)
            ATTEND(3)
            ATTEND(4)
            ATTEND(5)
            default: ATTEND(6)
            }
        }
    }
}

LK_BF16_TARGET void lk_attention_bf16_avx512(lk_type cache, const float *q, size_t queries, size_t head_dim, float scale,
                                             const uint32_t *visible, const void *k, const void *v, const void *next,
                                             float *state, float *out) {
    (void)cache;
    for (size_t i = 0; i < queries; i += queries_max) {
        const size_t count = queries - i < queries_max ? queries - i : queries_max;
        attend(q + i * head_dim, count, head_dim, scale, visible + i, k, v, next, state + 2 * i, out + i * head_dim);
    }
}
#endif

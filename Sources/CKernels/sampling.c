// The weights of all tokens for a sampler. The faster variants compute expf as the C library does, so that a draw does not
// depend on the instruction set: the algorithm, table and coefficients of ARM's optimized routines (math/expf.c and
// math/exp2f_data.c, MIT), which glibc and musl have.
#include "CInstructionSet.h"
#include "CKernelsSampling.h"
#include <math.h>

static double sum8(const double s[8]) { return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7])); }

/// From `begin` on, adding to the eight sums.
static void weigh_plain(const float *logits, size_t begin, size_t n, float largest, float scale, float least,
                        float *weights, double sums[8], size_t *positive) {
    for (size_t i = begin; i < n; i++) {
        const float exponent = (logits[i] - largest) * scale;
        const float weight = exponent > -30 ? expf(exponent) : 0;
        weights[i] = weight >= least ? weight : 0;
        sums[i % 8] += (double)weights[i];
        *positive += weights[i] > 0;
    }
}

double lk_sample_weights_plain(const float *logits, size_t n, float largest, float scale, float least, float *weights,
                               size_t *positive) {
    double sums[8] = {0};
    *positive = 0;
    weigh_plain(logits, 0, n, largest, scale, least, weights, sums, positive);
    return sum8(sums);
}

static size_t keep_plain(const float *weights, size_t begin, size_t n, float least, int32_t *ids, size_t count) {
    for (size_t i = begin; i < n; i++)
        if (weights[i] > 0 && weights[i] >= least) ids[count++] = (int32_t)i;
    return count;
}

size_t lk_sample_keep_plain(const float *weights, size_t n, float least, int32_t *ids) {
    return keep_plain(weights, 0, n, least, ids, 0);
}

#if defined(__x86_64__)
#include <immintrin.h>

/// The bits of 2^(i/32), less i * 2^47: the integer part of an exponent of thirty-seconds is added whole.
static const uint64_t powers[32] = {
    0x3ff0000000000000, 0x3fefd9b0d3158574, 0x3fefb5586cf9890f, 0x3fef9301d0125b51,
    0x3fef72b83c7d517b, 0x3fef54873168b9aa, 0x3fef387a6e756238, 0x3fef1e9df51fdee1,
    0x3fef06fe0a31b715, 0x3feef1a7373aa9cb, 0x3feedea64c123422, 0x3feece086061892d,
    0x3feebfdad5362a27, 0x3feeb42b569d4f82, 0x3feeab07dd485429, 0x3feea47eb03a5585,
    0x3feea09e667f3bcd, 0x3fee9f75e8ec5f74, 0x3feea11473eb0187, 0x3feea589994cce13,
    0x3feeace5422aa0db, 0x3feeb737b0cdc5e5, 0x3feec49182a3f090, 0x3feed503b23e255d,
    0x3feee89f995ad3ad, 0x3feeff76f2fb5e47, 0x3fef199bdd85529c, 0x3fef3720dcef9069,
    0x3fef5818dcfba487, 0x3fef7c97337b9b5f, 0x3fefa4afa2a490da, 0x3fefd0765b6e4540,
};
static const double per_ln2 = 0x1.71547652b82fep+0 * 32, rounder = 0x1.8p+52;
static const double cubic = 0x1.c6af84b912394p-5 / 32 / 32 / 32, square = 0x1.ebfce50fac4f3p-3 / 32 / 32,
                    linear = 0x1.62e42ff0c52d6p-1 / 32;

#define LK_SAMPLE_AVX2 __attribute__((target("avx2,fma")))
#define LK_SAMPLE_AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx2,fma")))

/// Four exponents above -30 or, where they are not, anything.
LK_SAMPLE_AVX2 static inline __attribute__((always_inline)) __m128 exp4(__m128 x) {
    const __m256d wide = _mm256_cvtps_pd(x), factor = _mm256_set1_pd(per_ln2), shift = _mm256_set1_pd(rounder);
    const __m256d shifted = _mm256_fmadd_pd(factor, wide, shift);
    const __m256d r = _mm256_fmsub_pd(factor, wide, _mm256_sub_pd(shifted, shift));
    const __m256i steps = _mm256_castpd_si256(shifted);
    const __m256i place = _mm256_and_si256(steps, _mm256_set1_epi64x(31));
    const __m256i power = _mm256_i64gather_epi64((const long long *)powers, place, 8);
    const __m256d s = _mm256_castsi256_pd(_mm256_add_epi64(power, _mm256_slli_epi64(steps, 47)));
    const __m256d high = _mm256_fmadd_pd(_mm256_set1_pd(cubic), r, _mm256_set1_pd(square));
    const __m256d low = _mm256_fmadd_pd(_mm256_set1_pd(linear), r, _mm256_set1_pd(1));
    return _mm256_cvtpd_ps(_mm256_mul_pd(_mm256_fmadd_pd(high, _mm256_mul_pd(r, r), low), s));
}

LK_SAMPLE_AVX2 static double weights_avx2(const float *logits, size_t n, float largest, float scale, float least,
                                          float *weights, size_t *positive) {
    const __m256 zero = _mm256_setzero_ps();
    __m256d low = _mm256_setzero_pd(), high = _mm256_setzero_pd();
    size_t i = 0, count = 0;
    for (; i + 8 <= n; i += 8) {
        const __m256 x = _mm256_mul_ps(_mm256_sub_ps(_mm256_loadu_ps(logits + i), _mm256_set1_ps(largest)),
                                       _mm256_set1_ps(scale));
        const __m256 counts = _mm256_cmp_ps(x, _mm256_set1_ps(-30), _CMP_GT_OQ);
        if (_mm256_movemask_ps(counts) == 0) {
            _mm256_storeu_ps(weights + i, zero);
            continue;
        }
        __m256 w = _mm256_set_m128(exp4(_mm256_extractf128_ps(x, 1)), exp4(_mm256_castps256_ps128(x)));
        w = _mm256_and_ps(w, counts);
        w = _mm256_and_ps(w, _mm256_cmp_ps(w, _mm256_set1_ps(least), _CMP_GE_OQ));
        _mm256_storeu_ps(weights + i, w);
        low = _mm256_add_pd(low, _mm256_cvtps_pd(_mm256_castps256_ps128(w)));
        high = _mm256_add_pd(high, _mm256_cvtps_pd(_mm256_extractf128_ps(w, 1)));
        count += (size_t)__builtin_popcount((unsigned)_mm256_movemask_ps(_mm256_cmp_ps(w, zero, _CMP_GT_OQ)));
    }
    double sums[8];
    _mm256_storeu_pd(sums, low);
    _mm256_storeu_pd(sums + 4, high);
    *positive = count;
    weigh_plain(logits, i, n, largest, scale, least, weights, sums, positive);
    return sum8(sums);
}

LK_SAMPLE_AVX2 static size_t keep_avx2(const float *weights, size_t n, float least, int32_t *ids) {
    size_t i = 0, count = 0;
    for (; i + 8 <= n; i += 8) {
        const __m256 w = _mm256_loadu_ps(weights + i);
        unsigned mask = (unsigned)_mm256_movemask_ps(
            _mm256_and_ps(_mm256_cmp_ps(w, _mm256_setzero_ps(), _CMP_GT_OQ),
                          _mm256_cmp_ps(w, _mm256_set1_ps(least), _CMP_GE_OQ)));
        for (; mask != 0; mask &= mask - 1) ids[count++] = (int32_t)(i + (size_t)__builtin_ctz(mask));
    }
    return keep_plain(weights, i, n, least, ids, count);
}

/// Eight exponents above -30 or, where they are not, anything.
LK_SAMPLE_AVX512 static inline __attribute__((always_inline)) __m256 exp8(__m256 x, const __m512i table[4]) {
    const __m512d wide = _mm512_cvtps_pd(x), factor = _mm512_set1_pd(per_ln2), shift = _mm512_set1_pd(rounder);
    const __m512d shifted = _mm512_fmadd_pd(factor, wide, shift);
    const __m512d r = _mm512_fmsub_pd(factor, wide, _mm512_sub_pd(shifted, shift));
    const __m512i steps = _mm512_castpd_si512(shifted);
    const __mmask8 upper = _mm512_test_epi64_mask(steps, _mm512_set1_epi64(16));
    const __m512i power = _mm512_mask_blend_epi64(upper, _mm512_permutex2var_epi64(table[0], steps, table[1]),
                                                  _mm512_permutex2var_epi64(table[2], steps, table[3]));
    const __m512d s = _mm512_castsi512_pd(_mm512_add_epi64(power, _mm512_slli_epi64(steps, 47)));
    const __m512d high = _mm512_fmadd_pd(_mm512_set1_pd(cubic), r, _mm512_set1_pd(square));
    const __m512d low = _mm512_fmadd_pd(_mm512_set1_pd(linear), r, _mm512_set1_pd(1));
    return _mm512_cvtpd_ps(_mm512_mul_pd(_mm512_fmadd_pd(high, _mm512_mul_pd(r, r), low), s));
}

LK_SAMPLE_AVX512 static double weights_avx512(const float *logits, size_t n, float largest, float scale, float least,
                                              float *weights, size_t *positive) {
    const __m512i table[4] = {_mm512_loadu_si512(powers), _mm512_loadu_si512(powers + 8),
                              _mm512_loadu_si512(powers + 16), _mm512_loadu_si512(powers + 24)};
    __m512d sum = _mm512_setzero_pd();
    size_t i = 0, count = 0;
    for (; i + 8 <= n; i += 8) {
        const __m256 x = _mm256_mul_ps(_mm256_sub_ps(_mm256_loadu_ps(logits + i), _mm256_set1_ps(largest)),
                                       _mm256_set1_ps(scale));
        __mmask8 counts = _mm256_cmp_ps_mask(x, _mm256_set1_ps(-30), _CMP_GT_OQ);
        __m256 w = exp8(x, table);
        counts = _mm256_mask_cmp_ps_mask(counts, w, _mm256_set1_ps(least), _CMP_GE_OQ);
        w = _mm256_maskz_mov_ps(counts, w);
        _mm256_storeu_ps(weights + i, w);
        sum = _mm512_add_pd(sum, _mm512_cvtps_pd(w));
        count += (size_t)__builtin_popcount((unsigned)counts);
    }
    double sums[8];
    _mm512_storeu_pd(sums, sum);
    *positive = count;
    weigh_plain(logits, i, n, largest, scale, least, weights, sums, positive);
    return sum8(sums);
}

LK_SAMPLE_AVX512 static size_t keep_avx512(const float *weights, size_t n, float least, int32_t *ids) {
    __m512i places = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    size_t i = 0, count = 0;
    for (; i + 16 <= n; i += 16) {
        const __m512 w = _mm512_loadu_ps(weights + i);
        const __mmask16 mask = _mm512_mask_cmp_ps_mask(_mm512_cmp_ps_mask(w, _mm512_setzero_ps(), _CMP_GT_OQ), w,
                                                       _mm512_set1_ps(least), _CMP_GE_OQ);
        if (mask != 0) {
            _mm512_storeu_si512(ids + count, _mm512_maskz_compress_epi32(mask, places));
            count += (size_t)__builtin_popcount((unsigned)mask);
        }
        places = _mm512_add_epi32(places, _mm512_set1_epi32(16));
    }
    return keep_plain(weights, i, n, least, ids, count);
}
#endif

double lk_sample_weights(const float *logits, size_t n, float largest, float scale, float least, float *weights,
                         size_t *positive) {
#if defined(__x86_64__)
    if (lk_isa_may_use(LK_ISA_AVX512))
        return weights_avx512(logits, n, largest, scale, least, weights, positive);
    if (lk_isa_may_use(LK_ISA_AVX2)) return weights_avx2(logits, n, largest, scale, least, weights, positive);
#endif
    return lk_sample_weights_plain(logits, n, largest, scale, least, weights, positive);
}

size_t lk_sample_keep(const float *weights, size_t n, float least, int32_t *ids) {
#if defined(__x86_64__)
    if (lk_isa_may_use(LK_ISA_AVX512)) return keep_avx512(weights, n, least, ids);
    if (lk_isa_may_use(LK_ISA_AVX2)) return keep_avx2(weights, n, least, ids);
#endif
    return lk_sample_keep_plain(weights, n, least, ids);
}

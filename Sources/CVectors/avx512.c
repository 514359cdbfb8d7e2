// AVX-512 with VNNI: one instruction multiplies and adds four codes of each of 16 vectors.
#if defined(__x86_64__)
#include "variants.h"
#include <immintrin.h>
#include <string.h>

#define AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni")))

AVX512 static inline __m512i spread(const int8_t *codes, size_t group) {
    int32_t four;
    memcpy(&four, codes + group * LK_VECTOR_GROUP, sizeof four);
    return _mm512_set1_epi32(four);
}

AVX512 static inline __m512 scaled(__m512i sums, int32_t bias, const float *scales) {
    return _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_sub_epi32(sums, _mm512_set1_epi32(bias))), _mm512_loadu_ps(scales));
}

/// Two groups at a time, each with sums of its own: the latency of one hides behind the other.
AVX512 float lk_vector_scores_avx512(const uint8_t *codes, const float *scales, lk_vector_query query, size_t groups,
                                     float *scores) {
    __m512i a0 = _mm512_setzero_si512(), b0 = a0, a1 = a0, b1 = a0;
    size_t g = 0;
    for (; g + 2 <= groups; g += 2, codes += 256) {
        __m512i q0 = spread(query.codes, g), q1 = spread(query.codes, g + 1);
        a0 = _mm512_dpbusd_epi32(a0, _mm512_loadu_si512(codes), q0);
        b0 = _mm512_dpbusd_epi32(b0, _mm512_loadu_si512(codes + 64), q0);
        a1 = _mm512_dpbusd_epi32(a1, _mm512_loadu_si512(codes + 128), q1);
        b1 = _mm512_dpbusd_epi32(b1, _mm512_loadu_si512(codes + 192), q1);
    }
    if (g < groups) {
        __m512i q = spread(query.codes, g);
        a0 = _mm512_dpbusd_epi32(a0, _mm512_loadu_si512(codes), q);
        b0 = _mm512_dpbusd_epi32(b0, _mm512_loadu_si512(codes + 64), q);
    }
    __m512 a = scaled(_mm512_add_epi32(a0, a1), query.bias, scales);
    __m512 b = scaled(_mm512_add_epi32(b0, b1), query.bias, scales + 16);
    _mm512_storeu_ps(scores, a);
    _mm512_storeu_ps(scores + 16, b);
    return _mm512_reduce_max_ps(_mm512_max_ps(a, b));
}

AVX512 void lk_vector_scores4_avx512(const uint8_t *codes, const float *scales, const lk_vector_query *queries,
                                     size_t groups, float *scores) {
    __m512i a[LK_VECTOR_QUERIES], b[LK_VECTOR_QUERIES];
    for (int q = 0; q < LK_VECTOR_QUERIES; q++) a[q] = b[q] = _mm512_setzero_si512();
    for (size_t g = 0; g < groups; g++, codes += 128) {
        __m512i first = _mm512_loadu_si512(codes), second = _mm512_loadu_si512(codes + 64);
        for (int q = 0; q < LK_VECTOR_QUERIES; q++) {
            __m512i four = spread(queries[q].codes, g);
            a[q] = _mm512_dpbusd_epi32(a[q], first, four);
            b[q] = _mm512_dpbusd_epi32(b[q], second, four);
        }
    }
    for (int q = 0; q < LK_VECTOR_QUERIES; q++, scores += LK_VECTOR_BLOCK) {
        _mm512_storeu_ps(scores, scaled(a[q], queries[q].bias, scales));
        _mm512_storeu_ps(scores + 16, scaled(b[q], queries[q].bias, scales + 16));
    }
}

AVX512 float lk_vector_dot_f32_avx512(const float *a, const float *b, size_t n) {
    __m512 sum = _mm512_setzero_ps();
    size_t i = 0;
    for (; i + 16 <= n; i += 16) sum = _mm512_fmadd_ps(_mm512_loadu_ps(a + i), _mm512_loadu_ps(b + i), sum);
    __mmask16 rest = (__mmask16)((1u << (n - i)) - 1);
    sum = _mm512_fmadd_ps(_mm512_maskz_loadu_ps(rest, a + i), _mm512_maskz_loadu_ps(rest, b + i), sum);
    return _mm512_reduce_add_ps(sum);
}
#endif

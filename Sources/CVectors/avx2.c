// AVX2: codes are widened to 16 bits, because its own product of bytes saturates.
#if defined(__x86_64__)
#include "variants.h"
#include <immintrin.h>
#include <string.h>

#define AVX2 __attribute__((target("avx2,fma")))

/// Four codes of each of four vectors, times the query's, in pairs: lanes 2v and 2v+1 belong to vector v.
AVX2 static inline __m256i pairs(const uint8_t *codes, __m256i query) {
    return _mm256_madd_epi16(_mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)codes)), query);
}

AVX2 static inline __m256i spread(const int8_t *codes, size_t group) {
    int32_t four;
    memcpy(&four, codes + group * LK_VECTOR_GROUP, sizeof four);
    return _mm256_cvtepi8_epi16(_mm_set1_epi32(four));
}

AVX2 float lk_vector_scores_avx2(const uint8_t *codes, const float *scales, lk_vector_query query, size_t groups,
                                 float *scores) {
    __m256i sums[8];
    for (int i = 0; i < 8; i++) sums[i] = _mm256_setzero_si256();
    for (size_t g = 0; g < groups; g++, codes += 128) {
        __m256i four = spread(query.codes, g);
        for (int i = 0; i < 8; i++) sums[i] = _mm256_add_epi32(sums[i], pairs(codes + 16 * i, four));
    }
    __m256i bias = _mm256_set1_epi32(query.bias);
    __m256 largest = _mm256_set1_ps(-__builtin_inff());
    for (int i = 0; i < 4; i++) {
        // hadd works in halves: 0 1 4 5 2 3 6 7.
        __m256i sum = _mm256_permute4x64_epi64(_mm256_hadd_epi32(sums[2 * i], sums[2 * i + 1]), 0xD8);
        __m256 score = _mm256_mul_ps(_mm256_cvtepi32_ps(_mm256_sub_epi32(sum, bias)), _mm256_loadu_ps(scales + 8 * i));
        _mm256_storeu_ps(scores + 8 * i, score);
        largest = _mm256_max_ps(largest, score);
    }
    float eight[8], result;
    _mm256_storeu_ps(eight, largest);
    result = eight[0];
    for (int i = 1; i < 8; i++) result = eight[i] > result ? eight[i] : result;
    return result;
}

AVX2 void lk_vector_scores4_avx2(const uint8_t *codes, const float *scales, const lk_vector_query *queries,
                                 size_t groups, float *scores) {
    for (int q = 0; q < LK_VECTOR_QUERIES; q++)
        lk_vector_scores_avx2(codes, scales, queries[q], groups, scores + q * LK_VECTOR_BLOCK);
}

AVX2 float lk_vector_dot_f32_avx2(const float *a, const float *b, size_t n) {
    __m256 sum = _mm256_setzero_ps();
    size_t i = 0;
    for (; i + 8 <= n; i += 8) sum = _mm256_fmadd_ps(_mm256_loadu_ps(a + i), _mm256_loadu_ps(b + i), sum);
    float eight[8], result = 0;
    _mm256_storeu_ps(eight, sum);
    for (int k = 0; k < 8; k++) result += eight[k];
    for (; i < n; i++) result += a[i] * b[i];
    return result;
}
#endif

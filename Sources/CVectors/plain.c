// The reference: every faster variant gives these numbers (F32 sums but for their order).
#include "variants.h"
#include <math.h>

float lk_vector_scores_plain(const uint8_t *codes, const float *scales, lk_vector_query query, size_t groups,
                             float *scores) {
    float largest = -INFINITY;
    for (size_t v = 0; v < LK_VECTOR_BLOCK; v++) {
        int32_t sum = -query.bias;
        for (size_t g = 0; g < groups; g++)
            for (size_t d = 0; d < LK_VECTOR_GROUP; d++)
                sum += codes[(g * LK_VECTOR_BLOCK + v) * LK_VECTOR_GROUP + d] * query.codes[g * LK_VECTOR_GROUP + d];
        scores[v] = scales[v] * (float)sum;
        if (scores[v] > largest) largest = scores[v];
    }
    return largest;
}

void lk_vector_scores4_plain(const uint8_t *codes, const float *scales, const lk_vector_query *queries, size_t groups,
                             float *scores) {
    for (size_t q = 0; q < LK_VECTOR_QUERIES; q++)
        lk_vector_scores_plain(codes, scales, queries[q], groups, scores + q * LK_VECTOR_BLOCK);
}

float lk_vector_dot_f32_plain(const float *a, const float *b, size_t n) {
    float sum = 0;
    for (size_t i = 0; i < n; i++) sum += a[i] * b[i];
    return sum;
}

float lk_vector_quantize(const float *x, size_t n, int8_t *codes) {
    float largest = 0;
    for (size_t i = 0; i < n; i++) largest = fmaxf(largest, fabsf(x[i]));
    // A largest value so small that its inverse is infinite counts as zero.
    float inverse = 127.0f / largest;
    if (!isfinite(inverse)) inverse = 0;
    for (size_t i = 0; i < n; i++) codes[i] = (int8_t)lrintf(x[i] * inverse);
    return inverse == 0 ? 0 : largest / 127.0f;
}

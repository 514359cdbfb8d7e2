#ifndef LK_VECTOR_VARIANTS_H
#define LK_VECTOR_VARIANTS_H
#include "CVectors.h"

#define LK_VECTOR_DECLARE(isa)                                                                                         \
    float lk_vector_scores_##isa(const uint8_t *codes, const float *scales, lk_vector_query query, size_t groups,      \
                                 float *scores);                                                                       \
    void lk_vector_scores4_##isa(const uint8_t *codes, const float *scales, const lk_vector_query *queries,            \
                                 size_t groups, float *scores);                                                        \
    float lk_vector_dot_f32_##isa(const float *a, const float *b, size_t n);

LK_VECTOR_DECLARE(plain)
LK_VECTOR_DECLARE(avx2)
LK_VECTOR_DECLARE(avx512)
#endif

// Attention over runs of positions, the reference: one position at a time.
#include "forms.h"
#include <math.h>

void lk_attention_start(size_t queries, size_t head_dim, float *state, float *out) {
    for (size_t i = 0; i < queries; i++) {
        state[2 * i] = -INFINITY;
        state[2 * i + 1] = 0;
    }
    memset(out, 0, queries * head_dim * sizeof *out);
}

void lk_attention_finish(size_t queries, size_t head_dim, const float *state, float *out) {
    for (size_t i = 0; i < queries; i++) {
        float sum = state[2 * i + 1];
        float inverse = sum == 0 ? 0 : 1 / sum;  // NaN stays NaN, to be seen
        for (size_t j = 0; j < head_dim; j++) out[i * head_dim + j] *= inverse;
    }
}

/// exp(a - b) where both may be minus infinity.
static float factor(float a, float b) { return a == -INFINITY ? 0 : expf(a - b); }

/// Takes one position with this score into the running sum of one query.
static void take(float score, float (*value)(const void *, size_t), const void *v, size_t head_dim, float *state,
                 float *out) {
    float largest = score > state[0] ? score : state[0];
    float kept = factor(state[0], largest), weight = factor(score, largest);
    for (size_t j = 0; j < head_dim; j++) out[j] = out[j] * kept + weight * value(v, j);
    state[0] = largest;
    state[1] = state[1] * kept + weight;
}

static void attend(const float *q, size_t queries, size_t head_dim, float scale, const uint8_t *k, const uint8_t *v,
                   size_t stride_bytes, size_t positions, float (*value)(const void *, size_t), float *state,
                   float *out) {
    for (size_t p = 0; p < positions; p++) {
        for (size_t i = 0; i < queries; i++) {
            float score = 0;
            for (size_t j = 0; j < head_dim; j++) score += q[i * head_dim + j] * value(k + p * stride_bytes, j);
            take(score * scale, value, v + p * stride_bytes, head_dim, state + 2 * i, out + i * head_dim);
        }
    }
}

static float value_f16(const void *row, size_t i) { return lk_f16_at((const uint16_t *)row + i); }
static float value_f32(const void *row, size_t i) { return ((const float *)row)[i]; }

void lk_attention_f16_plain(const float *q, size_t queries, size_t head_dim, float scale, const uint16_t *k,
                            const uint16_t *v, size_t stride, size_t positions, float *state, float *out) {
    attend(q, queries, head_dim, scale, (const uint8_t *)k, (const uint8_t *)v, stride * sizeof *k, positions,
           value_f16, state, out);
}

void lk_attention_f32_plain(const float *q, size_t queries, size_t head_dim, float scale, const float *k,
                            const float *v, size_t stride, size_t positions, float *state, float *out) {
    attend(q, queries, head_dim, scale, (const uint8_t *)k, (const uint8_t *)v, stride * sizeof *k, positions,
           value_f32, state, out);
}

// Attention over runs of positions, the reference: one position at a time.
#include "variants.h"
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

void lk_attention_join(size_t queries, size_t head_dim, const float *more_state, const float *more, float *state,
                       float *out) {
    for (size_t i = 0; i < queries; i++, state += 2, more_state += 2, out += head_dim, more += head_dim) {
        float largest = more_state[0] > state[0] ? more_state[0] : state[0];
        float kept = factor(state[0], largest), weight = factor(more_state[0], largest);
        for (size_t j = 0; j < head_dim; j++) out[j] = out[j] * kept + more[j] * weight;
        state[0] = largest;
        state[1] = state[1] * kept + more_state[1] * weight;
    }
}

// Where value i of a position lies, counted in numbers of the cache.

static size_t key_at(lk_type cache, size_t head_dim, size_t position, size_t i) {
    if (cache == LK_BF16) return ((position / 16 * head_dim / 2 + i / 2) * 16 + position % 16) * 2 + i % 2;
    return (position / 16 * head_dim + i) * 16 + position % 16;
}

static size_t value_at(lk_type cache, size_t head_dim, size_t position, size_t i) {
    return cache == LK_BF16 ? (position / 2 * head_dim + i) * 2 + position % 2 : position * head_dim + i;
}

static float number_at(lk_type cache, const void *from, size_t i) {
    if (cache == LK_F32) return ((const float *)from)[i];
    return lk_float_from_bits((uint32_t)((const uint16_t *)from)[i] << 16);
}

void lk_put_key(lk_type cache, const float *key, size_t head_dim, size_t position, void *k) {
    if (cache == LK_F32) {
        for (size_t i = 0; i < head_dim; i++) ((float *)k)[key_at(cache, head_dim, position, i)] = key[i];
        return;
    }
    uint16_t rounded[64];
    for (size_t i = 0; i < head_dim; i += 64) {
        size_t count = head_dim - i < 64 ? head_dim - i : 64;
        lk_bf16_from_f32(key + i, rounded, count);
        for (size_t j = 0; j < count; j += 2)
            memcpy((uint16_t *)k + key_at(cache, head_dim, position, i + j), rounded + j, 2 * sizeof *rounded);
    }
}

void lk_put_value(lk_type cache, const float *value, size_t head_dim, size_t position, void *v) {
    if (cache == LK_F32) {
        memcpy((float *)v + position * head_dim, value, head_dim * sizeof *value);
        return;
    }
    uint16_t rounded[64];
    uint16_t *out = (uint16_t *)v + value_at(cache, head_dim, position, 0);
    for (size_t i = 0; i < head_dim; i += 64) {
        size_t count = head_dim - i < 64 ? head_dim - i : 64;
        lk_bf16_from_f32(value + i, rounded, count);
        // Not its partner: another thread may write that.
        for (size_t j = 0; j < count; j++) out[2 * (i + j)] = rounded[j];
    }
}

/// Takes one position with this score into the running sum of one query.
static void take(lk_type cache, float score, const void *v, size_t position, size_t head_dim, float *state, float *out) {
    float largest = score > state[0] ? score : state[0];
    float kept = factor(state[0], largest), weight = factor(score, largest);
    for (size_t j = 0; j < head_dim; j++)
        out[j] = out[j] * kept + weight * number_at(cache, v, value_at(cache, head_dim, position, j));
    state[0] = largest;
    state[1] = state[1] * kept + weight;
}

void lk_attention_plain(lk_type cache, const float *q, size_t queries, size_t head_dim, float scale,
                        const uint32_t *visible, const void *k, const void *v, const void *next, float *state, float *out) {
    (void)next;
    for (size_t i = 0; i < queries; i++, q += head_dim, state += 2, out += head_dim)
        for (size_t p = 0; p < visible[i]; p++) {
            float score = 0;
            for (size_t j = 0; j < head_dim; j++)
                score += q[j] * number_at(cache, k, key_at(cache, head_dim, p, j));
            take(cache, score * scale, v, p, head_dim, state, out);
        }
}

void lk_attention_limited_plain(lk_type cache, const float *q, size_t queries, size_t head_dim, float scale, float cap,
                                const uint32_t *hidden, const uint32_t *visible, const void *k, const void *v,
                                float *state, float *out) {
    for (size_t i = 0; i < queries; i++, q += head_dim, state += 2, out += head_dim)
        for (size_t p = hidden[i]; p < visible[i]; p++) {
            float score = 0;
            for (size_t j = 0; j < head_dim; j++)
                score += q[j] * number_at(cache, k, key_at(cache, head_dim, p, j));
            score *= scale;
            if (cap != 0) lk_soft_cap_plain(&score, 1, cap);
            take(cache, score, v, p, head_dim, state, out);
        }
}

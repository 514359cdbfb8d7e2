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

// Where value i of a position lies, counted in numbers of the cache. Of int8 every group of sixteen positions has its
// scales behind it.

static size_t even(size_t n) { return (n + 1) / 2 * 2; }
static size_t group_bytes(size_t head_dim) { return 16 * lk_cache_bytes(LK_INT8, head_dim); }

size_t lk_cache_bytes(lk_type cache, size_t head_dim) {
    if (cache == LK_INT8) return even(head_dim) + sizeof(float);
    return head_dim * (cache == LK_BF16 ? sizeof(uint16_t) : sizeof(float));
}

static size_t key_at(lk_type cache, size_t head_dim, size_t position, size_t i) {
    if (cache == LK_INT8)
        return position / 16 * group_bytes(head_dim) + (i / 2 * 16 + position % 16) * 2 + i % 2;
    if (cache == LK_BF16) return ((position / 16 * head_dim / 2 + i / 2) * 16 + position % 16) * 2 + i % 2;
    return (position / 16 * head_dim + i) * 16 + position % 16;
}

static size_t value_at(lk_type cache, size_t head_dim, size_t position, size_t i) {
    if (cache == LK_INT8)
        return position / 16 * group_bytes(head_dim) + (position % 16 / 2 * even(head_dim) + i) * 2 + position % 2;
    return cache == LK_BF16 ? (position / 2 * head_dim + i) * 2 + position % 2 : position * head_dim + i;
}

/// The place of a position's scale in a cache of int8, in bytes.
static size_t scale_at(size_t head_dim, size_t position) {
    return position / 16 * group_bytes(head_dim) + 16 * even(head_dim) + position % 16 * sizeof(float);
}

/// The factor of a position's numbers.
static float scale_of(lk_type cache, const void *from, size_t head_dim, size_t position) {
    float scale = 1;
    if (cache == LK_INT8) memcpy(&scale, (const uint8_t *)from + scale_at(head_dim, position), sizeof scale);
    return scale;
}

static float number_at(lk_type cache, const void *from, size_t i) {
    if (cache == LK_F32) return ((const float *)from)[i];
    if (cache == LK_INT8) return ((const int8_t *)from)[i];
    return lk_float_from_bits((uint32_t)((const uint16_t *)from)[i] << 16);
}

/// Whole numbers of up to 127 for a position's numbers, and their scale at its place. A number that is none, or
/// infinite, makes all of them so: it stays to be seen.
static float steps_of(const float *x, size_t head_dim, size_t position, void *run) {
    float largest = 0;
    for (size_t i = 0; i < head_dim; i++) {
        const float magnitude = fabsf(x[i]);
        largest = magnitude > largest || magnitude != magnitude ? magnitude : largest;
    }
    const float scale = largest / 127;
    memcpy((uint8_t *)run + scale_at(head_dim, position), &scale, sizeof scale);
    return largest > 0x1p-100f && largest < INFINITY ? 127 / largest : 0;
}

/// Up to 64 of them: x * steps to nearest.
static void round_to_int8(const float *x, size_t n, float steps, int8_t *out) {
    for (size_t i = 0; i < n; i++) {
        const float shifted = x[i] * steps + 12582912.0f;  // 1.5 * 2^23: a whole number in the low bits
        out[i] = (int8_t)lk_bits_from_float(shifted);
    }
}

enum { put_values = 64 };

void lk_put_key(lk_type cache, const float *key, size_t head_dim, size_t position, void *k) {
    if (cache == LK_F32) {
        for (size_t i = 0; i < head_dim; i++) ((float *)k)[key_at(cache, head_dim, position, i)] = key[i];
        return;
    }
    uint16_t rounded[put_values];
    int8_t whole[put_values + 1];
    const float steps = cache == LK_INT8 ? steps_of(key, head_dim, position, k) : 0;
    for (size_t i = 0; i < head_dim; i += put_values) {
        const size_t count = head_dim - i < put_values ? head_dim - i : put_values;
        if (cache == LK_INT8) {
            round_to_int8(key + i, count, steps, whole);
            whole[count] = 0;  // the partner of an odd head_dim's last
            for (size_t j = 0; j < count; j += 2)
                memcpy((int8_t *)k + key_at(cache, head_dim, position, i + j), whole + j, 2);
        } else {
            lk_bf16_from_f32(key + i, rounded, count);
            for (size_t j = 0; j < count; j += 2)
                memcpy((uint16_t *)k + key_at(cache, head_dim, position, i + j), rounded + j, 2 * sizeof *rounded);
        }
    }
}

void lk_put_value(lk_type cache, const float *value, size_t head_dim, size_t position, void *v) {
    if (cache == LK_F32) {
        memcpy((float *)v + position * head_dim, value, head_dim * sizeof *value);
        return;
    }
    uint16_t rounded[put_values];
    int8_t whole[put_values];
    const size_t at = value_at(cache, head_dim, position, 0);
    const float steps = cache == LK_INT8 ? steps_of(value, head_dim, position, v) : 0;
    for (size_t i = 0; i < head_dim; i += put_values) {
        const size_t count = head_dim - i < put_values ? head_dim - i : put_values;
        // Not its partner: another thread may write that.
        if (cache == LK_INT8) {
            round_to_int8(value + i, count, steps, whole);
            for (size_t j = 0; j < count; j++) ((int8_t *)v)[at + 2 * (i + j)] = whole[j];
        } else {
            lk_bf16_from_f32(value + i, rounded, count);
            for (size_t j = 0; j < count; j++) ((uint16_t *)v)[at + 2 * (i + j)] = rounded[j];
        }
    }
}

/// Takes one position with this score into the running sum of one query.
static void take(lk_type cache, float score, const void *v, size_t position, size_t head_dim, float *state, float *out) {
    float largest = score > state[0] ? score : state[0];
    float kept = factor(state[0], largest), weight = factor(score, largest);
    const float step = weight * scale_of(cache, v, head_dim, position);
    for (size_t j = 0; j < head_dim; j++)
        out[j] = out[j] * kept + step * number_at(cache, v, value_at(cache, head_dim, position, j));
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
            score *= scale * scale_of(cache, k, head_dim, p);
            take(cache, score, v, p, head_dim, state, out);
        }
}

void lk_attention_limited_plain(lk_type cache, const float *q, size_t queries, size_t head_dim, float scale, float cap,
                                const uint32_t *hidden, const uint32_t *visible, const void *k, const void *v,
                                const void *next, float *state, float *out) {
    (void)next;
    for (size_t i = 0; i < queries; i++, q += head_dim, state += 2, out += head_dim)
        for (size_t p = hidden[i]; p < visible[i]; p++) {
            float score = 0;
            for (size_t j = 0; j < head_dim; j++)
                score += q[j] * number_at(cache, k, key_at(cache, head_dim, p, j));
            score *= scale * scale_of(cache, k, head_dim, p);
            if (cap != 0) lk_soft_cap_plain(&score, 1, cap);
            take(cache, score, v, p, head_dim, state, out);
        }
}

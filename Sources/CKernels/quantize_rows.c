// Rows of weights from f32, bit for bit as llama.cpp's quantize_row_*_ref (ggml/src/ggml-quants.c) makes them: a file
// that is written here equals the one that its tools write.
#include "variants.h"

#include <math.h>
#include <string.h>

// A product and a sum must round one after the other, also where one instruction could do both.
#pragma STDC FP_CONTRACT OFF

static void put_f16(float value, uint8_t *out) {
    uint16_t half;
    lk_f16_from_f32(&value, &half, 1);
    memcpy(out, &half, 2);
}

static float inverse(float scale) { return scale != 0 ? 1 / scale : 0; }

/// Toward zero, within 0 to 15. What is not a number becomes 0.
static uint8_t nibble(float value) { return value >= 15 ? 15 : value >= 0 ? (uint8_t)value : 0; }

/// Half away from zero. What is not a number becomes 0.
static uint8_t nearest_i8(float value) {
    float rounded = roundf(value);
    return (uint8_t)(int8_t)(rounded >= 127 ? 127 : rounded >= -128 ? rounded : 0);
}

static void q8_0_block(const float *x, uint8_t *out) {
    float largest = 0;
    for (int i = 0; i < 32; i++) largest = fabsf(x[i]) > largest ? fabsf(x[i]) : largest;
    float scale = largest / 127, by = inverse(scale);
    put_f16(scale, out);
    for (int i = 0; i < 32; i++) out[2 + i] = nearest_i8(x[i] * by);
}

static void q4_0_block(const float *x, uint8_t *out) {
    float largest = 0, most = 0;
    for (int i = 0; i < 32; i++) {
        if (!(largest < fabsf(x[i]))) continue;
        largest = fabsf(x[i]);
        most = x[i];
    }
    float scale = most / -8, by = inverse(scale);
    put_f16(scale, out);
    for (int i = 0; i < 16; i++)
        out[2 + i] = (uint8_t)(nibble(x[i] * by + 8.5f) | nibble(x[16 + i] * by + 8.5f) << 4);
}

static void q4_1_block(const float *x, uint8_t *out) {
    float least = INFINITY, most = -INFINITY;
    for (int i = 0; i < 32; i++) {
        least = x[i] < least ? x[i] : least;
        most = x[i] > most ? x[i] : most;
    }
    float scale = (most - least) / 15, by = inverse(scale);
    put_f16(scale, out);
    put_f16(least, out + 2);
    for (int i = 0; i < 16; i++)
        out[4 + i] = (uint8_t)(nibble((x[i] - least) * by + 0.5f) | nibble((x[16 + i] - least) * by + 0.5f) << 4);
}

int lk_row_from_f32(lk_type type, const float *x, size_t n, void *out) {
    void (*block)(const float *, uint8_t *);
    switch (type) {
    case LK_F32: memcpy(out, x, n * sizeof(float)); return 1;
    case LK_F16: lk_f16_from_f32(x, out, n); return 1;
    case LK_BF16: lk_bf16_from_f32(x, out, n); return 1;
    case LK_Q8_0: block = q8_0_block; break;
    case LK_Q4_0: block = q4_0_block; break;
    case LK_Q4_1: block = q4_1_block; break;
    default: return 0;
    }
    size_t bytes = lk_row_bytes(type, 32);
    uint8_t *next = out;
    for (size_t i = 0; i < n; i += 32, next += bytes) block(x + i, next);
    return 1;
}

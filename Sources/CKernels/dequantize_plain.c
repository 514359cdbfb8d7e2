// Rows of weights to f32, the reference. Block layouts are those of GGUF files; all numbers little-endian.
// d is an f16 scale and m an f16 minimum; in 32-value blocks byte i of qs holds value i low and value i + 16 high.
#include "variants.h"
#include <math.h>

static void q4_0(const uint8_t *b, float *out) {  // d, qs[16]
    float d = lk_f16_at(b);
    for (int i = 0; i < 16; i++) {
        out[i] = d * (float)((b[2 + i] & 15) - 8);
        out[i + 16] = d * (float)((b[2 + i] >> 4) - 8);
    }
}

static void q4_1(const uint8_t *b, float *out) {  // d, m, qs[16]
    float d = lk_f16_at(b), m = lk_f16_at(b + 2);
    for (int i = 0; i < 16; i++) {
        out[i] = d * (float)(b[4 + i] & 15) + m;
        out[i + 16] = d * (float)(b[4 + i] >> 4) + m;
    }
}

/// 5-bit value i from 16 bytes of low nibbles and 32 high bits.
static int five_bits(const uint8_t *qs, uint32_t high, int i) {
    int low = i < 16 ? qs[i] & 15 : qs[i - 16] >> 4;
    return low | (int)(high >> i & 1) << 4;
}

static void q5_0(const uint8_t *b, float *out) {  // d, high bits[4], qs[16]
    float d = lk_f16_at(b);
    uint32_t high = lk_read_u32(b + 2);
    for (int i = 0; i < 32; i++) out[i] = d * (float)(five_bits(b + 6, high, i) - 16);
}

static void q5_1(const uint8_t *b, float *out) {  // d, m, high bits[4], qs[16]
    float d = lk_f16_at(b), m = lk_f16_at(b + 2);
    uint32_t high = lk_read_u32(b + 4);
    for (int i = 0; i < 32; i++) out[i] = d * (float)five_bits(b + 8, high, i) + m;
}

static void q8_0(const uint8_t *b, float *out) {  // d, q[32] signed
    float d = lk_f16_at(b);
    for (int i = 0; i < 32; i++) out[i] = d * (float)(int8_t)b[2 + i];
}

static void q2_k(const uint8_t *b, float *out) {  // scales[16], qs[64], d, m
    float d = lk_f16_at(b + 80), m = lk_f16_at(b + 82);
    for (int i = 0; i < 256; i++) {
        int scale = b[i / 16];
        int q = b[16 + i / 128 * 32 + i % 32] >> i % 128 / 32 * 2 & 3;
        out[i] = d * (float)(scale & 15) * (float)q - m * (float)(scale >> 4);
    }
}

static void q3_k(const uint8_t *b, float *out) {  // inverted high bits[32], qs[64], scales[12], d
    float d = lk_f16_at(b + 108);
    for (int i = 0; i < 256; i++) {
        int low = b[32 + i / 128 * 32 + i % 32] >> i % 128 / 32 * 2 & 3;
        int high = b[i % 32] >> i / 32 & 1;
        out[i] = d * (float)lk_k3_scale(b + 96, i / 16) * (float)(low - (high ? 0 : 4));
    }
}

static void q4_k(const uint8_t *b, float *out) {  // d, m, scales[12], qs[128]
    float d = lk_f16_at(b), m = lk_f16_at(b + 2);
    for (int i = 0; i < 256; i++) {
        int scale, minimum;
        lk_k4_scale(b + 4, i / 32, &scale, &minimum);
        int q = b[16 + i / 64 * 32 + i % 32] >> (i % 64 < 32 ? 0 : 4) & 15;
        out[i] = d * (float)scale * (float)q - m * (float)minimum;
    }
}

static void q5_k(const uint8_t *b, float *out) {  // d, m, scales[12], high bits[32], qs[128]
    float d = lk_f16_at(b), m = lk_f16_at(b + 2);
    for (int i = 0; i < 256; i++) {
        int scale, minimum;
        lk_k4_scale(b + 4, i / 32, &scale, &minimum);
        int low = b[48 + i / 64 * 32 + i % 32] >> (i % 64 < 32 ? 0 : 4) & 15;
        int high = b[16 + i % 32] >> i / 32 & 1;
        out[i] = d * (float)scale * (float)(low | high << 4) - m * (float)minimum;
    }
}

static void q6_k(const uint8_t *b, float *out) {  // low[128], high[64], signed scales[16], d
    float d = lk_f16_at(b + 208);
    for (int i = 0; i < 256; i++) {
        int low = b[i / 128 * 64 + i % 64] >> (i % 128 < 64 ? 0 : 4) & 15;
        int high = b[128 + i / 128 * 32 + i % 32] >> i % 128 / 32 * 2 & 3;
        out[i] = d * (float)(int8_t)b[192 + i / 16] * (float)((low | high << 4) - 32);
    }
}

static void iq4_nl(const uint8_t *b, float *out) {  // d, qs[16]
    float d = lk_f16_at(b);
    for (int i = 0; i < 16; i++) {
        out[i] = d * (float)(lk_iq4_values[b[2 + i] & 15] - 128);
        out[i + 16] = d * (float)(lk_iq4_values[b[2 + i] >> 4] - 128);
    }
}

static void iq4_xs(const uint8_t *b, float *out) {  // d, high bits of scales u16, low bits of scales[4], qs[128]
    for (int j = 0; j < 8; j++) {
        float d = lk_f16_at(b) * (float)lk_iq4_xs_scale(b, j);
        for (int i = 0; i < 16; i++) {
            out[32 * j + i] = d * (float)(lk_iq4_values[b[8 + 16 * j + i] & 15] - 128);
            out[32 * j + i + 16] = d * (float)(lk_iq4_values[b[8 + 16 * j + i] >> 4] - 128);
        }
    }
}

static void mxfp4(const uint8_t *b, float *out) {  // exponent of the scale, qs[16]
    float d = lk_half_e8m0(b[0]);
    for (int i = 0; i < 16; i++) {
        out[i] = d * (float)(lk_mxfp4_values[b[1 + i] & 15] - 12);
        out[i + 16] = d * (float)(lk_mxfp4_values[b[1 + i] >> 4] - 12);
    }
}

static void each_block(void (*block)(const uint8_t *, float *), lk_type type, const void *row, float *out, size_t n) {
    size_t values = lk_block_size(type), bytes = lk_row_bytes(type, values);
    const uint8_t *b = row;
    for (size_t i = 0; i < n; i += values, b += bytes) block(b, out + i);
}

void lk_dequantize_row_plain(lk_type type, const void *row, float *out, size_t n) {
    const uint8_t *bytes = row;
    switch (type) {
    case LK_F32: memcpy(out, row, n * sizeof *out); return;
    case LK_F16:
        for (size_t i = 0; i < n; i++) out[i] = lk_f16_at(bytes + 2 * i);
        return;
    case LK_BF16:
        for (size_t i = 0; i < n; i++) out[i] = lk_float_from_bits((uint32_t)lk_read_u16(bytes + 2 * i) << 16);
        return;
    case LK_IQ4_NL: each_block(iq4_nl, type, row, out, n); return;
    case LK_IQ4_XS: each_block(iq4_xs, type, row, out, n); return;
    case LK_MXFP4: each_block(mxfp4, type, row, out, n); return;
    case LK_Q4_0: each_block(q4_0, type, row, out, n); return;
    case LK_Q4_1: each_block(q4_1, type, row, out, n); return;
    case LK_Q5_0: each_block(q5_0, type, row, out, n); return;
    case LK_Q5_1: each_block(q5_1, type, row, out, n); return;
    case LK_Q8_0: each_block(q8_0, type, row, out, n); return;
    case LK_Q2_K: each_block(q2_k, type, row, out, n); return;
    case LK_Q3_K: each_block(q3_k, type, row, out, n); return;
    case LK_Q4_K: each_block(q4_k, type, row, out, n); return;
    case LK_Q5_K: each_block(q5_k, type, row, out, n); return;
    case LK_Q6_K: each_block(q6_k, type, row, out, n); return;
    case LK_NF4:
    case LK_INT8: return;  // have no rows
    }
}

/// Nearest even, by adding a float whose last bit is worth what the half's last bit is worth.
static uint16_t f16_from_f32(float value) {
    uint32_t bits = lk_bits_from_float(value);
    uint16_t sign = (uint16_t)(bits >> 16 & 0x8000);
    bits &= 0x7fffffff;
    if (bits > 0x7f800000) return sign | 0x7e00;
    if (bits >= 0x47800000) return sign | 0x7c00;
    if (bits < 0x38800000) {  // subnormal: the sum with 0.5 rounds to steps of 2^-24
        float rounded = lk_float_from_bits(bits) + 0.5f;
        return sign | (uint16_t)(lk_bits_from_float(rounded) - 0x3f000000);
    }
    bits += 0xfff + (bits >> 13 & 1);
    return sign | (uint16_t)((bits - 0x38000000) >> 13);
}

void lk_f16_from_f32(const float *x, uint16_t *out, size_t n) {
    for (size_t i = 0; i < n; i++) out[i] = f16_from_f32(x[i]);
}

void lk_q8_0_from_f32(const float *x, size_t n, void *out) {
    uint8_t *block = out;
    for (size_t b = 0; b < n; b += 32, x += 32, block += 34) {
        float largest = 0;
        for (int i = 0; i < 32; i++) largest = fabsf(x[i]) > largest || x[i] != x[i] ? fabsf(x[i]) : largest;
        float scale = largest / 127;
        uint16_t half;
        lk_f16_from_f32(&scale, &half, 1);
        // Against the scale as it will be read. One that rounds to zero or past f16's range leaves zeroes, or not a
        // number.
        scale = lk_f32_from_f16(half);
        float inverse = scale > 0 && scale < 65536 ? 1 / scale : 0;
        memcpy(block, &half, 2);
        for (int i = 0; i < 32; i++) {
            float q = x[i] * inverse;
            q = q > 127 ? 127 : q < -127 ? -127 : q;
            block[2 + i] = inverse == 0 ? 0 : (uint8_t)(int8_t)(int32_t)(q + (q < 0 ? -0.5f : 0.5f));
        }
    }
}

// Matrix products, the reference.
#include "forms.h"
#include <math.h>

enum { chunk_values = 256 };  // one block of the largest kind

void lk_matmul_f32_plain(lk_type type, const void *w, size_t out_begin, size_t out_end, const float *x, size_t rows,
                         size_t n, float *y, size_t ldy) {
    size_t row_bytes = lk_row_bytes(type, n);
    float weights[chunk_values];
    for (size_t o = out_begin; o < out_end; o++) {
        const uint8_t *row = (const uint8_t *)w + o * row_bytes;
        for (size_t r = 0; r < rows; r++) y[r * ldy + o] = 0;
        for (size_t i = 0; i < n; i += chunk_values) {
            size_t count = n - i < chunk_values ? n - i : chunk_values;
            lk_dequantize_row_plain(type, row + lk_row_bytes(type, i), weights, count);
            for (size_t r = 0; r < rows; r++) {
                float sum = 0;
                for (size_t j = 0; j < count; j++) sum += weights[j] * x[r * n + i + j];
                y[r * ldy + o] += sum;
            }
        }
    }
}

/// One part of 32 values. A value that cannot be scaled (NaN or infinity somewhere) makes the scale NaN, so that
/// the product is NaN too and the mistake is seen.
static void quantize_part(const float *x, lk_q8_block *out, size_t part) {
    float largest = 0;
    int finite = 1;
    for (int i = 0; i < 32; i++) {
        float magnitude = fabsf(x[i]);
        if (!(magnitude <= 3.402823466e38f)) finite = 0;
        if (magnitude > largest) largest = magnitude;
    }
    float scale = finite ? largest / 127 : NAN;
    float inverse = finite && scale > 0 ? 1 / scale : 0;
    if (!(inverse <= 3.402823466e38f)) inverse = scale = 0;  // smaller than any normal float: as good as zero
    int32_t sum = 0;
    for (int i = 0; i < 32; i++) {
        int q = finite ? (int)rintf(x[i] * inverse) : 0;
        out->q[i / 16][part][i % 16] = (int8_t)q;
        sum += q;
    }
    out->scale[part] = scale;
    out->sum[part] = sum;
    out->sum_scaled[part] = scale * (float)sum;
}

void lk_quantize_rows_plain(const float *x, size_t rows, size_t n, lk_q8_block *out) {
    size_t blocks = lk_q8_blocks(n);
    for (size_t r = 0; r < rows; r++) {
        if (n % 128 != 0) memset(out + r * blocks + blocks - 1, 0, sizeof *out);
        for (size_t i = 0; i < n; i += 32) quantize_part(x + r * n + i, out + r * blocks + i / 128, i % 128 / 32);
    }
}

/// 32 weights as value = d * (q - offset) + m.
typedef struct { int q[32], offset; float d, m; } weight_part;

static void unpack_32(lk_type type, const uint8_t *b, weight_part *out) {
    int with_minimum = type == LK_Q4_1 || type == LK_Q5_1;
    int with_fifth_bit = type == LK_Q5_0 || type == LK_Q5_1;
    out->d = lk_f16_at(b);
    out->m = with_minimum ? lk_f16_at(b + 2) : 0;
    b += with_minimum ? 4 : 2;
    uint32_t high = with_fifth_bit ? lk_read_u32(b) : 0;
    b += with_fifth_bit ? 4 : 0;
    out->offset = type == LK_Q4_0 ? 8 : type == LK_Q5_0 ? 16 : 0;
    for (int i = 0; i < 32; i++) {
        if (type == LK_Q8_0) out->q[i] = (int8_t)b[i];
        else out->q[i] = (i < 16 ? b[i] & 15 : b[i - 16] >> 4) | (int)(high >> i & 1) << 4;
    }
}

/// Part j of a Q4_K or Q5_K block.
static void unpack_k(lk_type type, const uint8_t *b, int j, weight_part *out) {
    int scale, minimum;
    lk_k4_scale(b + 4, j, &scale, &minimum);
    out->d = lk_f16_at(b) * (float)scale;
    out->m = -lk_f16_at(b + 2) * (float)minimum;
    out->offset = 0;
    const uint8_t *low = b + (type == LK_Q5_K ? 48 : 16) + j / 2 * 32;
    for (int i = 0; i < 32; i++) {
        int high = type == LK_Q5_K ? b[16 + i] >> j & 1 : 0;
        out->q[i] = (low[i] >> j % 2 * 4 & 15) | high << 4;
    }
}

static float dot_part(const weight_part *w, const lk_q8_block *x, size_t part) {
    int32_t sum = -w->offset * x->sum[part];
    for (int i = 0; i < 32; i++) sum += w->q[i] * x->q[i / 16][part][i % 16];
    return w->d * x->scale[part] * (float)sum + w->m * x->sum_scaled[part];
}

/// Part j of a Q6_K block has two scales, one for each half of 16.
static float dot_part_q6_k(const uint8_t *b, int j, const lk_q8_block *x, size_t part) {
    float total = 0;
    for (int half = 0; half < 2; half++) {
        int32_t sum = 0;
        for (int i = 16 * half; i < 16 * half + 16; i++) {
            int low = b[j / 4 * 64 + j % 2 * 32 + i] >> (j % 4 < 2 ? 0 : 4) & 15;
            int high = b[128 + j / 4 * 32 + i] >> j % 4 * 2 & 3;
            sum += ((low | high << 4) - 32) * x->q[half][part][i % 16];
        }
        total += (float)(int8_t)b[192 + j * 2 + half] * (float)sum;
    }
    return lk_f16_at(b + 208) * x->scale[part] * total;
}

int lk_has_q8(lk_type type) {
    switch (type) {
    case LK_Q4_0: case LK_Q4_1: case LK_Q5_0: case LK_Q5_1: case LK_Q8_0:
    case LK_Q4_K: case LK_Q5_K: case LK_Q6_K: return 1;
    default: return 0;
    }
}

void lk_matmul_q8_plain(lk_type type, const void *w, size_t out_begin, size_t out_end, const lk_q8_block *x,
                        size_t rows, size_t n, float *y, size_t ldy) {
    size_t row_bytes = lk_row_bytes(type, n), blocks = lk_q8_blocks(n);
    size_t block_values = lk_block_size(type), block_bytes = lk_row_bytes(type, block_values);
    weight_part part;
    for (size_t o = out_begin; o < out_end; o++) {
        const uint8_t *row = (const uint8_t *)w + o * row_bytes;
        for (size_t r = 0; r < rows; r++) {
            float sum = 0;
            for (size_t i = 0; i < n; i += 32) {
                const uint8_t *b = row + i / block_values * block_bytes;
                const lk_q8_block *activations = x + r * blocks + i / 128;
                int j = (int)(i % block_values / 32);
                if (type == LK_Q6_K) {
                    sum += dot_part_q6_k(b, j, activations, i % 128 / 32);
                    continue;
                }
                if (block_values == 256) unpack_k(type, b, j, &part);
                else unpack_32(type, b, &part);
                sum += dot_part(&part, activations, i % 128 / 32);
            }
            y[r * ldy + o] = sum;
        }
    }
}

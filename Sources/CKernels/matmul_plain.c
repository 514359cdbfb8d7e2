// Matrix products, the reference.
#include "panels.h"
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

/// A value that cannot be scaled (NaN or infinity somewhere) makes the scale NaN, so that the product is NaN too and
/// the mistake is seen.
static void quantize_block(const float *x, lk_q8_block *out) {
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
    out->sum[0] = out->sum[1] = 0;
    for (int i = 0; i < 32; i++) {
        int q = finite ? (int)rintf(x[i] * inverse) : 0;
        out->q[i] = (int8_t)q;
        out->sum[i / 16] += q;
    }
    out->scale = scale;
    out->sum_scaled = scale * (float)(out->sum[0] + out->sum[1]);
}

void lk_quantize_rows_plain(const float *x, size_t rows, size_t n, lk_q8_block *out) {
    for (size_t i = 0; i < rows * n; i += 32) quantize_block(x + i, out + i / 32);
}

void lk_quantize_rest_plain(const float *x, const lk_q8_block *q, size_t n, float *out) {
    for (size_t i = 0; i < n; i++) out[i] = x[i] - q[i / 32].scale * (float)q[i / 32].q[i % 32];
}

int lk_has_q8(lk_type type) {
    int bits = lk_panel_value_bits(type);
    return bits > 0 && bits < 16 && type != LK_NF4;
}

/// y[r] of one output, or added to it.
static void put(float *y, float sum, int add) { *y = add ? *y + sum : sum; }

static float dot_f32(const lk_panel_matrix *w, size_t output, const float *x) {
    float total = 0;
    for (size_t b = 0; b < w->inputs / panel_block; b++) {
        float sum = 0;
        for (size_t i = 0; i < panel_block; i++) sum += lk_panel_value(w, output, b * panel_block + i) * x[b * panel_block + i];
        total += sum;
    }
    return total;
}

static float dot_q8(const lk_panel_matrix *w, size_t output, const lk_q8_block *x) {
    const lk_type type = w->type;
    const uint8_t *panel = w->panels + output / panel_outputs * lk_panel_stride(type, w->inputs);
    const size_t c = output % panel_outputs;
    float total = 0;
    for (size_t b = 0; b < w->inputs / panel_block; b++) {
        const uint8_t *block = panel + lk_panel_block_at(type, b), *values = block + lk_panel_scale_bytes(type);
        for (size_t half = 0; half < 2; half++) {
            float d, m;
            lk_panel_scales(type, panel + lk_panel_head_at(type, b), block, b, c, 16 * half, &d, &m);
            int32_t sum = -lk_panel_offset(type) * x[b].sum[half];
            for (size_t i = 16 * half; i < 16 * half + 16; i++) sum += lk_panel_q(type, values, c, i) * x[b].q[i];
            total += d * x[b].scale * (float)sum;
            if (lk_panel_has_halves(type)) total += m * (x[b].scale * (float)x[b].sum[half]);
            else if (half == 0) total += m * x[b].sum_scaled;
        }
    }
    return total;
}

void lk_panel_matmul_f32_plain(const lk_panel_matrix *w, size_t begin, size_t end, const float *x, size_t rows, float *y,
                               size_t ldy, int add) {
    size_t first = begin * panel_outputs, last = end * panel_outputs < w->outputs ? end * panel_outputs : w->outputs;
    for (size_t r = 0; r < rows; r++)
        for (size_t o = first; o < last; o++) put(y + r * ldy + o - first, dot_f32(w, o, x + r * w->inputs), add);
}

void lk_panel_matmul_q8_plain(const lk_panel_matrix *w, size_t begin, size_t end, const lk_q8_block *x, size_t rows,
                              float *y, size_t ldy, int add) {
    size_t first = begin * panel_outputs, last = end * panel_outputs < w->outputs ? end * panel_outputs : w->outputs;
    for (size_t r = 0; r < rows; r++)
        for (size_t o = first; o < last; o++) put(y + r * ldy + o - first, dot_q8(w, o, x + r * (w->inputs / 32)), add);
}

/// Nearest even; a NaN stays one.
static uint16_t bf16_from_f32(float value) {
    uint32_t bits = lk_bits_from_float(value);
    if ((bits & 0x7fffffff) > 0x7f800000) return (uint16_t)(bits >> 16 | 0x40);
    return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

static float f32_from_bf16(uint16_t value) { return lk_float_from_bits((uint32_t)value << 16); }

void lk_bf16_from_f32_plain(const float *x, uint16_t *out, size_t n) {
    for (size_t i = 0; i < n; i++) out[i] = bf16_from_f32(x[i]);
}

void lk_panel_matmul_bf16_plain(const lk_panel_matrix *w, size_t begin, size_t end, const uint16_t *x, size_t rows,
                                float *y, size_t ldy, int add) {
    size_t first = begin * panel_outputs, last = end * panel_outputs < w->outputs ? end * panel_outputs : w->outputs;
    for (size_t r = 0; r < rows; r++)
        for (size_t o = first; o < last; o++) {
            float sum = 0;
            for (size_t i = 0; i < w->inputs; i++)
                sum += f32_from_bf16(bf16_from_f32(lk_panel_value(w, o, i))) * f32_from_bf16(x[r * w->inputs + i]);
            put(y + r * ldy + o - first, sum, add);
        }
}

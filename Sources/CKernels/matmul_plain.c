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

/// The scale of 32 values whose largest magnitude becomes `most`; `inverse` is what they are multiplied by. A value
/// that cannot be scaled (NaN or infinity somewhere) makes the scale NaN, so that the product is NaN too and the
/// mistake is seen.
static float scale_of(const float *x, float most, float *inverse) {
    float largest = 0;
    int finite = 1;
    for (int i = 0; i < 32; i++) {
        float magnitude = fabsf(x[i]);
        if (!(magnitude <= 3.402823466e38f)) finite = 0;
        if (magnitude > largest) largest = magnitude;
    }
    float scale = finite ? largest / most : NAN;
    *inverse = finite && scale > 0 ? 1 / scale : 0;
    if (!(*inverse <= 3.402823466e38f)) *inverse = scale = 0;  // smaller than any normal float: as good as zero
    return scale;
}

static int rounded(float x, float inverse) { return inverse > 0 ? (int)rintf(x * inverse) : 0; }

void lk_quantize_rows_plain(const float *x, size_t rows, size_t n, lk_q8_block *out) {
    for (lk_q8_block *end = out + rows * n / 32; out < end; out++, x += 32) {
        float inverse;
        out->scale = scale_of(x, 127, &inverse);
        out->sum[0] = out->sum[1] = 0;
        for (int i = 0; i < 32; i++) out->sum[i / 16] += out->q[i] = (int8_t)rounded(x[i], inverse);
        out->sum_scaled = out->scale * (float)(out->sum[0] + out->sum[1]);
    }
}

/// Where input i of a block stands in lk_q16_block.
static size_t place16(size_t i) { return i / 4 * 4 + i % 2 * 2 + i % 4 / 2; }

void lk_quantize_rows_q16_plain(const float *x, size_t rows, size_t n, lk_q16_block *out) {
    for (lk_q16_block *end = out + rows * n / 32; out < end; out++, x += 32) {
        float inverse;
        out->scale = scale_of(x, 32512, &inverse);
        out->sum[0] = out->sum[1] = 0;
        for (size_t i = 0; i < 32; i++) {
            const int q = rounded(x[i], inverse), high = (q + 128) >> 8;
            out->sum[i / 16] += q;
            out->q[place16(i)] = (int16_t)q;
            out->high[i] = (int8_t)high;
            out->low[i] = (int8_t)(q - high * 256);
        }
        out->sum_scaled = out->scale * (float)(out->sum[0] + out->sum[1]);
    }
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

/// A block of quantised activations, of either width.
typedef struct { float scale, sum_scaled; int32_t sum[2]; int32_t q[32]; } activations;

static activations activations8(const lk_q8_block *x) {
    activations a = {x->scale, x->sum_scaled, {x->sum[0], x->sum[1]}, {0}};
    for (size_t i = 0; i < 32; i++) a.q[i] = x->q[i];
    return a;
}

static activations activations16(const lk_q16_block *x) {
    activations a = {x->scale, x->sum_scaled, {x->sum[0], x->sum[1]}, {0}};
    for (size_t i = 0; i < 32; i++) a.q[i] = x->q[place16(i)];
    return a;
}

/// The products of one output with block b of its inputs.
static float dot_block(const lk_panel_matrix *w, size_t output, size_t b, activations x) {
    const lk_type type = w->type;
    const uint8_t *panel = w->panels + output / panel_outputs * lk_panel_stride(type, w->inputs);
    const uint8_t *block = panel + lk_panel_block_at(type, b), *values = block + lk_panel_scale_bytes(type);
    const size_t c = output % panel_outputs;
    float total = 0;
    for (size_t half = 0; half < 2; half++) {
        float d, m;
        lk_panel_scales(type, panel + lk_panel_head_at(type, b), block, b, c, 16 * half, &d, &m);
        int32_t sum = -lk_panel_offset(type) * x.sum[half];
        for (size_t i = 16 * half; i < 16 * half + 16; i++) sum += lk_panel_q(type, values, c, i) * x.q[i];
        total += d * x.scale * (float)sum;
        if (lk_panel_has_halves(type)) total += m * (x.scale * (float)x.sum[half]);
        else if (half == 0) total += m * x.sum_scaled;
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
    const size_t blocks = w->inputs / panel_block;
    for (size_t r = 0; r < rows; r++)
        for (size_t o = first; o < last; o++) {
            float total = 0;
            for (size_t b = 0; b < blocks; b++) total += dot_block(w, o, b, activations8(x + r * blocks + b));
            put(y + r * ldy + o - first, total, add);
        }
}

void lk_panel_matmul_q16_plain(const lk_panel_matrix *w, size_t begin, size_t end, const lk_q16_block *x, size_t rows,
                               float *y, size_t ldy, int add) {
    size_t first = begin * panel_outputs, last = end * panel_outputs < w->outputs ? end * panel_outputs : w->outputs;
    const size_t blocks = w->inputs / panel_block;
    for (size_t r = 0; r < rows; r++)
        for (size_t o = first; o < last; o++) {
            float total = 0;
            for (size_t b = 0; b < blocks; b++) total += dot_block(w, o, b, activations16(x + r * blocks + b));
            put(y + r * ldy + o - first, total, add);
        }
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

// Norms, activations, rotations and softmax, the reference. Sums run in double: these rows are short, and the
// reference should be the one to trust.
#include "variants.h"
#include <math.h>

void lk_rmsnorm_plain(const float *x, const float *weight, float eps, size_t n, float *out) {
    double squares = 0;
    for (size_t i = 0; i < n; i++) squares += (double)x[i] * x[i];
    float inverse = (float)(1 / sqrt(squares / (double)n + eps));
    for (size_t i = 0; i < n; i++) out[i] = x[i] * inverse * weight[i];
}

void lk_swiglu_plain(const float *gate, const float *up, size_t n, float *out) {
    for (size_t i = 0; i < n; i++) out[i] = gate[i] / (1 + expf(-gate[i])) * up[i];
}

void lk_swiglu_q8_plain(const float *gate, const float *up, size_t rows, lk_q8_block *out, size_t stride) {
    for (size_t r = 0; r < rows; r++) {
        float products[32];
        lk_swiglu_plain(gate + 32 * r, up + 32 * r, 32, products);
        lk_quantize_rows_plain(products, 1, 32, out + r * stride);
    }
}

void lk_geglu_plain(const float *gate, const float *up, size_t n, float *out) {
    for (size_t i = 0; i < n; i++) {
        double g = gate[i];
        out[i] = (float)(g * (1 + tanh(0.79788456080286536 * (g + 0.044715 * g * g * g))) / 2) * up[i];
    }
}

void lk_geglu_q8_plain(const float *gate, const float *up, size_t rows, lk_q8_block *out, size_t stride) {
    for (size_t r = 0; r < rows; r++) {
        float products[32];
        lk_geglu_plain(gate + 32 * r, up + 32 * r, 32, products);
        lk_quantize_rows_plain(products, 1, 32, out + r * stride);
    }
}

void lk_soft_cap_plain(float *x, size_t n, float cap) {
    for (size_t i = 0; i < n; i++) x[i] = (float)(cap * tanh((double)x[i] / cap));
}

void lk_layernorm_plain(const float *x, const float *weight, const float *bias, float eps, size_t n, float *out) {
    double sum = 0, squares = 0;
    for (size_t i = 0; i < n; i++) sum += x[i];
    double mean = sum / (double)n;
    for (size_t i = 0; i < n; i++) squares += (x[i] - mean) * (x[i] - mean);
    double inverse = 1 / sqrt(squares / (double)n + eps);
    for (size_t i = 0; i < n; i++) out[i] = (float)((x[i] - mean) * inverse) * weight[i] + bias[i];
}

void lk_gelu_plain(const float *x, const float *bias, size_t n, float *out) {
    for (size_t i = 0; i < n; i++) {
        float g = x[i] + bias[i];
        out[i] = (float)(g * (1 + erf(g * 0.70710678118654752)) / 2);
    }
}

void lk_gelu_q8_plain(const float *x, const float *bias, size_t rows, lk_q8_block *out, size_t stride) {
    for (size_t r = 0; r < rows; r++) {
        float values[32];
        lk_gelu_plain(x + 32 * r, bias, 32, values);
        lk_quantize_rows_plain(values, 1, 32, out + r * stride);
    }
}

void lk_add(float *x, const float *y, size_t n) {
    for (size_t i = 0; i < n; i++) x[i] += y[i];
}

static inline void turn(float *a, float *b, float cos, float sin) {
    float x = *a, y = *b;
    *a = x * cos - y * sin;
    *b = x * sin + y * cos;
}

void lk_rope_interleaved(float *x, size_t heads, size_t head_dim, size_t rotary_dim, const float *cos,
                         const float *sin) {
    for (float *head = x; head < x + heads * head_dim; head += head_dim)
        for (size_t i = 0; i < rotary_dim / 2; i++) turn(head + 2 * i, head + 2 * i + 1, cos[i], sin[i]);
}

void lk_rope_half(float *x, size_t heads, size_t head_dim, size_t rotary_dim, const float *cos, const float *sin) {
    size_t half = rotary_dim / 2;
    for (float *head = x; head < x + heads * head_dim; head += head_dim)
        for (size_t i = 0; i < half; i++) turn(head + i, head + half + i, cos[i], sin[i]);
}

static float largest_of(const float *x, size_t n) {
    float largest = -INFINITY;
    for (size_t i = 0; i < n; i++)
        if (x[i] > largest) largest = x[i];
    return largest;
}

float lk_softmax_plain(float *x, size_t n) {
    float largest = largest_of(x, n);
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += x[i] = expf(x[i] - largest);
    for (size_t i = 0; i < n; i++) x[i] = (float)(x[i] / sum);
    return largest + (float)log(sum);
}

float lk_logsumexp_plain(const float *x, size_t n) {
    float largest = largest_of(x, n);
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += expf(x[i] - largest);
    return largest + (float)log(sum);
}

size_t lk_argmax_plain(const float *x, size_t n) {
    size_t best = 0;
    while (best < n && x[best] != x[best]) best++;
    if (best >= n) return 0;
    for (size_t i = best + 1; i < n; i++)
        if (x[i] > x[best]) best = i;
    return best;
}

uint32_t lk_read_all_plain(const void *p, size_t n) {
    uint32_t all = 0;
    for (size_t i = 0; i < n; i += 4) all ^= lk_read_u32((const uint8_t *)p + i);
    return all;
}

int32_t lk_multiply_bytes_plain(size_t rounds) {
    int32_t sum = 0;
    for (; rounds > 0; rounds--)
        for (int i = 0; i < 4; i++) sum += (uint8_t)(rounds + (size_t)i) * (int8_t)i;
    return sum;
}

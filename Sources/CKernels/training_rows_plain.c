// Gradients of norms, activations, rotations and the loss, the reference. Sums run in double.
#include "training.h"
#include <math.h>

float lk_rmsnorm_backward_plain(const float *x, const float *weight, float eps, size_t n, const float *dy, float *dx,
                                int add) {
    double squares = 0, product = 0;
    for (size_t i = 0; i < n; i++) squares += (double)x[i] * x[i];
    for (size_t i = 0; i < n; i++) product += (double)weight[i] * dy[i] * x[i];
    const double inverse = 1 / sqrt(squares / (double)n + eps), along = product / (double)n * inverse * inverse;
    for (size_t i = 0; i < n; i++) {
        float gradient = (float)(inverse * ((double)weight[i] * dy[i] - along * x[i]));
        dx[i] = add ? dx[i] + gradient : gradient;
    }
    return (float)inverse;
}

void lk_rmsnorm_weight_gradient_plain(const float *x, size_t ldx, const float *inverses, const float *dy, size_t ldy,
                                      size_t rows, size_t begin, size_t end, float *dweight) {
    for (size_t i = begin; i < end; i++) {
        double sum = 0;
        for (size_t r = 0; r < rows; r++) sum += (double)dy[r * ldy + i] * x[r * ldx + i] * inverses[r];
        dweight[i] += (float)sum;
    }
}

void lk_swiglu_backward_plain(const float *gate, const float *up, const float *dout, size_t n, float *dgate,
                              float *dup) {
    for (size_t i = 0; i < n; i++) {
        const float g = gate[i], u = up[i], d = dout[i], sigmoid = 1 / (1 + expf(-g));
        dgate[i] = d * u * sigmoid * (1 + g * (1 - sigmoid));
        dup[i] = d * g * sigmoid;
    }
}

/// lk_rope with the angles' signs changed.
static inline void turn_back(float *a, float *b, float cos, float sin) {
    float x = *a, y = *b;
    *a = x * cos + y * sin;
    *b = y * cos - x * sin;
}

void lk_rope_interleaved_backward(float *dx, size_t heads, size_t head_dim, size_t rotary_dim, const float *cos,
                                  const float *sin) {
    for (float *head = dx; head < dx + heads * head_dim; head += head_dim)
        for (size_t i = 0; i < rotary_dim / 2; i++) turn_back(head + 2 * i, head + 2 * i + 1, cos[i], sin[i]);
}

void lk_rope_half_backward(float *dx, size_t heads, size_t head_dim, size_t rotary_dim, const float *cos,
                           const float *sin) {
    const size_t half = rotary_dim / 2;
    for (float *head = dx; head < dx + heads * head_dim; head += head_dim)
        for (size_t i = 0; i < half; i++) turn_back(head + i, head + half + i, cos[i], sin[i]);
}

/// log(sum(exp(x))).
static double log_sum(const float *x, size_t n) {
    float largest = -INFINITY;
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        if (x[i] > largest) largest = x[i];
    for (size_t i = 0; i < n; i++) sum += exp((double)x[i] - largest);
    return largest + log(sum);
}

void lk_cross_entropy_f32_plain(float *logits, size_t rows, size_t vocabulary, const int32_t *targets,
                                const float *weights, float *losses) {
    for (size_t r = 0; r < rows; r++, logits += vocabulary) {
        const double all = log_sum(logits, vocabulary);
        losses[r] = (float)(all - logits[targets[r]]);
        for (size_t i = 0; i < vocabulary; i++)
            logits[i] = (float)(exp(logits[i] - all) - (i == (size_t)targets[r])) * weights[r];
    }
}

void lk_cross_entropy_loss_f32_plain(const float *logits, size_t rows, size_t vocabulary, const int32_t *targets,
                                     float *losses) {
    for (size_t r = 0; r < rows; r++, logits += vocabulary)
        losses[r] = (float)(log_sum(logits, vocabulary) - logits[targets[r]]);
}

// Attention over packed sequences, the reference: one query and one position at a time, sums in double.
#include "training.h"
#include <math.h>

static int sees(const lk_packed_attention *a, size_t token, size_t position) {
    return position < a->prefix_end[token] || (position >= a->own[token] && position <= token);
}

static double dot(const float *x, const float *y, size_t n) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += (double)x[i] * y[i];
    return sum;
}

static void forward(const lk_packed_attention *a, size_t kv_head, size_t head, size_t start, size_t token, float *out,
                    float *lse) {
    const size_t dim = a->head_dim, row = a->heads * dim, kv_row = a->kv_heads * dim;
    const float *q = a->q + token * row + head * dim, *k = a->k + kv_head * dim, *v = a->v + kv_head * dim;
    double largest = -INFINITY, sum = 0;
    for (size_t p = start; p <= token; p++) {
        if (!sees(a, token, p)) continue;
        double score = a->scale * dot(q, k + p * kv_row, dim);
        if (!(score <= largest)) largest = score;  // NaN too
    }
    for (size_t p = start; p <= token; p++)
        if (sees(a, token, p)) sum += exp(a->scale * dot(q, k + p * kv_row, dim) - largest);
    const double log_sum = largest + log(sum);
    lse[token * a->heads + head] = (float)log_sum;
    out += token * row + head * dim;
    for (size_t i = 0; i < dim; i++) {
        double value = 0;
        for (size_t p = start; p <= token; p++)
            if (sees(a, token, p)) value += exp(a->scale * dot(q, k + p * kv_row, dim) - log_sum) * v[p * kv_row + i];
        out[i] = (float)value;
    }
}

void lk_packed_attention_forward_plain(const lk_packed_attention *a, size_t kv_head, size_t start, size_t begin,
                                       size_t end, float *out, float *lse, float *scratch) {
    (void)scratch;
    const size_t group = a->heads / a->kv_heads;
    for (size_t token = begin; token < end; token++)
        for (size_t h = kv_head * group; h < (kv_head + 1) * group; h++) forward(a, kv_head, h, start, token, out, lse);
}

/// With p the weight of one position: dv += p dout; ds = p (dout v - dout out) scale, dq += ds k, dk += ds q. Dao et
/// al. 2022 (arXiv:2205.14135), appendix B.
static void backward(const lk_packed_attention *a, size_t kv_head, size_t head, size_t start, size_t token,
                     const float *out, const float *lse, const float *dout, float *dq, float *dk, float *dv) {
    const size_t dim = a->head_dim, at = (token * a->heads + head) * dim, kv_row = a->kv_heads * dim;
    const double rest = dot(dout + at, out + at, dim);
    for (size_t i = 0; i < dim; i++) dq[at + i] = 0;
    for (size_t p = start; p <= token; p++) {
        if (!sees(a, token, p)) continue;
        const size_t from = p * kv_row + kv_head * dim;
        double weight = exp(a->scale * dot(a->q + at, a->k + from, dim) - lse[token * a->heads + head]);
        float ds = (float)(weight * (dot(dout + at, a->v + from, dim) - rest) * a->scale);
        for (size_t i = 0; i < dim; i++) {
            dv[from + i] += (float)weight * dout[at + i];
            dk[from + i] += ds * a->q[at + i];
            dq[at + i] += ds * a->k[from + i];
        }
    }
}

void lk_packed_attention_backward_plain(const lk_packed_attention *a, size_t kv_head, size_t start, size_t end,
                                        const float *out, const float *lse, const float *dout, float *dq, float *dk,
                                        float *dv, float *scratch) {
    (void)scratch;
    const size_t group = a->heads / a->kv_heads;
    for (size_t p = start; p < end; p++)
        for (size_t i = 0; i < a->head_dim; i++) {
            size_t at = (p * a->kv_heads + kv_head) * a->head_dim + i;
            dk[at] = dv[at] = 0;
        }
    for (size_t token = start; token < end; token++)
        for (size_t h = kv_head * group; h < (kv_head + 1) * group; h++)
            backward(a, kv_head, h, start, token, out, lse, dout, dq, dk, dv);
}

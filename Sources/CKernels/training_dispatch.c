// The training kernels of the instruction set in use.
#include "training.h"

static float multiply_adds_plain(size_t rounds) {
    float sum = 0;
    for (; rounds > 0; rounds--) sum = sum * 0.999f + 1e-9f;
    return sum;
}

const lk_training_variants lk_training_plain = {
    .panel_backward_f32 = lk_panel_backward_f32_plain,
    .panel_backward_bf16 = lk_panel_backward_bf16_plain,
    .weight_gradient_f32 = lk_weight_gradient_f32_plain,
    .product_f32 = lk_product_f32_plain,
    .packed_attention_forward = lk_packed_attention_forward_plain,
    .packed_attention_backward = lk_packed_attention_backward_plain,
    .rmsnorm_backward = lk_rmsnorm_backward_plain,
    .rmsnorm_weight_gradient = lk_rmsnorm_weight_gradient_plain,
    .swiglu_backward = lk_swiglu_backward_plain,
    .cross_entropy_f32 = lk_cross_entropy_f32_plain,
    .cross_entropy_loss_f32 = lk_cross_entropy_loss_f32_plain,
    .multiply_adds = multiply_adds_plain,
    .tile_sums = 1,
};

static inline const lk_training_variants *active(void) { return lk_active_variants()->training; }

size_t lk_training_scratch(size_t head_dim) {
    const size_t products = backward_outputs * backward_inputs;
    const size_t dim = lk_padded_head_dim(head_dim), tokens = attention_tokens;
    // Six tiles of vectors, two of weights, and two numbers for each query.
    const size_t attention = head_dim == 0 ? 0 : 6 * tokens * dim + 2 * tokens * tokens + 2 * tokens * attention_heads;
    return attention > products ? attention : products;
}

void lk_panel_backward_f32(const lk_panel_matrix *w, size_t begin, size_t end, const float *dy, size_t ldy, size_t rows,
                           float *dx, size_t ldx, int add, float *scratch) {
    active()->panel_backward_f32(w, begin, end, dy, ldy, rows, dx, ldx, add, scratch);
}

void lk_panel_backward_bf16(const lk_panel_matrix *w, size_t begin, size_t end, const uint16_t *dy, size_t ldy,
                            size_t rows, float *dx, size_t ldx, int add, float *scratch) {
    active()->panel_backward_bf16(w, begin, end, dy, ldy, rows, dx, ldx, add, scratch);
}

int lk_has_bf16_backward(void) { return active()->panel_backward_bf16 != lk_panel_backward_bf16_plain; }

void lk_weight_gradient_f32(const float *dy, size_t ldy, const float *x, size_t ldx, size_t rows, size_t begin,
                            size_t end, size_t inputs, float *dw, size_t ldw, float *scratch) {
    active()->weight_gradient_f32(dy, ldy, x, ldx, rows, begin, end, inputs, dw, ldw, scratch);
}

void lk_product_f32(const float *a, size_t lda, const float *b, size_t ldb, size_t rows, size_t inner, size_t columns,
                    float *c, size_t ldc, float scale, int add) {
    active()->product_f32(a, lda, b, ldb, rows, inner, columns, c, ldc, scale, add);
}

void lk_packed_attention_forward(const lk_packed_attention *a, size_t kv_head, size_t start, size_t begin, size_t end,
                                 float *out, float *lse, float *scratch) {
    active()->packed_attention_forward(a, kv_head, start, begin, end, out, lse, scratch);
}

void lk_packed_attention_backward(const lk_packed_attention *a, size_t kv_head, size_t start, size_t end,
                                  const float *out, const float *lse, const float *dout, float *dq, float *dk,
                                  float *dv, float *scratch) {
    active()->packed_attention_backward(a, kv_head, start, end, out, lse, dout, dq, dk, dv, scratch);
}

float lk_rmsnorm_backward(const float *x, const float *weight, float eps, size_t n, const float *dy, float *dx,
                          int add) {
    return active()->rmsnorm_backward(x, weight, eps, n, dy, dx, add);
}

void lk_rmsnorm_weight_gradient(const float *x, size_t ldx, const float *inverses, const float *dy, size_t ldy,
                                size_t rows, size_t begin, size_t end, float *dweight) {
    active()->rmsnorm_weight_gradient(x, ldx, inverses, dy, ldy, rows, begin, end, dweight);
}

void lk_swiglu_backward(const float *gate, const float *up, const float *dout, size_t n, float *dgate, float *dup) {
    active()->swiglu_backward(gate, up, dout, n, dgate, dup);
}

void lk_cross_entropy_f32(float *logits, size_t rows, size_t vocabulary, const int32_t *targets, const float *weights,
                          float *losses) {
    active()->cross_entropy_f32(logits, rows, vocabulary, targets, weights, losses);
}

void lk_cross_entropy_loss_f32(const float *logits, size_t rows, size_t vocabulary, const int32_t *targets,
                               float *losses) {
    active()->cross_entropy_loss_f32(logits, rows, vocabulary, targets, losses);
}

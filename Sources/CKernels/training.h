// Shared by the training kernels: the plain variants, and the sizes of what they keep in scratch memory.
#ifndef LK_TRAINING_H
#define LK_TRAINING_H
#include "variants.h"

extern const lk_training_variants lk_training_plain;

void lk_panel_backward_f32_plain(const lk_panel_matrix *w, size_t begin, size_t end, const float *dy, size_t ldy,
                                 size_t rows, float *dx, size_t ldx, int add, float *scratch);
void lk_panel_backward_bf16_plain(const lk_panel_matrix *w, size_t begin, size_t end, const uint16_t *dy, size_t ldy,
                                  size_t rows, float *dx, size_t ldx, int add, float *scratch);
void lk_weight_gradient_f32_plain(const float *dy, size_t ldy, const float *x, size_t ldx, size_t rows, size_t begin,
                                  size_t end, size_t inputs, float *dw, size_t ldw, float *scratch);
void lk_product_f32_plain(const float *a, size_t lda, const float *b, size_t ldb, size_t rows, size_t inner,
                          size_t columns, float *c, size_t ldc, float scale, int add);
void lk_packed_attention_forward_plain(const lk_packed_attention *a, size_t kv_head, size_t start, size_t begin,
                                       size_t end, float *out, float *lse, float *scratch);
void lk_packed_attention_backward_plain(const lk_packed_attention *a, size_t kv_head, size_t start, size_t end,
                                        const float *out, const float *lse, const float *dout, float *dq, float *dk,
                                        float *dv, float *scratch);
float lk_rmsnorm_backward_plain(const float *x, const float *weight, float eps, size_t n, const float *dy, float *dx,
                                int add);
void lk_rmsnorm_weight_gradient_plain(const float *x, size_t ldx, const float *inverses, const float *dy, size_t ldy,
                                      size_t rows, size_t begin, size_t end, float *dweight);
void lk_swiglu_backward_plain(const float *gate, const float *up, const float *dout, size_t n, float *dgate,
                              float *dup);
void lk_cross_entropy_f32_plain(float *logits, size_t rows, size_t vocabulary, const int32_t *targets,
                                const float *weights, float *losses);
void lk_cross_entropy_loss_f32_plain(const float *logits, size_t rows, size_t vocabulary, const int32_t *targets,
                                     float *losses);

enum {
    // The piece of a matrix that lk_panel_backward decodes at once: four strips of inputs.
    backward_outputs = 384, backward_inputs = 128,
    // Rows that lk_weight_gradient_f32 sums up before it goes to memory.
    gradient_rows = 256,
    // Tokens and positions in a tile of attention.
    attention_tokens = 64,
    // Query heads that share a tile's keys.
    attention_heads = 8,
};

/// The head dimension as attention keeps it in scratch memory.
static inline size_t lk_padded_head_dim(size_t head_dim) { return (head_dim + 31) / 32 * 32; }
#endif

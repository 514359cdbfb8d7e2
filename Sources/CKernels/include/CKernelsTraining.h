#ifndef LK_CKERNELS_TRAINING_H
#define LK_CKERNELS_TRAINING_H
// The hot loops of training: the backward pass of what CKernels.h computes, and attention over packed sequences.
//
// The rules of CKernels.h hold, for scratch memory too: its contents do not matter before a call, and mean nothing
// after it. Threads share a kernel by each taking a part of what it writes (strips, outputs, rows, heads), so no sum is
// ever split: a result is the same to the bit however it is shared, but not between instruction sets. Matrices are
// row-major; `ld...` is the distance of their rows in floats.
#include "CKernels.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Floats of scratch memory that the kernels of this header want, with attention of that head dimension (0: without).
/// On a boundary of 64 bytes; each thread has its own.
size_t lk_training_scratch(size_t head_dim);

// MARK: - Products

/// The gradient of a product's input, from the panels that the product reads: for the inputs of strips [begin, end),
/// dx[r*ldx + i] = sum_o dy[r*ldy + o] * W[o, 32*begin + i], added to what dx holds when `add` is not 0. A strip is 32
/// inputs. dy: [rows, outputs]; dx starts at strip `begin`. Every type that has panels. A row's result is the same to
/// the bit whatever other rows and strips are computed with it.
void lk_panel_backward_f32(const lk_panel_matrix *w, size_t begin, size_t end, const float *dy, size_t ldy, size_t rows,
                           float *dx, size_t ldx, int add, float *scratch);

/// The same with dy in bf16 (lk_bf16_from_f32) and weights rounded to bf16; products and sums in f32.
void lk_panel_backward_bf16(const lk_panel_matrix *w, size_t begin, size_t end, const uint16_t *dy, size_t ldy,
                            size_t rows, float *dx, size_t ldx, int add, float *scratch);

/// 1 when this CPU has instructions for lk_panel_backward_bf16, otherwise 0: then it is the plain loop.
int lk_has_bf16_backward(void);

/// The gradient of a product's weights: dw[o*ldw + i] += sum_r dy[r*ldy + o] * x[r*ldx + i] for o in [begin, end) and
/// i in [0, inputs). `dy` and `dw` are the start of the whole. Any counts.
void lk_weight_gradient_f32(const float *dy, size_t ldy, const float *x, size_t ldx, size_t rows, size_t begin,
                            size_t end, size_t inputs, float *dw, size_t ldw, float *scratch);

/// C = scale * A B, added to what C holds when `add` is not 0. A: [rows, inner], B: [inner, columns], C: [rows,
/// columns]. Any counts. A row's result is the same to the bit whatever other rows are computed with it.
void lk_product_f32(const float *a, size_t lda, const float *b, size_t ldb, size_t rows, size_t inner, size_t columns,
                    float *c, size_t ldc, float scale, int add);

// MARK: - Attention
// Sequences lie one after another: q [tokens, heads, head_dim], k and v [tokens, kv_heads, head_dim]. Token t of the
// sequence that starts at `start` sees the positions [start, prefix_end[t]) and [own[t], t], with prefix_end[t] <=
// own[t] <= t. A plain sequence has both at `start`. Of a prompt with two answers that do not see each other, the
// tokens of each answer have prefix_end at the end of the prompt and own at the beginning of their answer.

typedef struct lk_packed_attention {
    size_t heads, kv_heads, head_dim;  // heads: a multiple of kv_heads
    float scale;
    const float *q, *k, *v;
    const uint32_t *prefix_end, *own;  // [tokens]
} lk_packed_attention;

/// softmax(scale q kᵀ) v for tokens [begin, end) of the sequence that starts at `start`, in the query heads of one
/// kv_head. out: [tokens, heads, head_dim]; lse: [tokens, heads], the log of the sum of exp(scale q k). A token's
/// result is the same to the bit wherever its sequence lies in the pack and however tokens are shared over calls.
void lk_packed_attention_forward(const lk_packed_attention *a, size_t kv_head, size_t start, size_t begin, size_t end,
                                 float *out, float *lse, float *scratch);

/// From dout, the gradient of `out`, to dq, dk and dv of the whole sequence [start, end), in one kv_head and its query
/// heads: what they held is overwritten. Shapes as those of q, k and v.
void lk_packed_attention_backward(const lk_packed_attention *a, size_t kv_head, size_t start, size_t end,
                                  const float *out, const float *lse, const float *dout, float *dq, float *dk,
                                  float *dv, float *scratch);

// MARK: - One row at a time

/// The gradient of lk_rmsnorm's input, added to what dx holds when `add` is not 0. dx may be dy. The answer is
/// 1 / sqrt(mean(x^2) + eps), which lk_rmsnorm_weight_gradient wants.
float lk_rmsnorm_backward(const float *x, const float *weight, float eps, size_t n, const float *dy, float *dx,
                          int add);

/// dweight[i] += sum_r dy[r*ldy + i] * x[r*ldx + i] * inverses[r] for i in [begin, end). `x`, `dy` and `dweight` are
/// the start of the whole.
void lk_rmsnorm_weight_gradient(const float *x, size_t ldx, const float *inverses, const float *dy, size_t ldy,
                                size_t rows, size_t begin, size_t end, float *dweight);

/// The gradients of lk_swiglu's gate and up from that of its output. dgate and dup may be gate, up or dout.
void lk_swiglu_backward(const float *gate, const float *up, const float *dout, size_t n, float *dgate, float *dup);

/// The gradients of lk_rope_interleaved and lk_rope_half, in place: the rotation back.
void lk_rope_interleaved_backward(float *dx, size_t heads, size_t head_dim, size_t rotary_dim, const float *cos,
                                  const float *sin);
void lk_rope_half_backward(float *dx, size_t heads, size_t head_dim, size_t rotary_dim, const float *cos,
                           const float *sin);

// MARK: - Cross entropy

/// losses[r] = -log softmax(logits[r])[targets[r]], and logits[r] becomes (softmax(logits[r]) - onehot(targets[r])) *
/// weights[r], in place: the gradient of sum_r weights[r] * losses[r]. logits: [rows, vocabulary]; targets lie in [0,
/// vocabulary).
void lk_cross_entropy_f32(float *logits, size_t rows, size_t vocabulary, const int32_t *targets, const float *weights,
                          float *losses);

/// The losses alone; logits stay.
void lk_cross_entropy_loss_f32(const float *logits, size_t rows, size_t vocabulary, const int32_t *targets,
                               float *losses);

// MARK: - NF4
// Weights of 4 bits whose scales have 8 (Dettmers et al. 2023, arXiv:2305.14314), as bitsandbytes keeps them with
// `compress_statistics`. A matrix is taken as one long row: value i is v[code i] * s, v the 16 values of NF4 and s the
// scale of its block of 64; s = d[scale] * group + offset, d the signed dynamic map of 8 bits, `group` one number for
// 256 blocks. In panels (LK_NF4) it serves all products in f32 and bf16, decoded to the bit as bitsandbytes does in
// f32.

typedef struct lk_nf4_matrix {
    const uint8_t *codes;   // two a byte, the first in the high half
    const uint8_t *scales;  // [blocks of 64]
    const float *groups;    // [blocks / 256, rounded up]
    float offset;
    size_t outputs, inputs;  // inputs: a multiple of 32
} lk_nf4_matrix;

/// codes[i / 2] of x, and the largest magnitude of each block. `n` is a multiple of 32; a long matrix may come in
/// pieces that are multiples of 64.
void lk_nf4_quantise(const float *x, size_t n, uint8_t *codes, float *largest);

/// Quantises the largest magnitudes of all blocks of a matrix; the answer is the offset.
float lk_nf4_quantise_scales(const float *largest, size_t blocks, uint8_t *scales, float *groups);

/// Writes panel number `panel` to `out`, lk_panel_bytes(LK_NF4, inputs) on a boundary of 64 bytes.
void lk_nf4_pack_panel(const lk_nf4_matrix *w, size_t panel, void *out);

// MARK: - Which variant runs

/// The variants of these kernels for one instruction set, a part of lk_variants.
typedef struct lk_training_variants {
    void (*panel_backward_f32)(const lk_panel_matrix *, size_t, size_t, const float *, size_t, size_t, float *, size_t,
                               int, float *);
    /// The plain variant where the instruction set has nothing faster than f32.
    void (*panel_backward_bf16)(const lk_panel_matrix *, size_t, size_t, const uint16_t *, size_t, size_t, float *,
                                size_t, int, float *);
    void (*weight_gradient_f32)(const float *, size_t, const float *, size_t, size_t, size_t, size_t, size_t, float *,
                                size_t, float *);
    void (*product_f32)(const float *, size_t, const float *, size_t, size_t, size_t, size_t, float *, size_t, float,
                        int);
    void (*packed_attention_forward)(const lk_packed_attention *, size_t, size_t, size_t, size_t, float *, float *,
                                     float *);
    void (*packed_attention_backward)(const lk_packed_attention *, size_t, size_t, size_t, const float *, const float *,
                                      const float *, float *, float *, float *, float *);
    float (*rmsnorm_backward)(const float *, const float *, float, size_t, const float *, float *, int);
    void (*rmsnorm_weight_gradient)(const float *, size_t, const float *, const float *, size_t, size_t, size_t, size_t,
                                    float *);
    void (*swiglu_backward)(const float *, const float *, const float *, size_t, float *, float *);
    void (*cross_entropy_f32)(float *, size_t, size_t, const int32_t *, const float *, float *);
    void (*cross_entropy_loss_f32)(const float *, size_t, size_t, const int32_t *, float *);
    /// As many multiplications and additions in a round as a tile of products has sums, `tile_sums`, in registers
    /// alone: the limit that a product is measured against. The answer has no meaning.
    float (*multiply_adds)(size_t rounds);
    size_t tile_sums;
} lk_training_variants;

#ifdef __cplusplus
}
#endif
#endif

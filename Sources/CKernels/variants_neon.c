// The table of variants for 64-bit ARM with products of bytes (FEAT_DotProd: Graviton 2, Apple M1 and later).
#if defined(__aarch64__)
#include "training.h"

void lk_panel_matmul_q16_neon(const lk_panel_matrix *w, size_t begin, size_t end, const lk_q16_block *x, size_t rows,
                              float *y, size_t ldy, int add);
void lk_panel_matmul_q8_neon(const lk_panel_matrix *w, size_t begin, size_t end, const lk_q8_block *x, size_t rows, float *y,
                             size_t ldy, int add);

int32_t lk_multiply_bytes_neon(size_t rounds);

#define LK_TARGET
#define LK_TILE_QUERIES 1
#define LK_TILE_ROWS 6
#define LK_TILE_COLUMNS 16
#define LK_VARIANT(name) name##_neon
#include "vector.h"
#include "vector_dequantize.h"

static void dequantize_row_neon(lk_type type, const void *row, float *out, size_t n) {
    switch (type) {
    case LK_Q2_K:
    case LK_Q3_K: dequantize_k23_neon(type, row, out, n); return;
    case LK_F32:
    case LK_F16:
    case LK_BF16: widen_neon(type, row, out, n); return;
    default: lk_dequantize_row_plain(type, row, out, n); return;
    }
}

#include "vector_rows.h"
#include "vector_matmul.h"
#include "vector_panels.h"
#include "vector_lora.h"
#include "vector_gates.h"
#include "vector_attention.h"
#include "vector_pair_attention.h"
#include "vector_int8_attention.h"
#include "vector_attention_tiles.h"
#include "vector_transpose.h"
#include "vector_products.h"
#include "vector_packed_attention.h"
#include "vector_training_rows.h"
#include "vector_limits.h"

static const lk_training_variants training_neon = {
    .panel_backward_f32 = panel_backward_f32_neon,
    .panel_backward_bf16 = lk_panel_backward_bf16_plain,
    .weight_gradient_f32 = weight_gradient_f32_neon,
    .product_f32 = product_f32_neon,
    .packed_attention_forward = packed_attention_forward_neon,
    .packed_attention_backward = packed_attention_backward_neon,
    .rmsnorm_backward = rmsnorm_backward_neon,
    .rmsnorm_weight_gradient = rmsnorm_weight_gradient_neon,
    .swiglu_backward = swiglu_backward_neon,
    .cross_entropy_f32 = cross_entropy_f32_neon,
    .cross_entropy_loss_f32 = cross_entropy_loss_f32_neon,
    .multiply_adds = multiply_adds_neon,
    .tile_sums = LK_TILE_ROWS * LK_TILE_COLUMNS,
};

const lk_variants lk_variants_neon = {
    .isa = "neon-dotprod",
    .dequantize_row = dequantize_row_neon,
    .matmul_f32 = matmul_f32_neon,
    .quantize_rows = quantize_rows_neon,
    .quantize_rows_q16 = quantize_rows_q16_neon,
    .panel_matmul_f32 = panel_matmul_f32_neon,
    .panel_matmul_q8 = lk_panel_matmul_q8_neon,
    .panel_matmul_q16 = lk_panel_matmul_q16_neon,
    .panel_matmul_bf16 = lk_panel_matmul_bf16_plain,
    .bf16_from_f32 = bf16_from_f32_neon,
    .lora_expand = lora_expand_neon,
    .rmsnorm = rmsnorm_neon,
    .swiglu = swiglu_neon,
    .swiglu_q8 = swiglu_q8_neon,
    .geglu = geglu_neon,
    .geglu_q8 = geglu_q8_neon,
    .soft_cap = soft_cap_neon,
    .attention_limited = attention_limited_neon,
    .layernorm = layernorm_neon,
    .gelu = gelu_neon,
    .gelu_q8 = gelu_q8_neon,
    .softmax = softmax_neon,
    .logsumexp = logsumexp_neon,
    .argmax = argmax_neon,
    .read_all = read_all_neon,
    .multiply_bytes = lk_multiply_bytes_neon,
    .round_products = 384,
    .attention = attention_neon,
    .training = &training_neon,
};
#endif

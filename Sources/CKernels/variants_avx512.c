// The table of variants for AVX-512 with VNNI and VBMI (Intel Ice Lake and AMD Zen 4 onwards).
#if defined(__x86_64__)
#include "training.h"
#include "variants_x86.h"
#include "unpack_avx512.h"

#define LK_TARGET LK_AVX512
#define LK_TILE_QUERIES 6
#define LK_TILE_ROWS 12
#define LK_TILE_COLUMNS 32
#define LK_VARIANT(name) name##_avx512
#include "vector.h"
#include "vector_dequantize.h"

/// Sixteen weights of one half of part `j`, from bytes 16*j... of `q`.
#define STORE_HALF(j, q, d, m, p) \
    _mm512_storeu_ps(p, _mm512_add_ps(_mm512_mul_ps(d, _mm512_cvtepi32_ps(_mm512_sub_epi32( \
        _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(q, j)), offset))), m))

#define STORE_PART(j) { \
        __m512 m = _mm512_broadcastss_ps(_mm_permute_ps(w.m, j)); \
        if (j < parts) { \
            STORE_HALF(j, w.low, _mm512_shuffle_f32x4(w.d, w.d, j * 0x55), m, out + 32 * j); \
            STORE_HALF(j, w.high, _mm512_shuffle_f32x4(w.d_high, w.d_high, j * 0x55), m, out + 32 * j + 16); \
        } \
    }

LK_AVX512_INLINE void store_weights(const lk_type type, lk_weights512 w, int parts, float *out) {
    const __m512i offset = _mm512_set1_epi32(lk_offset512(type));
    STORE_PART(0)
    STORE_PART(1)
    STORE_PART(2)
    STORE_PART(3)
}

LK_AVX512_INLINE void dequantize(const lk_type type, const void *row, float *out, size_t n) {
    for (size_t g = 0; g < n / 128; g++)
        store_weights(type, lk_unpack512(type, row, g, lk_full_masks512()), 4, out + 128 * g);
    size_t parts = n % 128 / 32;
    if (parts == 0) return;
    lk_weights512 w = lk_unpack512(type, row, n / 128, lk_tail_masks512(type, parts));
    store_weights(type, w, (int)parts, out + n / 128 * 128);
}

LK_AVX512 static void dequantize_row_avx512(lk_type type, const void *row, float *out, size_t n) {
    switch (type) {
    case LK_Q4_0: dequantize(LK_Q4_0, row, out, n); return;
    case LK_Q4_1: dequantize(LK_Q4_1, row, out, n); return;
    case LK_Q5_0: dequantize(LK_Q5_0, row, out, n); return;
    case LK_Q5_1: dequantize(LK_Q5_1, row, out, n); return;
    case LK_Q8_0: dequantize(LK_Q8_0, row, out, n); return;
    case LK_Q4_K: dequantize(LK_Q4_K, row, out, n); return;
    case LK_Q5_K: dequantize(LK_Q5_K, row, out, n); return;
    case LK_Q6_K: dequantize(LK_Q6_K, row, out, n); return;
    case LK_Q2_K:
    case LK_Q3_K: dequantize_k23_avx512(type, row, out, n); return;
    default: widen_avx512(type, row, out, n); return;
    }
}

#include "vector_rows.h"
#include "vector_matmul.h"
#define LK_LOOKUP16
LK_INLINE v16 lookup16(v16 table, v16i i) { return (v16)_mm512_permutexvar_ps((__m512i)i, (__m512)table); }
#include "vector_panels.h"
#include "vector_lora.h"
#include "vector_gates.h"
#include "vector_attention.h"
#include "vector_pair_attention.h"
#define LK_DOT_PAIRS
LK_INLINE v16i dot_pairs(v16i sum, v32h a, v16i b) {
    return (v16i)_mm512_dpwssd_epi32((__m512i)sum, (__m512i)a, (__m512i)b);
}
#include "vector_int8_attention.h"
#include "vector_attention_tiles.h"
#include "vector_transpose.h"
#include "vector_products.h"
#include "vector_packed_attention.h"
#include "vector_training_rows.h"
#include "vector_limits.h"

#define LK_DECODE_BLOCK(type) \
    case type: decode_block(type, panel, n, b, out); return;
LK_AVX512 void lk_decode_block_avx512(lk_type type, const uint8_t *panel, size_t n, size_t b, float *out) {
    switch (type) {
    LK_DECODE_BLOCK(LK_F32)
    LK_DECODE_BLOCK(LK_F16)
    LK_DECODE_BLOCK(LK_BF16)
    LK_DECODE_BLOCK(LK_Q4_0)
    LK_DECODE_BLOCK(LK_Q4_1)
    LK_DECODE_BLOCK(LK_Q5_0)
    LK_DECODE_BLOCK(LK_Q5_1)
    LK_DECODE_BLOCK(LK_Q8_0)
    LK_DECODE_BLOCK(LK_Q4_K)
    LK_DECODE_BLOCK(LK_Q5_K)
    LK_DECODE_BLOCK(LK_Q6_K)
    LK_DECODE_BLOCK(LK_Q2_K)
    LK_DECODE_BLOCK(LK_Q3_K)
    LK_DECODE_BLOCK(LK_IQ4_NL)
    LK_DECODE_BLOCK(LK_IQ4_XS)
    LK_DECODE_BLOCK(LK_MXFP4)
    LK_DECODE_BLOCK(LK_NF4)
    default: return;
    }
}

#define LK_TRAINING_512 \
    .panel_backward_f32 = panel_backward_f32_avx512, \
    .weight_gradient_f32 = weight_gradient_f32_avx512, \
    .product_f32 = product_f32_avx512, \
    .packed_attention_forward = packed_attention_forward_avx512, \
    .packed_attention_backward = packed_attention_backward_avx512, \
    .rmsnorm_backward = rmsnorm_backward_avx512, \
    .rmsnorm_weight_gradient = rmsnorm_weight_gradient_avx512, \
    .swiglu_backward = swiglu_backward_avx512, \
    .cross_entropy_f32 = cross_entropy_f32_avx512, \
    .cross_entropy_loss_f32 = cross_entropy_loss_f32_avx512, \
    .multiply_adds = multiply_adds_avx512, \
    .tile_sums = LK_TILE_ROWS * LK_TILE_COLUMNS,

static const lk_training_variants training_avx512 = {
    .panel_backward_bf16 = lk_panel_backward_bf16_plain,
    LK_TRAINING_512
};

static const lk_training_variants training_avx512_bf16 = {
    .panel_backward_bf16 = lk_panel_backward_bf16_avx512,
    LK_TRAINING_512
};

// All but the name and what multiplies in bf16.
#define LK_VARIANTS_512 \
    .dequantize_row = dequantize_row_avx512, \
    .matmul_f32 = matmul_f32_avx512, \
    .quantize_rows = quantize_rows_avx512, \
    .quantize_rows_q16 = quantize_rows_q16_avx512, \
    .panel_matmul_f32 = panel_matmul_f32_avx512, \
    .panel_matmul_q8 = lk_panel_matmul_q8_avx512, \
    .panel_matmul_q16 = lk_panel_matmul_q16_avx512, \
    .lora_expand = lora_expand_avx512, \
    .rmsnorm = rmsnorm_avx512, \
    .swiglu = swiglu_avx512, \
    .swiglu_q8 = swiglu_q8_avx512, \
    .geglu = geglu_avx512, \
    .geglu_q8 = geglu_q8_avx512, \
    .soft_cap = soft_cap_avx512, \
    .attention_limited = attention_limited_avx512, \
    .layernorm = layernorm_avx512, \
    .gelu = gelu_avx512, \
    .gelu_q8 = gelu_q8_avx512, \
    .softmax = softmax_avx512, \
    .logsumexp = logsumexp_avx512, \
    .argmax = argmax_avx512, \
    .read_all = read_all_avx512, \
    .multiply_bytes = lk_multiply_bytes_avx512, \
    .round_products = 768,

const lk_variants lk_variants_avx512 = {
    .isa = "avx512-vnni",
    .training = &training_avx512,
    .panel_matmul_bf16 = lk_panel_matmul_bf16_plain,
    .attention = attention_avx512,
    .bf16_from_f32 = bf16_from_f32_avx512,
    LK_VARIANTS_512
};

static void attention_avx512_bf16(lk_type cache, const float *q, size_t queries, size_t head_dim, float scale,
                                  const uint32_t *visible, const void *k, const void *v, const void *next, float *state,
                                  float *out) {
    const int has_tiles = cache == LK_BF16 && has_attention_tiles(head_dim);
    (has_tiles ? lk_attention_bf16_avx512 : attention_avx512)(cache, q, queries, head_dim, scale, visible, k, v, next,
                                                              state, out);
}

/// With BF16 (Intel Cooper Lake and Sapphire Rapids, AMD Zen 4 onwards).
const lk_variants lk_variants_avx512_bf16 = {
    .isa = "avx512-bf16",
    .training = &training_avx512_bf16,
    .panel_matmul_bf16 = lk_panel_matmul_bf16_avx512,
    .attention = attention_avx512_bf16,
    .bf16_from_f32 = lk_bf16_from_f32_avx512,
    LK_VARIANTS_512
};
#endif

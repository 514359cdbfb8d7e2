// The table of variants for AVX2, FMA and F16C (Intel Haswell and AMD Zen onwards).
#if defined(__x86_64__)
#include "training.h"
#include "variants_x86.h"
#include "unpack_avx2.h"

#define LK_TARGET LK_AVX2
#define LK_TILE_QUERIES 1
#define LK_TILE_ROWS 6
#define LK_TILE_COLUMNS 16
#define LK_VARIANT(name) name##_avx2
#include "vector.h"
#include "vector_dequantize.h"

/// Sixteen weights from bytes 0...15 of `q`: d * (q - offset) + m.
LK_AVX2_INLINE void store_16(const lk_type type, __m128i q, float d, float m, float *out) {
    __m256 scale = _mm256_set1_ps(d), minimum = _mm256_set1_ps(m);
    __m256i offset = _mm256_set1_epi32(lk_offset256(type));
    __m128i upper = _mm_unpackhi_epi64(q, q);
    __m256i a = type == LK_Q8_0 ? _mm256_cvtepi8_epi32(q) : _mm256_cvtepu8_epi32(q);
    __m256i b = type == LK_Q8_0 ? _mm256_cvtepi8_epi32(upper) : _mm256_cvtepu8_epi32(upper);
    a = _mm256_sub_epi32(a, offset);
    b = _mm256_sub_epi32(b, offset);
    _mm256_storeu_ps(out, _mm256_add_ps(_mm256_mul_ps(_mm256_cvtepi32_ps(a), scale), minimum));
    _mm256_storeu_ps(out + 8, _mm256_add_ps(_mm256_mul_ps(_mm256_cvtepi32_ps(b), scale), minimum));
}

LK_AVX2_INLINE void store_part(const lk_type type, const lk_weights256 *w, int j, float *out) {
    __m256i low = j < 2 ? w->low01 : w->low23, high = j < 2 ? w->high01 : w->high23;
    int odd = j % 2;
    store_16(type, odd ? _mm256_extracti128_si256(low, 1) : _mm256_castsi256_si128(low), w->d[j], w->m[j], out);
    store_16(type, odd ? _mm256_extracti128_si256(high, 1) : _mm256_castsi256_si128(high), w->d_high[j], w->m[j],
             out + 16);
}

LK_AVX2_INLINE void dequantize(const lk_type type, const void *row, float *out, size_t n) {
    for (size_t i = 0; i < n; i += 128) {
        size_t parts = n - i < 128 ? (n - i) / 32 : 4;
        lk_weights256 w = lk_unpack256(type, row, i / 128, parts);
        store_part(type, &w, 0, out + i);
        if (parts > 1) store_part(type, &w, 1, out + i + 32);
        if (parts > 2) store_part(type, &w, 2, out + i + 64);
        if (parts > 3) store_part(type, &w, 3, out + i + 96);
    }
}

LK_AVX2 static void dequantize_row_avx2(lk_type type, const void *row, float *out, size_t n) {
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
    case LK_Q3_K: dequantize_k23_avx2(type, row, out, n); return;
    default: widen_avx2(type, row, out, n); return;
    }
}

#include "vector_rows.h"
#include "vector_matmul.h"
#define LK_LOOKUP16
/// table[i[c]] in lane c: from each half of the table, and the fourth bit decides.
LK_INLINE v16 lookup16(v16 table, v16i i) {
    const __m256 low = (__m256)__builtin_shufflevector(table, table, 0, 1, 2, 3, 4, 5, 6, 7);
    const __m256 high = (__m256)__builtin_shufflevector(table, table, 8, 9, 10, 11, 12, 13, 14, 15);
    const __m256i a = (__m256i)__builtin_shufflevector(i, i, 0, 1, 2, 3, 4, 5, 6, 7);
    const __m256i b = (__m256i)__builtin_shufflevector(i, i, 8, 9, 10, 11, 12, 13, 14, 15);
    const v8 first = (v8)_mm256_blendv_ps(_mm256_permutevar8x32_ps(low, a), _mm256_permutevar8x32_ps(high, a),
                                          _mm256_castsi256_ps(_mm256_slli_epi32(a, 28)));
    const v8 second = (v8)_mm256_blendv_ps(_mm256_permutevar8x32_ps(low, b), _mm256_permutevar8x32_ps(high, b),
                                           _mm256_castsi256_ps(_mm256_slli_epi32(b, 28)));
    return __builtin_shufflevector(first, second, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
}
#include "vector_panels.h"
#include "vector_lora.h"
#include "vector_gates.h"
#include "vector_attention.h"
#include "vector_pair_attention.h"
#define LK_DOT_PAIRS
LK_INLINE v16i dot_pairs(v16i sum, v32h a, v16i b) {
    const v16i x = (v16i)a;
    const v8i low = (v8i)_mm256_madd_epi16((__m256i)__builtin_shufflevector(x, x, 0, 1, 2, 3, 4, 5, 6, 7),
                                           (__m256i)__builtin_shufflevector(b, b, 0, 1, 2, 3, 4, 5, 6, 7));
    const v8i high = (v8i)_mm256_madd_epi16((__m256i)__builtin_shufflevector(x, x, 8, 9, 10, 11, 12, 13, 14, 15),
                                            (__m256i)__builtin_shufflevector(b, b, 8, 9, 10, 11, 12, 13, 14, 15));
    return sum + __builtin_shufflevector(low, high, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
}
#include "vector_int8_attention.h"
#include "vector_attention_tiles.h"
#include "vector_transpose.h"
#include "vector_products.h"
#include "vector_packed_attention.h"
#include "vector_training_rows.h"
#include "vector_limits.h"

static const lk_training_variants training_avx2 = {
    .panel_backward_f32 = panel_backward_f32_avx2,
    .panel_backward_bf16 = lk_panel_backward_bf16_plain,
    .weight_gradient_f32 = weight_gradient_f32_avx2,
    .product_f32 = product_f32_avx2,
    .packed_attention_forward = packed_attention_forward_avx2,
    .packed_attention_backward = packed_attention_backward_avx2,
    .rmsnorm_backward = rmsnorm_backward_avx2,
    .rmsnorm_weight_gradient = rmsnorm_weight_gradient_avx2,
    .swiglu_backward = swiglu_backward_avx2,
    .cross_entropy_f32 = cross_entropy_f32_avx2,
    .cross_entropy_loss_f32 = cross_entropy_loss_f32_avx2,
    .multiply_adds = multiply_adds_avx2,
    .tile_sums = LK_TILE_ROWS * LK_TILE_COLUMNS,
};

// All but the name and the products in int8.
#define LK_VARIANTS_256 \
    .dequantize_row = dequantize_row_avx2, \
    .matmul_f32 = matmul_f32_avx2, \
    .quantize_rows = quantize_rows_avx2, \
    .quantize_rows_q16 = quantize_rows_q16_avx2, \
    .panel_matmul_f32 = panel_matmul_f32_avx2, \
    .panel_matmul_bf16 = lk_panel_matmul_bf16_plain, \
    .bf16_from_f32 = bf16_from_f32_avx2, \
    .lora_expand = lora_expand_avx2, \
    .rmsnorm = rmsnorm_avx2, \
    .swiglu = swiglu_avx2, \
    .swiglu_q8 = swiglu_q8_avx2, \
    .geglu = geglu_avx2, \
    .geglu_q8 = geglu_q8_avx2, \
    .soft_cap = soft_cap_avx2, \
    .attention_limited = attention_limited_avx2, \
    .layernorm = layernorm_avx2, \
    .gelu = gelu_avx2, \
    .gelu_q8 = gelu_q8_avx2, \
    .softmax = softmax_avx2, \
    .logsumexp = logsumexp_avx2, \
    .argmax = argmax_avx2, \
    .read_all = read_all_avx2, \
    .round_products = 384, \
    .attention = attention_avx2, \
    .training = &training_avx2,

const lk_variants lk_variants_avx2 = {
    .isa = "avx2",
    .panel_matmul_q8 = lk_panel_matmul_q8_avx2,
    .panel_matmul_q16 = lk_panel_matmul_q16_avx2,
    .multiply_bytes = lk_multiply_bytes_avx2,
    LK_VARIANTS_256
};

/// With VNNI in vectors of 32 bytes (Intel Alder Lake and AMD Zen 5 onwards).
const lk_variants lk_variants_avx_vnni = {
    .isa = "avx-vnni",
    .panel_matmul_q8 = lk_panel_matmul_q8_avx_vnni,
    .panel_matmul_q16 = lk_panel_matmul_q16_avx_vnni,
    .multiply_bytes = lk_multiply_bytes_avx_vnni,
    LK_VARIANTS_256
};
#endif

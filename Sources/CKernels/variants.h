// Shared by the files of this target: the tables of variants, and reads of small little-endian numbers from blocks.
#ifndef LK_VARIANTS_H
#define LK_VARIANTS_H
#include "CKernels.h"
#include <string.h>

/// The table in use.
const lk_variants *lk_active_variants(void);

extern const lk_variants lk_variants_plain;
#if defined(__x86_64__)
extern const lk_variants lk_variants_avx2;
extern const lk_variants lk_variants_avx_vnni;
extern const lk_variants lk_variants_avx512;
extern const lk_variants lk_variants_avx512_bf16;
#elif defined(__aarch64__)
extern const lk_variants lk_variants_neon;
#endif

// The plain variants, for types and tails that a faster variant leaves to them.
void lk_dequantize_row_plain(lk_type type, const void *row, float *out, size_t n);
void lk_matmul_f32_plain(lk_type type, const void *w, size_t out_begin, size_t out_end, const float *x, size_t rows,
                         size_t n, float *y, size_t ldy);
void lk_quantize_rows_plain(const float *x, size_t rows, size_t n, lk_q8_block *out);
void lk_quantize_rows_q16_plain(const float *x, size_t rows, size_t n, lk_q16_block *out);
void lk_panel_matmul_f32_plain(const lk_panel_matrix *w, size_t begin, size_t end, const float *x, size_t rows, float *y,
                               size_t ldy, int add);
void lk_panel_matmul_q16_plain(const lk_panel_matrix *w, size_t begin, size_t end, const lk_q16_block *x, size_t rows,
                               float *y, size_t ldy, int add);
void lk_panel_matmul_q8_plain(const lk_panel_matrix *w, size_t begin, size_t end, const lk_q8_block *x, size_t rows,
                              float *y, size_t ldy, int add);
void lk_panel_matmul_bf16_plain(const lk_panel_matrix *w, size_t begin, size_t end, const uint16_t *x, size_t rows,
                                float *y, size_t ldy, int add);
void lk_bf16_from_f32_plain(const float *x, uint16_t *out, size_t n);
void lk_lora_expand_plain(const float *b, size_t rank, size_t outputs, const float *t, size_t ldt, size_t rows, float *y,
                          size_t ldy);
void lk_rmsnorm_plain(const float *x, const float *weight, float eps, size_t n, float *out);
void lk_swiglu_plain(const float *gate, const float *up, size_t n, float *out);
void lk_swiglu_q8_plain(const float *gate, const float *up, size_t rows, lk_q8_block *out, size_t stride);
void lk_geglu_plain(const float *gate, const float *up, size_t n, float *out);
void lk_geglu_q8_plain(const float *gate, const float *up, size_t rows, lk_q8_block *out, size_t stride);
void lk_soft_cap_plain(float *x, size_t n, float cap);
void lk_layernorm_plain(const float *x, const float *weight, const float *bias, float eps, size_t n, float *out);
void lk_gelu_plain(const float *x, const float *bias, size_t n, float *out);
void lk_gelu_q8_plain(const float *x, const float *bias, size_t rows, lk_q8_block *out, size_t stride);
float lk_softmax_plain(float *x, size_t n);
float lk_logsumexp_plain(const float *x, size_t n);
size_t lk_argmax_plain(const float *x, size_t n);
void lk_attention_plain(lk_type cache, const float *q, size_t queries, size_t head_dim, float scale,
                        const uint32_t *visible, const void *k, const void *v, const void *next, float *state, float *out);
void lk_attention_limited_plain(lk_type cache, const float *q, size_t queries, size_t head_dim, float scale, float cap,
                                const uint32_t *hidden, const uint32_t *visible, const void *k, const void *v,
                                const void *next, float *state, float *out);

uint32_t lk_read_all_plain(const void *p, size_t n);
int32_t lk_multiply_bytes_plain(size_t rounds);

static inline uint16_t lk_read_u16(const void *p) {
    uint16_t value;
    memcpy(&value, p, sizeof value);
    return value;
}

static inline uint32_t lk_read_u32(const void *p) {
    uint32_t value;
    memcpy(&value, p, sizeof value);
    return value;
}

static inline float lk_float_from_bits(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static inline uint32_t lk_bits_from_float(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/// IEEE binary16 to f32, exact.
static inline float lk_f32_from_f16(uint16_t half) {
    uint32_t sign = (uint32_t)(half & 0x8000) << 16;
    uint32_t rest = half & 0x7fff;
    if (rest >= 0x7c00) return lk_float_from_bits(sign | 0x7f800000 | (rest & 0x3ff) << 13);
    if (rest >= 0x0400) return lk_float_from_bits(sign | ((rest << 13) + 0x38000000));
    float subnormal = (float)rest * 0x1p-24f;
    return sign ? -subnormal : subnormal;
}

static inline float lk_f16_at(const void *p) { return lk_f32_from_f16(lk_read_u16(p)); }

/// The scale and the minimum of part j (0...7) of a Q4_K or Q5_K block, from its 12 packed bytes of 6-bit numbers.
static inline void lk_k4_scale(const uint8_t *packed, int j, int *scale, int *minimum) {
    if (j < 4) {
        *scale = packed[j] & 63;
        *minimum = packed[j + 4] & 63;
    } else {
        *scale = (packed[j + 4] & 15) | (packed[j - 4] >> 6) << 4;
        *minimum = packed[j + 4] >> 4 | (packed[j] >> 6) << 4;
    }
}

/// The scale of part j (0...15) of a Q3_K block, -32...31, from its 12 packed bytes.
static inline int lk_k3_scale(const uint8_t *packed, int j) {
    int low = j < 8 ? packed[j] & 15 : packed[j - 8] >> 4;
    int high = packed[8 + j % 4] >> 2 * (j / 4) & 3;
    return (low | high << 4) - 32;
}

/// The values of a nibble of IQ4_NL and IQ4_XS, plus 128, and of MXFP4, plus 12: twice what it stands for.
static const uint8_t lk_iq4_values[16] = {1, 24, 45, 63, 79, 93, 106, 118, 129, 141, 153, 166, 181, 197, 217, 241};
static const uint8_t lk_mxfp4_values[16] = {12, 13, 14, 15, 16, 18, 20, 24, 12, 11, 10, 9, 8, 6, 4, 0};

/// The scale of part j (0...7) of an IQ4_XS block, -32...31.
static inline int lk_iq4_xs_scale(const uint8_t *block, int j) {
    int low = block[4 + j / 2] >> 4 * (j % 2) & 15, high = lk_read_u16(block + 2) >> 2 * j & 3;
    return (low | high << 4) - 32;
}

/// Half of the power of two that is the scale of an MXFP4 block.
static inline float lk_half_e8m0(uint8_t exponent) {
    return lk_float_from_bits(exponent < 2 ? 0x00200000u << exponent : (uint32_t)(exponent - 1) << 23);
}

#endif

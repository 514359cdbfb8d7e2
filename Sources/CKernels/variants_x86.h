// The faster variants on x86-64 that have a file of their own.
#ifndef LK_VARIANTS_X86_H
#define LK_VARIANTS_X86_H
#include "variants.h"

void lk_panel_matmul_q8_avx2(const lk_panel_matrix *w, size_t begin, size_t end, const lk_q8_block *x, size_t rows,
                             float *y, size_t ldy, int add);
void lk_panel_matmul_q8_avx_vnni(const lk_panel_matrix *w, size_t begin, size_t end, const lk_q8_block *x, size_t rows,
                                 float *y, size_t ldy, int add);
void lk_panel_matmul_q8_avx512(const lk_panel_matrix *w, size_t begin, size_t end, const lk_q8_block *x, size_t rows,
                               float *y, size_t ldy, int add);
void lk_panel_matmul_q16_avx2(const lk_panel_matrix *w, size_t begin, size_t end, const lk_q16_block *x, size_t rows,
                              float *y, size_t ldy, int add);
void lk_panel_matmul_q16_avx_vnni(const lk_panel_matrix *w, size_t begin, size_t end, const lk_q16_block *x, size_t rows,
                                  float *y, size_t ldy, int add);
void lk_panel_matmul_q16_avx512(const lk_panel_matrix *w, size_t begin, size_t end, const lk_q16_block *x, size_t rows,
                                float *y, size_t ldy, int add);
int32_t lk_multiply_bytes_avx2(size_t rounds);
int32_t lk_multiply_bytes_avx_vnni(size_t rounds);
int32_t lk_multiply_bytes_avx512(size_t rounds);
void lk_panel_matmul_bf16_avx512(const lk_panel_matrix *w, size_t begin, size_t end, const uint16_t *x, size_t rows,
                                 float *y, size_t ldy, int add);
void lk_bf16_from_f32_avx512(const float *x, uint16_t *out, size_t n);
void lk_panel_backward_bf16_avx512(const lk_panel_matrix *w, size_t begin, size_t end, const uint16_t *dy, size_t ldy,
                                   size_t rows, float *dx, size_t ldx, int add, float *scratch);
/// out [32 inputs, 32 outputs] of block b of a panel of rows of n values.
void lk_decode_block_avx512(lk_type type, const uint8_t *panel, size_t n, size_t b, float *out);
/// For a cache of bf16 and a head_dim that is a multiple of 16, up to 256.
void lk_attention_bf16_avx512(lk_type cache, const float *q, size_t queries, size_t head_dim, float scale,
                              const uint32_t *visible, const void *k, const void *v, const void *next, float *state,
                              float *out);

#define LK_BF16_TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16,f16c")))
#define LK_BF16_INLINE LK_BF16_TARGET static inline __attribute__((always_inline))
#endif

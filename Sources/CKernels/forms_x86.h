// The faster forms on x86-64 that have a file of their own.
#ifndef LK_FORMS_X86_H
#define LK_FORMS_X86_H
#include "forms.h"

void lk_panel_matmul_q8_avx2(const lk_panel_matrix *w, size_t begin, size_t end, const lk_q8_block *x, size_t rows,
                             float *y, size_t ldy, int add);
void lk_panel_matmul_q8_avx512(const lk_panel_matrix *w, size_t begin, size_t end, const lk_q8_block *x, size_t rows,
                               float *y, size_t ldy, int add);
void lk_panel_matmul_bf16_avx512(const lk_panel_matrix *w, size_t begin, size_t end, const uint16_t *x, size_t rows,
                                 float *y, size_t ldy, int add);
void lk_bf16_from_f32_avx512(const float *x, uint16_t *out, size_t n);
#endif

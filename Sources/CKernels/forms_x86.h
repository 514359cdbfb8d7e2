// The faster forms on x86-64 that have a file of their own.
#ifndef LK_FORMS_X86_H
#define LK_FORMS_X86_H
#include "forms.h"

void lk_matmul_q8_avx2(lk_type type, const void *w, size_t out_begin, size_t out_end, const lk_q8_block *x,
                       size_t rows, size_t n, float *y, size_t ldy);
void lk_matmul_q8_avx512(lk_type type, const void *w, size_t out_begin, size_t out_end, const lk_q8_block *x,
                         size_t rows, size_t n, float *y, size_t ldy);
#endif

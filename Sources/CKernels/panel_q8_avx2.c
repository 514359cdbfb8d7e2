// Products of panels with int8 activations on AVX2.
#if defined(__x86_64__)
#define LK_VNNI 0
#define LK_WIDE 0
#define LK_TARGET LK_AVX2
#define LK_MULTIPLY_BYTES lk_multiply_bytes_avx2
#define LK_MATMUL lk_panel_matmul_q8_avx2
#include "panel_q8_256.h"
#endif

// Products of panels with int8 activations on AVX-512 VNNI.
#if defined(__x86_64__)
#define LK_WIDE 0
#define LK_MULTIPLY_BYTES lk_multiply_bytes_avx512
#define LK_MATMUL lk_panel_matmul_q8_avx512
#include "panel_q8_512.h"
#endif

// Products of panels with int16 activations on AVX-512 VNNI.
#if defined(__x86_64__)
#define LK_WIDE 2
#define LK_MATMUL lk_panel_matmul_q16_avx512
#include "panel_q8_512.h"
#endif

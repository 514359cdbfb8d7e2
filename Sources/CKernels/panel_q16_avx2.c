// Products of panels with int16 activations on AVX2.
#if defined(__x86_64__)
#define LK_VNNI 0
#define LK_WIDE 1
#define LK_TARGET LK_AVX2
#define LK_MATMUL lk_panel_matmul_q16_avx2
#include "panel_q8_256.h"
#endif

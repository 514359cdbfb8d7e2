// Products of panels with int16 activations on 64-bit ARM.
#if defined(__aarch64__)
#define LK_WIDE 1
#define LK_MATMUL lk_panel_matmul_q16_neon
#include "panel_q8_128.h"
#endif

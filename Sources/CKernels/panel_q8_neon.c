// Products of panels with int8 activations on 64-bit ARM.
#if defined(__aarch64__)
#define LK_WIDE 0
#define LK_MULTIPLY_BYTES lk_multiply_bytes_neon
#define LK_MATMUL lk_panel_matmul_q8_neon
#include "panel_q8_128.h"
#endif

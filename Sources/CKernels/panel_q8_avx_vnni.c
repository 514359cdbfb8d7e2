// The same with AVX-VNNI.
#if defined(__x86_64__)
#define LK_VNNI 1
#define LK_WIDE 0
#define LK_TARGET __attribute__((target("avx2,avxvnni,fma,f16c")))
#define LK_MULTIPLY_BYTES lk_multiply_bytes_avx_vnni
#define LK_MATMUL lk_panel_matmul_q8_avx_vnni
#include "panel_q8_256.h"
#endif

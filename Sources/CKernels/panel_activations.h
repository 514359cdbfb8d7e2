// What the int8 and the int16 products of panels call their activations. A file that includes this defines LK_WIDE: 0
// for int8, 1 for int16, 2 for int16 as two planes of bytes, 32 bytes apart.
#include "panels.h"

#if LK_WIDE
typedef lk_q16_block activations;
#if LK_WIDE == 1
typedef int16_t activation;
#define LK_VALUES q
#else
typedef int8_t activation;
#define LK_VALUES high
#endif
#define lk_panel_matmul_plain lk_panel_matmul_q16_plain
#else
typedef lk_q8_block activations;
typedef int8_t activation;
#define LK_VALUES q
#define lk_panel_matmul_plain lk_panel_matmul_q8_plain
#endif

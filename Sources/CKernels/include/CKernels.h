#ifndef LK_CKERNELS_H
#define LK_CKERNELS_H
// The hot loops of the engine. Every function has a plain form, the reference, and faster forms beside it
// that are chosen once at run time by what the CPU offers.
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Element types of tensors, with the numbers that GGUF gives them.
typedef enum lk_type {
    LK_F32 = 0, LK_F16 = 1, LK_Q4_0 = 2, LK_Q4_1 = 3, LK_Q5_0 = 6, LK_Q5_1 = 7, LK_Q8_0 = 8,
    LK_Q2_K = 10, LK_Q3_K = 11, LK_Q4_K = 12, LK_Q5_K = 13, LK_Q6_K = 14, LK_BF16 = 30,
} lk_type;

#ifdef __cplusplus
}
#endif
#endif

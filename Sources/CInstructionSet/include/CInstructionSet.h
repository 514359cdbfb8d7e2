#ifndef LK_INSTRUCTION_SET_H
#define LK_INSTRUCTION_SET_H
// Which of the instruction sets that kernels are written for may be used: what the CPU has, up to the one that the
// environment variable LLAMA_STACK_ISA names. Every table of kernels asks here, so that one variable holds for all of
// them. Any thread may call; nothing is kept.
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/// From the slowest to the fastest; of two that are on one CPU, the later has all of the earlier's instructions.
typedef enum lk_instruction_set {
    LK_ISA_PLAIN,
    LK_ISA_NEON_DOTPROD,  // 64-bit ARM with products of bytes
    LK_ISA_AVX2,          // with FMA and F16C
    LK_ISA_AVX_VNNI,      // VNNI in vectors of 32 bytes
    LK_ISA_AVX512,        // F, BW, VL, DQ and VNNI
    LK_ISA_AVX512_VBMI,
    LK_ISA_AVX512_BF16,
} lk_instruction_set;

/// 1 when the CPU has it, whatever the environment says.
int lk_isa_has(lk_instruction_set set);

/// 1 when the CPU has it and LLAMA_STACK_ISA does not name a slower one. Intel's AVX-512 BF16, which is slower than what
/// it has without, is used only where the variable names it. Where the variable is refused it counts for nothing: ask
/// lk_isa_refusal before.
int lk_isa_may_use(lk_instruction_set set);

/// 1 where a core that reads a run in vectors of 64 bytes, and computes with them, reads it faster when it asks ahead:
/// Intel's. AMD's (Zen 4, Zen 5) guess far enough by themselves, and asking takes a quarter of their speed.
int lk_isa_asks_ahead(void);

/// Why LLAMA_STACK_ISA can't be followed, as one sentence of up to `capacity` bytes, its end included: it names no
/// instruction set, or one that this CPU does not have. Returns 0, and writes an empty text, when it is followed, unset
/// or empty.
int lk_isa_refusal(char *out, size_t capacity);

/// The same for a value of the variable that is given; NULL: unset.
int lk_isa_refusal_of(const char *value, char *out, size_t capacity);

#ifdef __cplusplus
}
#endif
#endif

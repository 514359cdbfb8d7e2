#include "CInstructionSet.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#if defined(__aarch64__) && defined(__linux__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

#define VARIABLE "LLAMA_STACK_ISA"

/// The values of the variable. The first name of a set is the one that lists show.
static const struct { const char *name; lk_instruction_set needs, limit; } names[] = {
    {"plain", LK_ISA_PLAIN, LK_ISA_PLAIN},
    {"neon", LK_ISA_NEON_DOTPROD, LK_ISA_NEON_DOTPROD},
    {"avx2", LK_ISA_AVX2, LK_ISA_AVX2},
    {"avx-vnni", LK_ISA_AVX_VNNI, LK_ISA_AVX_VNNI},
    {"avx512", LK_ISA_AVX512_VBMI, LK_ISA_AVX512_BF16},  // the fastest of the two below
    {"avx512-vnni", LK_ISA_AVX512_VBMI, LK_ISA_AVX512_VBMI},
    {"avx512-bf16", LK_ISA_AVX512_BF16, LK_ISA_AVX512_BF16},
};
enum { names_count = sizeof names / sizeof *names };

int lk_isa_has(lk_instruction_set set) {
    switch (set) {
    case LK_ISA_PLAIN: return 1;
#if defined(__x86_64__)
    case LK_ISA_AVX2:
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
    case LK_ISA_AVX_VNNI: return lk_isa_has(LK_ISA_AVX2) && __builtin_cpu_supports("avxvnni");
    case LK_ISA_AVX512:
        return lk_isa_has(LK_ISA_AVX2) && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
               __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
               __builtin_cpu_supports("avx512vnni");
    case LK_ISA_AVX512_VBMI: return lk_isa_has(LK_ISA_AVX512) && __builtin_cpu_supports("avx512vbmi");
    case LK_ISA_AVX512_BF16: return lk_isa_has(LK_ISA_AVX512_VBMI) && __builtin_cpu_supports("avx512bf16");
#elif defined(__aarch64__) && defined(__APPLE__)
    case LK_ISA_NEON_DOTPROD: return 1;  // since the first
#elif defined(__aarch64__) && defined(__linux__)
    case LK_ISA_NEON_DOTPROD: return (getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0;
#endif
    default: return 0;
    }
}

/// In vectors Intel's processors multiply bf16 so slowly (Sapphire Rapids: 42 G multiply-adds/s a core, where those of
/// f32 are 91) that widening first is faster. AMD's (Zen 4, Zen 5) multiply twice as many as of f32.
static int is_worthwhile(lk_instruction_set set) {
#if defined(__x86_64__)
    return set != LK_ISA_AVX512_BF16 || !__builtin_cpu_is("intel");
#else
    return (void)set, 1;
#endif
}

/// The index of the name, or names_count.
static size_t index_of(const char *value) {
    size_t i = 0;
    while (i < names_count && strcmp(names[i].name, value) != 0) i++;
    return i;
}

static int is_set(const char *value) { return value != NULL && *value != 0; }

int lk_isa_may_use(lk_instruction_set set) {
    const char *value = getenv(VARIABLE);
    size_t i = is_set(value) ? index_of(value) : names_count;
    int is_followed = i < names_count && lk_isa_has(names[i].needs);
    if (!lk_isa_has(set) || (is_followed && set > names[i].limit)) return 0;
    return is_worthwhile(set) || (is_followed && set == names[i].needs);
}

int lk_isa_asks_ahead(void) {
#if defined(__x86_64__)
    return __builtin_cpu_is("intel") != 0;
#else
    return 0;
#endif
}

int lk_isa_refusal(char *out, size_t capacity) { return lk_isa_refusal_of(getenv(VARIABLE), out, capacity); }

int lk_isa_refusal_of(const char *value, char *out, size_t capacity) {
    if (capacity > 0) *out = 0;
    size_t i = is_set(value) ? index_of(value) : names_count;
    if (!is_set(value) || (i < names_count && lk_isa_has(names[i].needs))) return 0;
    char offered[128] = "";
    for (size_t k = 0; k < names_count; k++) {
        if (!lk_isa_has(names[k].needs)) continue;
        size_t length = strlen(offered);
        snprintf(offered + length, sizeof offered - length, "%s%s", length > 0 ? ", " : "", names[k].name);
    }
    snprintf(out, capacity,
             i < names_count ? VARIABLE ": this machine does not have the instruction set '%.60s'; it has %s"
                             : VARIABLE ": unknown instruction set '%.60s'; this machine has %s",
             value, offered);
    return 1;
}

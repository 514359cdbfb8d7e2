// Chooses, once, which variant of each loop runs.
#include "variants.h"
#include <CInstructionSet.h>
#include <stdatomic.h>
#include <string.h>

#define VARIANTS(isa_)                                                                                                    \
    {.isa = #isa_, .scores = lk_vector_scores_##isa_, .scores4 = lk_vector_scores4_##isa_,                             \
     .dot_f32 = lk_vector_dot_f32_##isa_}

/// Fastest first.
static const struct { lk_vector_variants variants; lk_instruction_set set; } known[] = {
#if defined(__x86_64__)
    {VARIANTS(avx512), LK_ISA_AVX512},
    {VARIANTS(avx2), LK_ISA_AVX2},
#endif
    {VARIANTS(plain), LK_ISA_PLAIN},
};

const lk_vector_variants *lk_vector_variants_for(const char *isa) {
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(known[i].variants.isa, isa) == 0) return lk_isa_has(known[i].set) ? &known[i].variants : NULL;
    return NULL;
}

/// Threads that come here together choose the same variants.
static const lk_vector_variants *active(void) {
    static _Atomic(const lk_vector_variants *) chosen;
    const lk_vector_variants *variants = atomic_load_explicit(&chosen, memory_order_acquire);
    if (variants != NULL) return variants;
    for (size_t i = 0; variants == NULL; i++)
        if (lk_isa_may_use(known[i].set)) variants = &known[i].variants;
    atomic_store_explicit(&chosen, variants, memory_order_release);
    return variants;
}

const char *lk_vector_isa(void) { return active()->isa; }

float lk_vector_scores(const uint8_t *codes, const float *scales, lk_vector_query query, size_t groups, float *scores) {
    return active()->scores(codes, scales, query, groups, scores);
}

void lk_vector_scores4(const uint8_t *codes, const float *scales, const lk_vector_query *queries, size_t groups,
                       float *scores) {
    active()->scores4(codes, scales, queries, groups, scores);
}

float lk_vector_dot_f32(const float *a, const float *b, size_t n) { return active()->dot_f32(a, b, n); }

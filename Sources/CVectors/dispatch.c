// Chooses, once, which form of each loop runs.
#include "forms.h"
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define FORMS(isa_)                                                                                                    \
    {.isa = #isa_, .scores = lk_vector_scores_##isa_, .scores4 = lk_vector_scores4_##isa_,                             \
     .dot_f32 = lk_vector_dot_f32_##isa_}

static int always(void) { return 1; }
#if defined(__x86_64__)
static int has_avx2(void) { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }
static int has_avx512(void) {
    return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vnni");
}
#endif

/// Fastest first.
static const struct { lk_vector_forms forms; int (*offered)(void); } known[] = {
#if defined(__x86_64__)
    {FORMS(avx512), has_avx512},
    {FORMS(avx2), has_avx2},
#endif
    {FORMS(plain), always},
};

const lk_vector_forms *lk_vector_forms_for(const char *isa) {
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(known[i].forms.isa, isa) == 0) return known[i].offered() ? &known[i].forms : NULL;
    return NULL;
}

/// Threads that come here together choose the same forms.
static const lk_vector_forms *active(void) {
    static _Atomic(const lk_vector_forms *) chosen;
    const lk_vector_forms *forms = atomic_load_explicit(&chosen, memory_order_acquire);
    if (forms != NULL) return forms;
    const char *wanted = getenv("LK_ISA");
    forms = wanted ? lk_vector_forms_for(wanted) : NULL;
    for (size_t i = 0; forms == NULL; i++)
        if (known[i].offered()) forms = &known[i].forms;
    atomic_store_explicit(&chosen, forms, memory_order_release);
    return forms;
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

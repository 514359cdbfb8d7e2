// Chooses, once, which variant of each kernel runs. A new instruction set is a table here.
#include "training.h"
#include <CInstructionSet.h>
#include <stdatomic.h>

const lk_variants lk_variants_plain = {
    .isa = "plain",
    .dequantize_row = lk_dequantize_row_plain,
    .matmul_f32 = lk_matmul_f32_plain,
    .quantize_rows = lk_quantize_rows_plain,
    .quantize_rows_q16 = lk_quantize_rows_q16_plain,
    .panel_matmul_f32 = lk_panel_matmul_f32_plain,
    .panel_matmul_q8 = lk_panel_matmul_q8_plain,
    .panel_matmul_q16 = lk_panel_matmul_q16_plain,
    .panel_matmul_bf16 = lk_panel_matmul_bf16_plain,
    .bf16_from_f32 = lk_bf16_from_f32_plain,
    .lora_expand = lk_lora_expand_plain,
    .rmsnorm = lk_rmsnorm_plain,
    .swiglu = lk_swiglu_plain,
    .swiglu_q8 = lk_swiglu_q8_plain,
    .geglu = lk_geglu_plain,
    .geglu_q8 = lk_geglu_q8_plain,
    .soft_cap = lk_soft_cap_plain,
    .layernorm = lk_layernorm_plain,
    .gelu = lk_gelu_plain,
    .gelu_q8 = lk_gelu_q8_plain,
    .softmax = lk_softmax_plain,
    .logsumexp = lk_logsumexp_plain,
    .argmax = lk_argmax_plain,
    .attention = lk_attention_plain,
    .attention_limited = lk_attention_limited_plain,
    .read_all = lk_read_all_plain,
    .multiply_bytes = lk_multiply_bytes_plain,
    .round_products = 4,
    .training = &lk_training_plain,
};

/// Fastest first.
static const struct { const lk_variants *variants; lk_instruction_set set; } known[] = {
#if defined(__x86_64__)
    {&lk_variants_avx512_bf16, LK_ISA_AVX512_BF16},
    {&lk_variants_avx512, LK_ISA_AVX512_VBMI},
    {&lk_variants_avx_vnni, LK_ISA_AVX_VNNI},
    {&lk_variants_avx2, LK_ISA_AVX2},
#elif defined(__aarch64__)
    {&lk_variants_neon, LK_ISA_NEON_DOTPROD},
#endif
    {&lk_variants_plain, LK_ISA_PLAIN},
};

const lk_variants *lk_variants_for(const char *isa) {
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(known[i].variants->isa, isa) == 0) return lk_isa_has(known[i].set) ? known[i].variants : NULL;
    return NULL;
}

static const lk_variants *choose(void) {
    size_t i = 0;
    while (!lk_isa_may_use(known[i].set)) i++;
    return known[i].variants;
}

/// Threads that come here together choose the same table.
const lk_variants *lk_active_variants(void) {
    static _Atomic(const lk_variants *) chosen;
    const lk_variants *variants = atomic_load_explicit(&chosen, memory_order_acquire);
    if (variants == NULL) atomic_store_explicit(&chosen, variants = choose(), memory_order_release);
    return variants;
}

static inline const lk_variants *active(void) { return lk_active_variants(); }

const char *lk_isa(void) { return active()->isa; }

void lk_dequantize_row(lk_type type, const void *row, float *out, size_t n) {
    active()->dequantize_row(type, row, out, n);
}

void lk_matmul_f32(lk_type type, const void *w, size_t out_begin, size_t out_end, const float *x, size_t rows,
                   size_t n, float *y, size_t ldy) {
    active()->matmul_f32(type, w, out_begin, out_end, x, rows, n, y, ldy);
}

void lk_quantize_rows(const float *x, size_t rows, size_t n, lk_q8_block *out) {
    active()->quantize_rows(x, rows, n, out);
}

void lk_quantize_rows_q16(const float *x, size_t rows, size_t n, lk_q16_block *out) {
    active()->quantize_rows_q16(x, rows, n, out);
}

void lk_panel_matmul_f32(const lk_panel_matrix *w, size_t begin, size_t end, const float *x, size_t rows, float *y,
                         size_t ldy, int add) {
    active()->panel_matmul_f32(w, begin, end, x, rows, y, ldy, add);
}

void lk_panel_matmul_q8(const lk_panel_matrix *w, size_t begin, size_t end, const lk_q8_block *x, size_t rows, float *y,
                        size_t ldy, int add) {
    active()->panel_matmul_q8(w, begin, end, x, rows, y, ldy, add);
}

void lk_panel_matmul_q16(const lk_panel_matrix *w, size_t begin, size_t end, const lk_q16_block *x, size_t rows,
                         float *y, size_t ldy, int add) {
    active()->panel_matmul_q16(w, begin, end, x, rows, y, ldy, add);
}

void lk_panel_matmul_bf16(const lk_panel_matrix *w, size_t begin, size_t end, const uint16_t *x, size_t rows, float *y,
                          size_t ldy, int add) {
    active()->panel_matmul_bf16(w, begin, end, x, rows, y, ldy, add);
}

void lk_bf16_from_f32(const float *x, uint16_t *out, size_t n) { active()->bf16_from_f32(x, out, n); }

int lk_has_bf16(lk_type type) {
    return (type == LK_F16 || type == LK_BF16) && active()->panel_matmul_bf16 != lk_panel_matmul_bf16_plain;
}

void lk_lora_expand(const float *b, size_t rank, size_t outputs, const float *t, size_t ldt, size_t rows, float *y,
                    size_t ldy) {
    active()->lora_expand(b, rank, outputs, t, ldt, rows, y, ldy);
}

void lk_rmsnorm(const float *x, const float *weight, float eps, size_t n, float *out) {
    active()->rmsnorm(x, weight, eps, n, out);
}

void lk_swiglu(const float *gate, const float *up, size_t n, float *out) { active()->swiglu(gate, up, n, out); }

void lk_swiglu_q8(const float *gate, const float *up, size_t rows, lk_q8_block *out, size_t stride) {
    active()->swiglu_q8(gate, up, rows, out, stride);
}

void lk_geglu(const float *gate, const float *up, size_t n, float *out) { active()->geglu(gate, up, n, out); }

void lk_geglu_q8(const float *gate, const float *up, size_t rows, lk_q8_block *out, size_t stride) {
    active()->geglu_q8(gate, up, rows, out, stride);
}

void lk_soft_cap(float *x, size_t n, float cap) { active()->soft_cap(x, n, cap); }

void lk_layernorm(const float *x, const float *weight, const float *bias, float eps, size_t n, float *out) {
    active()->layernorm(x, weight, bias, eps, n, out);
}

void lk_gelu(const float *x, const float *bias, size_t n, float *out) { active()->gelu(x, bias, n, out); }

void lk_gelu_q8(const float *x, const float *bias, size_t rows, lk_q8_block *out, size_t stride) {
    active()->gelu_q8(x, bias, rows, out, stride);
}

float lk_softmax(float *x, size_t n) { return active()->softmax(x, n); }

float lk_logsumexp(const float *x, size_t n) { return active()->logsumexp(x, n); }

size_t lk_argmax(const float *x, size_t n) { return active()->argmax(x, n); }

void lk_attention(lk_type cache, const float *q, size_t queries, size_t head_dim, float scale, const uint32_t *visible,
                  const void *k, const void *v, const void *next, float *state, float *out) {
    active()->attention(cache, q, queries, head_dim, scale, visible, k, v, next, state, out);
}

void lk_attention_limited(lk_type cache, const float *q, size_t queries, size_t head_dim, float scale, float cap,
                          const uint32_t *hidden, const uint32_t *visible, const void *k, const void *v,
                          const void *next, float *state, float *out) {
    active()->attention_limited(cache, q, queries, head_dim, scale, cap, hidden, visible, k, v, next, state, out);
}

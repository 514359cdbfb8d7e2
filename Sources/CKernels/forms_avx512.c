// The table of forms for AVX-512 with VNNI and VBMI (Intel Ice Lake and AMD Zen 4 onwards).
#if defined(__x86_64__)
#include "forms_x86.h"

const lk_forms lk_forms_avx512 = {
    .isa = "avx512-vnni",
    .dequantize_row = lk_dequantize_row_plain,
    .f16_from_f32 = lk_f16_from_f32_plain,
    .matmul_f32 = lk_matmul_f32_plain,
    .quantize_rows = lk_quantize_rows_plain,
    .matmul_q8 = lk_matmul_q8_avx512,
    .rmsnorm = lk_rmsnorm_plain,
    .swiglu = lk_swiglu_plain,
    .softmax = lk_softmax_plain,
    .logsumexp = lk_logsumexp_plain,
    .argmax = lk_argmax_plain,
    .attention_f16 = lk_attention_f16_plain,
    .attention_f32 = lk_attention_f32_plain,
};
#endif

// The table of forms for AVX2, FMA and F16C (Intel Haswell and AMD Zen onwards).
#if defined(__x86_64__)
#include "forms_x86.h"

const lk_forms lk_forms_avx2 = {
    .isa = "avx2",
    .dequantize_row = lk_dequantize_row_plain,
    .f16_from_f32 = lk_f16_from_f32_plain,
    .matmul_f32 = lk_matmul_f32_plain,
    .quantize_rows = lk_quantize_rows_plain,
    .matmul_q8 = lk_matmul_q8_plain,
    .rmsnorm = lk_rmsnorm_plain,
    .swiglu = lk_swiglu_plain,
    .softmax = lk_softmax_plain,
    .logsumexp = lk_logsumexp_plain,
    .argmax = lk_argmax_plain,
    .attention_f16 = lk_attention_f16_plain,
    .attention_f32 = lk_attention_f32_plain,
};
#endif

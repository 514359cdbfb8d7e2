// The gradient of a product's input on AVX-512 BF16, against training_products_plain.c. As vector_products.h, with
// pairs of outputs in the place of outputs.
#if defined(__x86_64__)
#include "panels.h"
#include "training.h"
#include "variants_x86.h"
#include <immintrin.h>

#define LK_TARGET LK_BF16_TARGET
#define LK_VARIANT(name) name##_avx512_bf16
#include "vector.h"
#include "vector_transpose.h"

enum { pairs_in_block = panel_outputs / 2, backward_bf16_rows = 96 };

/// out [16 pairs of outputs, 32 inputs, 2] of a block.
LK_BF16_INLINE void round_by_outputs(lk_type type, const uint8_t *panel, size_t n, size_t b, float *out) {
    float w[panel_block * panel_outputs] __attribute__((aligned(64)));
    float pairs[panel_block * pairs_in_block] __attribute__((aligned(64)));
    lk_decode_block_avx512(type, panel, n, b, w);
    for (size_t i = 0; i < panel_block; i++)
        _mm512_store_ps(pairs + i * pairs_in_block,
                        (__m512)_mm512_cvtne2ps_pbh(_mm512_load_ps(w + i * panel_outputs + 16),
                                                    _mm512_load_ps(w + i * panel_outputs)));
    for (size_t i = 0; i < panel_block; i += 8)
        for (size_t p = 0; p < pairs_in_block; p += 8)
            transpose_8x8(pairs + i * pairs_in_block + p, pairs_in_block, out + p * panel_block + i, panel_block);
}

#define EACH_ROW(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7) DO(8) DO(9) DO(10) DO(11)
#define DECLARE(r) __m512 low##r = _mm512_setzero_ps(), high##r = _mm512_setzero_ps();
#define ADD(r) \
    if (rows > r) { \
        __m512bh two = (__m512bh)_mm512_set1_epi32((int32_t)PAIR(dy + r * ldy + o)); \
        low##r = _mm512_dpbf16_ps(low##r, w_low, two); \
        high##r = _mm512_dpbf16_ps(high##r, w_high, two); \
    }
#define STORE(r) \
    if (rows > r) { \
        float *to = dx + r * ldx; \
        _mm512_storeu_ps(to, add ? _mm512_add_ps(_mm512_loadu_ps(to), low##r) : low##r); \
        _mm512_storeu_ps(to + 16, add ? _mm512_add_ps(_mm512_loadu_ps(to + 16), high##r) : high##r); \
    }

/// `rows` (1 to 12, a constant) rows of dy times a strip.
LK_BF16_INLINE void tile(const int rows, const float *strip, const uint16_t *dy, size_t ldy, size_t outputs, float *dx,
                         size_t ldx, int add) {
    EACH_ROW(DECLARE)
    size_t o = 0;
#define PAIR(p) lk_read_u32(p)
    for (; o + 2 <= outputs; o += 2, strip += panel_block) {
        const __m512bh w_low = (__m512bh)_mm512_load_ps(strip), w_high = (__m512bh)_mm512_load_ps(strip + 16);
        EACH_ROW(ADD)
    }
#undef PAIR
#define PAIR(p) lk_read_u16(p)
    if (o < outputs) {  // one output without a second
        const __m512bh w_low = (__m512bh)_mm512_load_ps(strip), w_high = (__m512bh)_mm512_load_ps(strip + 16);
        EACH_ROW(ADD)
    }
#undef PAIR
    EACH_ROW(STORE)
}

#define CASE(r) \
    case r: tile(r, strip, dy, ldy, outputs, dx, ldx, add); return;
LK_BF16_TARGET static void rows_of_strip(size_t rows, const float *strip, const uint16_t *dy, size_t ldy,
                                         size_t outputs, float *dx, size_t ldx, int add) {
    switch (rows) {
    CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6) CASE(7) CASE(8) CASE(9) CASE(10) CASE(11)
    default: tile(12, strip, dy, ldy, outputs, dx, ldx, add); return;
    }
}

LK_BF16_TARGET void lk_panel_backward_bf16_avx512(const lk_panel_matrix *w, size_t begin, size_t end,
                                                  const uint16_t *dy, size_t ldy, size_t rows, float *dx, size_t ldx, int add,
                                                  float *scratch) {
    const size_t stride = lk_panel_stride(w->type, w->inputs), strip_floats = backward_outputs / 2 * panel_block;
    for (size_t o = 0; o < w->outputs; o += backward_outputs) {
        const size_t outputs = w->outputs - o < backward_outputs ? w->outputs - o : backward_outputs;
        for (size_t s = begin, strips; s < end; s += strips) {
            strips = end - s < backward_inputs / panel_block ? end - s : backward_inputs / panel_block;
            for (size_t c = 0; c < outputs; c += panel_outputs)
                for (size_t t = 0; t < strips; t++)
                    round_by_outputs(w->type, w->panels + (o + c) / panel_outputs * stride, w->inputs, s + t,
                                     scratch + t * strip_floats + c / 2 * panel_block);
            for (size_t r = 0; r < rows; r += backward_bf16_rows)
                for (size_t t = 0; t < strips; t++)
                    for (size_t i = r; i < rows && i < r + backward_bf16_rows; i += 12)
                        rows_of_strip(rows - i < 12 ? rows - i : 12, scratch + t * strip_floats, dy + i * ldy + o, ldy,
                                      outputs, dx + i * ldx + (s - begin + t) * panel_block, ldx, add || o > 0);
        }
    }
}
#endif

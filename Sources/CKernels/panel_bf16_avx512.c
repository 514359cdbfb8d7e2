// Products of 16-bit panels with bf16 activations on AVX-512 BF16, against matmul_plain.c. A tile is one panel and up
// to 12 rows of x: 24 sums stay in registers, named variables because clang keeps arrays of them in memory.
#if defined(__x86_64__)
#include "variants_x86.h"
#include "panels.h"
#include <CInstructionSet.h>
#include <immintrin.h>

/// Sixteen outputs of two inputs as bf16.
LK_BF16_INLINE __m512bh pairs_at(const lk_type type, const uint8_t *p) {
    if (type == LK_BF16) return (__m512bh)_mm512_load_si512(p);
    return _mm512_cvtne2ps_pbh(_mm512_cvtph_ps(_mm256_load_si256((const __m256i *)(p + 32))),
                               _mm512_cvtph_ps(_mm256_load_si256((const __m256i *)p)));
}

#define EACH_ROW(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7) DO(8) DO(9) DO(10) DO(11)
#define DECLARE(r) __m512 low##r = _mm512_setzero_ps(), high##r = _mm512_setzero_ps();
#define ADD(r) \
    if (rows > r) { \
        __m512bh two = (__m512bh)_mm512_set1_epi32((int32_t)lk_read_u32(x + r * ldx + 2 * i)); \
        low##r = _mm512_dpbf16_ps(low##r, w_low, two); \
        high##r = _mm512_dpbf16_ps(high##r, w_high, two); \
    }
#define STORE(r) \
    if (rows > r) { \
        float *to = y + r * ldy; \
        if (add) { \
            low##r = _mm512_add_ps(low##r, _mm512_maskz_loadu_ps(mask_low, to)); \
            high##r = _mm512_add_ps(high##r, _mm512_maskz_loadu_ps(mask_high, to + 16)); \
        } \
        _mm512_mask_storeu_ps(to, mask_low, low##r); \
        _mm512_mask_storeu_ps(to + 16, mask_high, high##r); \
    }

// A few rows wait for memory: where that pays (lk_isa_asks_ahead), a panel is asked for this many bytes before it is read.
enum { asking_rows = 3, ahead_bytes = 4096 };

/// `rows` (1 to 12, a constant) rows of x times one panel.
LK_BF16_INLINE void tile(const lk_type type, const int rows, const uint8_t *panel, const uint16_t *x, size_t n, size_t ldx,
                         float *y, size_t ldy, size_t outputs, int add) {
    const int asks = rows <= asking_rows && lk_isa_asks_ahead();
    const __mmask16 mask_low = outputs >= 16 ? 0xffff : (__mmask16)((1 << outputs) - 1);
    const __mmask16 mask_high = outputs >= 32 ? 0xffff : outputs <= 16 ? 0 : (__mmask16)((1 << (outputs - 16)) - 1);
    EACH_ROW(DECLARE)
    for (size_t i = 0; i < n / 2; i++) {
        if (asks) {
            __builtin_prefetch(panel + 128 * i + ahead_bytes);
            __builtin_prefetch(panel + 128 * i + ahead_bytes + 64);
        }
        __m512bh w_low = pairs_at(type, panel + 128 * i), w_high = pairs_at(type, panel + 128 * i + 64);
        EACH_ROW(ADD)
    }
    EACH_ROW(STORE)
}

LK_BF16_INLINE void rows_times_panel(const lk_type type, const uint8_t *panel, const uint16_t *x, size_t rows, size_t n,
                                     size_t ldx, float *y, size_t ldy, size_t outputs, int add) {
    for (size_t r = 0, count; r < rows; r += count) {
        const size_t left = rows - r;
        const uint16_t *from = x + r * ldx;
        float *to = y + r * ldy;
        if (left >= 12) {
            count = 12;
            tile(type, 12, panel, from, n, ldx, to, ldy, outputs, add);
        } else if (left >= 8) {
            count = 8;
            tile(type, 8, panel, from, n, ldx, to, ldy, outputs, add);
        } else if (left >= 4) {
            count = 4;
            tile(type, 4, panel, from, n, ldx, to, ldy, outputs, add);
        } else if (left == 3) {
            count = 3;
            tile(type, 3, panel, from, n, ldx, to, ldy, outputs, add);
        } else if (left == 2) {
            count = 2;
            tile(type, 2, panel, from, n, ldx, to, ldy, outputs, add);
        } else {
            count = 1;
            tile(type, 1, panel, from, n, ldx, to, ldy, outputs, add);
        }
    }
}

// A panel of f16 is rounded once for all rows when there are more than one tile has, up to this number of inputs (128
// KB).
enum { rounded_inputs = 2048 };

LK_BF16_TARGET static void multiply_bf16(const uint8_t *panel, const uint16_t *x, size_t rows, size_t n, float *y, size_t ldy,
                                         size_t outputs, int add) {
    rows_times_panel(LK_BF16, panel, x, rows, n, n, y, ldy, outputs, add);
}

LK_BF16_TARGET static void multiply_f16(const uint8_t *panel, const uint16_t *x, size_t rows, size_t n, float *y, size_t ldy,
                                        size_t outputs, int add) {
    rows_times_panel(LK_F16, panel, x, rows, n, n, y, ldy, outputs, add);
}

LK_BF16_TARGET static void multiply_rounded(const uint8_t *panel, const uint16_t *x, size_t rows, size_t n, float *y,
                                            size_t ldy, size_t outputs, int add) {
    uint8_t rounded[rounded_inputs * panel_outputs * 2] __attribute__((aligned(64)));
    for (size_t i = 0; i < n; i++) _mm512_store_si512(rounded + 64 * i, (__m512i)pairs_at(LK_F16, panel + 64 * i));
    multiply_bf16(rounded, x, rows, n, y, ldy, outputs, add);
}

/// Blocks of any type, some at a time, rounded once for all rows.
LK_BF16_TARGET static void multiply_decoded(const lk_type type, const uint8_t *panel, const uint16_t *x, size_t rows,
                                            size_t n, float *y, size_t ldy, size_t outputs, int add) {
    uint8_t rounded[rounded_inputs * panel_outputs * 2] __attribute__((aligned(64)));
    float w[panel_block * panel_outputs] __attribute__((aligned(64)));
    for (size_t first = 0; first < n; first += rounded_inputs) {
        const size_t count = n - first < rounded_inputs ? n - first : rounded_inputs;
        for (size_t i = 0; i < count; i++) {
            if (i % panel_block == 0) lk_decode_block_avx512(type, panel, n, (first + i) / panel_block, w);
            // Two inputs of 16 outputs; the second half follows the first.
            const float *from = w + (i % panel_block / 2 * 2) * panel_outputs + i % 2 * 16;
            __m512i low = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(_mm512_load_ps(from)));
            __m512i high = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(_mm512_load_ps(from + panel_outputs)));
            _mm512_store_si512(rounded + 64 * i, _mm512_or_si512(low, _mm512_slli_epi32(high, 16)));
        }
        rows_times_panel(LK_BF16, rounded, x + first, rows, count, n, y, ldy, outputs, add || first > 0);
    }
}

LK_BF16_TARGET void lk_panel_matmul_bf16_avx512(const lk_panel_matrix *w, size_t begin, size_t end, const uint16_t *x,
                                                size_t rows, float *y, size_t ldy, int add) {
    const size_t n = w->inputs, stride = lk_panel_stride(w->type, n);
    for (size_t p = begin; p < end; p++, y += panel_outputs) {
        const uint8_t *panel = w->panels + p * stride;
        size_t outputs = w->outputs - p * panel_outputs;
        if (w->type != LK_BF16 && w->type != LK_F16)
            multiply_decoded(w->type, panel, x, rows, n, y, ldy, outputs, add);
        else if (w->type == LK_BF16) multiply_bf16(panel, x, rows, n, y, ldy, outputs, add);
        else if (rows > 12 && n <= rounded_inputs) multiply_rounded(panel, x, rows, n, y, ldy, outputs, add);
        else multiply_f16(panel, x, rows, n, y, ldy, outputs, add);
    }
}

LK_BF16_TARGET void lk_bf16_from_f32_avx512(const float *x, uint16_t *out, size_t n) {
    size_t i = 0;
    for (; i + 16 <= n; i += 16)
        _mm256_storeu_si256((__m256i *)(out + i), (__m256i)_mm512_cvtneps_pbh(_mm512_loadu_ps(x + i)));
    lk_bf16_from_f32_plain(x + i, out + i, n - i);
}
#endif

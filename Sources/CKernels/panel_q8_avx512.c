// Products of panels with int8 activations on AVX-512 VNNI, against matmul_plain.c. A tile is one panel, 32 outputs,
// and up to 6 rows of x: 12 sums of a block in int32 and 12 of the row in f32 stay in registers. They are named
// variables because clang keeps arrays of them in memory.
#if defined(__x86_64__)
#include "variants_x86.h"
#include "panels.h"
#include "unpack_avx512.h"

typedef struct { __m512i low, high; } quad;
typedef struct { __m512 low, high; } pair;

/// Quad j of a block's values, outputs 0...15 and 16...31.
LK_AVX512_INLINE quad quad_at(const lk_type type, const uint8_t *values, const int j) {
    const int bits = lk_panel_value_bits(type);
    if (bits == 8) return (quad){_mm512_load_si512(values + 128 * j), _mm512_load_si512(values + 128 * j + 64)};
    const __m512i nibble = _mm512_set1_epi8(15);
    __m512i both = _mm512_load_si512(values + 64 * j);
    quad q = {_mm512_and_si512(both, nibble), _mm512_and_si512(_mm512_srli_epi16(both, 4), nibble)};
    if (bits == 5) {
        const __m512i fifth = _mm512_set1_epi8(16);
        uint64_t low, high;
        memcpy(&low, values + 512 + 16 * j, 8);
        memcpy(&high, values + 520 + 16 * j, 8);
        q.low = _mm512_mask_add_epi8(q.low, low, q.low, fifth);
        q.high = _mm512_mask_add_epi8(q.high, high, q.high, fifth);
    }
    if (bits == 6) {
        const __m512i mask = _mm512_set1_epi8(48);
        __m512i more = _mm512_load_si512(values + 512 + 64 * (j / 2));
        __m512i low = j % 2 ? more : _mm512_slli_epi16(more, 4);
        __m512i high = j % 2 ? _mm512_srli_epi16(more, 2) : _mm512_slli_epi16(more, 2);
        q.low = _mm512_or_si512(q.low, _mm512_and_si512(low, mask));
        q.high = _mm512_or_si512(q.high, _mm512_and_si512(high, mask));
    }
    return q;
}

LK_AVX512_INLINE pair halves_at(const uint8_t *p) {
    return (pair){_mm512_cvtph_ps(_mm256_load_si256((const __m256i *)p)),
                  _mm512_cvtph_ps(_mm256_load_si256((const __m256i *)(p + 32)))};
}

LK_AVX512_INLINE pair bytes_at(const uint8_t *p, const int is_signed) {
    __m128i low = _mm_load_si128((const __m128i *)p), high = _mm_load_si128((const __m128i *)(p + 16));
    if (is_signed)
        return (pair){_mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(low)), _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(high))};
    return (pair){_mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(low)), _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(high))};
}

LK_AVX512_INLINE pair product(pair a, pair b) {
    return (pair){_mm512_mul_ps(a.low, b.low), _mm512_mul_ps(a.high, b.high)};
}

LK_AVX512_INLINE pair scales_at(const lk_type type, const uint8_t *head, const uint8_t *block, const int half) {
    if (!lk_panel_is_super(type)) return halves_at(block);
    return product(halves_at(head), bytes_at(block + (type == LK_Q6_K ? 32 * half : 0), type == LK_Q6_K));
}

LK_AVX512_INLINE pair minima_at(const lk_type type, const uint8_t *head, const uint8_t *block) {
    if (!lk_panel_is_super(type)) return halves_at(block + 64);
    pair d = halves_at(head + 64);
    const __m512 zero = _mm512_setzero_ps();
    return product((pair){_mm512_sub_ps(zero, d.low), _mm512_sub_ps(zero, d.high)}, bytes_at(block + 32, 0));
}

/// Where the sum of a block, or of its half, starts: minus the weights' offset times the sum of the activations.
LK_AVX512_INLINE __m512i start_at(const lk_type type, const lk_q8_block *x, const int half) {
    if (lk_panel_offset(type) == 0) return _mm512_setzero_si512();
    int32_t sum = type == LK_Q6_K ? x->sum[half] : x->sum[0] + x->sum[1];
    return _mm512_set1_epi32(-lk_panel_offset(type) * sum);
}

LK_AVX512_INLINE __m512i quad_of(const lk_q8_block *x, const int j) {
    int32_t four;
    memcpy(&four, x->q + 4 * j, 4);
    return _mm512_set1_epi32(four);
}

#define EACH_ROW(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5)
#define DECLARE(r) \
    __m512 low##r = _mm512_setzero_ps(), high##r = _mm512_setzero_ps(); \
    const lk_q8_block *x##r = x + (rows > r ? r : 0) * blocks;
#define START(r) __m512i dots_low##r = start_at(type, x##r + b, half), dots_high##r = dots_low##r;
#define ADD_QUAD(r) \
    if (rows > r) { \
        __m512i four = quad_of(x##r + b, j); \
        dots_low##r = _mm512_dpbusd_epi32(dots_low##r, q.low, four); \
        dots_high##r = _mm512_dpbusd_epi32(dots_high##r, q.high, four); \
    }
#define ADD_BLOCK(r) \
    if (rows > r) { \
        __m512 scale = _mm512_set1_ps(x##r[b].scale); \
        low##r = _mm512_fmadd_ps(_mm512_cvtepi32_ps(dots_low##r), _mm512_mul_ps(d.low, scale), low##r); \
        high##r = _mm512_fmadd_ps(_mm512_cvtepi32_ps(dots_high##r), _mm512_mul_ps(d.high, scale), high##r); \
    }
#define ADD_MINIMUM(r) \
    if (rows > r) { \
        __m512 sum = _mm512_set1_ps(x##r[b].sum_scaled); \
        low##r = _mm512_fmadd_ps(m.low, sum, low##r); \
        high##r = _mm512_fmadd_ps(m.high, sum, high##r); \
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

/// Which bytes of each block of the next panel a tile asks for.
typedef struct { size_t from, to; } ahead;

/// `rows` (1 to 6, a constant) rows of x times one panel. `asks`, a constant, says whether `next` is looked at.
LK_AVX512_INLINE void tile(const lk_type type, const int rows, const int asks, const uint8_t *panel, size_t blocks,
                           const lk_q8_block *x, float *y, size_t ldy, size_t outputs, int add, ahead next) {
    const __mmask16 mask_low = outputs >= 16 ? 0xffff : (__mmask16)((1 << outputs) - 1);
    const __mmask16 mask_high = outputs >= 32 ? 0xffff : outputs <= 16 ? 0 : (__mmask16)((1 << (outputs - 16)) - 1);
    const size_t block_bytes = lk_panel_block_bytes(type);
    const int parts = type == LK_Q6_K ? 2 : 1, quads = 8 / parts;
    const size_t stride = lk_panel_stride(type, blocks * panel_block);
    EACH_ROW(DECLARE)
    const uint8_t *block = panel + lk_panel_head_bytes(type), *head = panel;
    for (size_t b = 0; b < blocks; b++, block += block_bytes) {
        if (lk_panel_is_super(type) && b > 0 && b % blocks_per_super == 0) {
            head = block;
            block += lk_panel_head_bytes(type);
        }
        if (asks) {
            for (size_t i = next.from; i < next.to; i += 64) _mm_prefetch(block + stride + i, _MM_HINT_T0);
        }
        const uint8_t *values = block + lk_panel_scale_bytes(type);
#pragma clang loop unroll(full)
        for (int half = 0; half < parts; half++) {
            EACH_ROW(START)
#pragma clang loop unroll(full)
            for (int j = quads * half; j < quads * (half + 1); j++) {
                quad q = quad_at(type, values, j);
                EACH_ROW(ADD_QUAD)
            }
            pair d = scales_at(type, head, block, half);
            EACH_ROW(ADD_BLOCK)
        }
        if (lk_panel_has_minimum(type)) {
            pair m = minima_at(type, head, block);
            EACH_ROW(ADD_MINIMUM)
        }
    }
    EACH_ROW(STORE)
}

// Up to 6 rows read panels from front to back, which the CPU guesses well: prefetches, at any distance, took a quarter
// to a half of the speed of one row. More rows read a panel several times, and the hardware does not prefetch the next
// one meanwhile: the last tiles of a panel, up to 48 rows, ask for it, each for its part. With weights of Q8_0 that
// come from memory, two cores took
// 0.83 of the time for 16 rows when every tile asked, not the last two alone, and 0.93 for 32.

enum { rows_that_ask = 48 };

/// The part of the next panel that the tile of rows [begin, end) prefetches. Behind the last panel too: the caller's
/// next call goes on there, or nothing is lost.
LK_AVX512_INLINE ahead part_of_next(size_t begin, size_t end, size_t rows, size_t block_bytes) {
    const size_t asking = rows < rows_that_ask ? rows : rows_that_ask, silent = rows - asking, lines = block_bytes / 64;
    if (rows <= 6 || end <= silent) return (ahead){0, 0};
    begin = begin < silent ? silent : begin;
    return (ahead){(begin - silent) * lines / asking * 64, (end - silent) * lines / asking * 64};
}

#define TILE(count) \
    if (next.to > 0) tile(type, count, 1, panel, blocks, from, to, ldy, outputs, add, next); \
    else tile(type, count, 0, panel, blocks, from, to, ldy, outputs, add, next);

LK_AVX512_INLINE void matmul(const lk_type type, const lk_panel_matrix *w, size_t begin, size_t end, const lk_q8_block *x,
                             size_t rows, float *y, size_t ldy, int add) {
    const size_t stride = lk_panel_stride(type, w->inputs), blocks = w->inputs / panel_block;
    const size_t block_bytes = lk_panel_block_bytes(type);
    for (size_t p = begin; p < end; p++, y += panel_outputs) {
        const uint8_t *panel = w->panels + p * stride;
        size_t outputs = w->outputs - p * panel_outputs;
        for (size_t r = 0, count; r < rows; r += count) {
            size_t left = rows - r;
            count = left == 8 || left == 7 ? 4 : left < 6 ? left : 6;
            const ahead next = part_of_next(r, r + count, rows, block_bytes);
            const lk_q8_block *from = x + r * blocks;
            float *to = y + r * ldy;
            switch (count) {
            case 1: TILE(1) break;
            case 2: TILE(2) break;
            case 3: TILE(3) break;
            case 4: TILE(4) break;
            case 5: TILE(5) break;
            default: TILE(6) break;
            }
        }
    }
}

#define LK_MATMUL(name, type) \
    LK_AVX512 static void name(const lk_panel_matrix *w, size_t begin, size_t end, const lk_q8_block *x, size_t rows, \
                               float *y, size_t ldy, int add) { \
        matmul(type, w, begin, end, x, rows, y, ldy, add); \
    }
LK_MATMUL(matmul_q4_0, LK_Q4_0)
LK_MATMUL(matmul_q4_1, LK_Q4_1)
LK_MATMUL(matmul_q5_0, LK_Q5_0)
LK_MATMUL(matmul_q5_1, LK_Q5_1)
LK_MATMUL(matmul_q8_0, LK_Q8_0)
LK_MATMUL(matmul_q4_k, LK_Q4_K)
LK_MATMUL(matmul_q5_k, LK_Q5_K)
LK_MATMUL(matmul_q6_k, LK_Q6_K)

void lk_panel_matmul_q8_avx512(const lk_panel_matrix *w, size_t begin, size_t end, const lk_q8_block *x, size_t rows,
                               float *y, size_t ldy, int add) {
    switch (w->type) {
    case LK_Q4_0: matmul_q4_0(w, begin, end, x, rows, y, ldy, add); return;
    case LK_Q4_1: matmul_q4_1(w, begin, end, x, rows, y, ldy, add); return;
    case LK_Q5_0: matmul_q5_0(w, begin, end, x, rows, y, ldy, add); return;
    case LK_Q5_1: matmul_q5_1(w, begin, end, x, rows, y, ldy, add); return;
    case LK_Q8_0: matmul_q8_0(w, begin, end, x, rows, y, ldy, add); return;
    case LK_Q4_K: matmul_q4_k(w, begin, end, x, rows, y, ldy, add); return;
    case LK_Q5_K: matmul_q5_k(w, begin, end, x, rows, y, ldy, add); return;
    case LK_Q6_K: matmul_q6_k(w, begin, end, x, rows, y, ldy, add); return;
    default: lk_panel_matmul_q8_plain(w, begin, end, x, rows, y, ldy, add); return;
    }
}
#endif

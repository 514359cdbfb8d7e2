// Products with int8 activations on AVX-512 VNNI, against matmul_plain.c. A tile is 2 outputs and up to 4 rows of x: its
// sums stay in registers and each weight is unpacked once for the tile. They are named variables because clang keeps
// arrays of them in memory.
#if defined(__x86_64__)
#include "unpack_avx512.h"

typedef struct { __m512i low, high, start; __m512 scale; __m128 sums; } activations;
typedef struct { __m512 products; __m128 minima; } sum512;

LK_AVX512_INLINE activations activations_at(const lk_type type, const lk_q8_block *x) {
    activations out;
    out.low = _mm512_loadu_si512(x->q[0]);
    out.high = _mm512_loadu_si512(x->q[1]);
    out.scale = lk_spread512(_mm_loadu_ps(x->scale));
    out.sums = _mm_loadu_ps(x->sum_scaled);
    out.start = _mm512_setzero_si512();
    if (lk_offset512(type) != 0) {  // -offset * sum, in the first of the four lanes of each part
        __m128i sum = _mm_loadu_si128((const __m128i *)x->sum);
        sum = _mm_mullo_epi32(sum, _mm_set1_epi32(-lk_offset512(type)));
        out.start = _mm512_maskz_expand_epi32(0x1111, _mm512_castsi128_si512(sum));
    }
    return out;
}

LK_AVX512_INLINE void add_products(const lk_type type, sum512 *sum, const lk_weights512 *w, const activations *x) {
    if (type == LK_Q6_K) {  // two scales: the halves stay apart, each with its own offset
        const __m512i offset = _mm512_set1_epi8(32);
        const __m512i zero = _mm512_setzero_si512();
        __m512i low = _mm512_sub_epi32(_mm512_dpbusd_epi32(zero, w->low, x->low),
                                       _mm512_dpbusd_epi32(zero, offset, x->low));
        __m512i high = _mm512_sub_epi32(_mm512_dpbusd_epi32(zero, w->high, x->high),
                                        _mm512_dpbusd_epi32(zero, offset, x->high));
        __m512 scaled = _mm512_mul_ps(_mm512_cvtepi32_ps(low), w->d);
        scaled = _mm512_fmadd_ps(_mm512_cvtepi32_ps(high), w->d_high, scaled);
        sum->products = _mm512_fmadd_ps(scaled, x->scale, sum->products);
        return;
    }
    __m512i dots = _mm512_dpbusd_epi32(_mm512_dpbusd_epi32(x->start, w->low, x->low), w->high, x->high);
    sum->products = _mm512_fmadd_ps(_mm512_cvtepi32_ps(dots), _mm512_mul_ps(w->d, x->scale), sum->products);
    if (lk_has_minimum512(type)) sum->minima = _mm_fmadd_ps(w->m, x->sums, sum->minima);
}

/// Four sums, each added up over its lanes.
LK_AVX512_INLINE __m128 totals(const lk_type type, sum512 s0, sum512 s1, sum512 s2, sum512 s3) {
    __m512 a = _mm512_add_ps(_mm512_unpacklo_ps(s0.products, s1.products), _mm512_unpackhi_ps(s0.products, s1.products));
    __m512 b = _mm512_add_ps(_mm512_unpacklo_ps(s2.products, s3.products), _mm512_unpackhi_ps(s2.products, s3.products));
    __m512d c = _mm512_castps_pd(a), d = _mm512_castps_pd(b);
    __m512 all = _mm512_add_ps(_mm512_castpd_ps(_mm512_unpacklo_pd(c, d)), _mm512_castpd_ps(_mm512_unpackhi_pd(c, d)));
    __m256 halves = _mm256_add_ps(_mm512_castps512_ps256(all), _mm512_extractf32x8_ps(all, 1));
    __m128 products = _mm_add_ps(_mm256_castps256_ps128(halves), _mm256_extractf128_ps(halves, 1));
    if (!lk_has_minimum512(type)) return products;
    __m128 e = _mm_add_ps(_mm_unpacklo_ps(s0.minima, s1.minima), _mm_unpackhi_ps(s0.minima, s1.minima));
    __m128 f = _mm_add_ps(_mm_unpacklo_ps(s2.minima, s3.minima), _mm_unpackhi_ps(s2.minima, s3.minima));
    return _mm_add_ps(products, _mm_add_ps(_mm_movelh_ps(e, f), _mm_movehl_ps(f, e)));
}

/// What all tiles of a product share.
typedef struct {
    const uint8_t *w;
    size_t row_bytes;
    size_t full, blocks;  // groups of 128 in a row that are whole, and all
    lk_masks512 tail;     // for the last group where it is not whole
} product;

LK_AVX512_INLINE sum512 empty_sum(void) { return (sum512){_mm512_setzero_ps(), _mm_setzero_ps()}; }

// Each step asks for the bytes that a step will want so much later: the two weight rows of a tile follow one another in
// memory, but the CPU's own guess is late. Measured on one row of x, 1.5 times as fast as without; four weight rows at
// a time were no faster, and slower for Q8_0.
enum { prefetch_bytes = 4096 };

/// The sums of a tile: first digit the output, second the row of x.
typedef struct { sum512 s00, s10, s01, s11, s02, s12, s03, s13; } sums_2x4;

LK_AVX512_INLINE void step_2xn(const lk_type type, const int rows, sums_2x4 *s, const uint8_t *w0, const uint8_t *w1,
                               size_t g, lk_masks512 masks, const lk_q8_block *x, size_t blocks) {
    lk_weights512 t0 = lk_unpack512(type, w0, g, masks), t1 = lk_unpack512(type, w1, g, masks);
    activations a = activations_at(type, x + g);
    add_products(type, &s->s00, &t0, &a);
    add_products(type, &s->s10, &t1, &a);
    if (rows > 1) {
        a = activations_at(type, x + blocks + g);
        add_products(type, &s->s01, &t0, &a);
        add_products(type, &s->s11, &t1, &a);
    }
    if (rows > 2) {
        a = activations_at(type, x + 2 * blocks + g);
        add_products(type, &s->s02, &t0, &a);
        add_products(type, &s->s12, &t1, &a);
    }
    if (rows > 3) {
        a = activations_at(type, x + 3 * blocks + g);
        add_products(type, &s->s03, &t0, &a);
        add_products(type, &s->s13, &t1, &a);
    }
}

/// `pairs` holds two rows of two outputs.
LK_AVX512_INLINE void store_pairs(__m128 pairs, size_t count, int rows, float *y, size_t ldy) {
    __mmask8 mask = count > 1 ? 3 : 1;
    _mm_mask_storeu_ps(y, mask, pairs);
    if (rows > 1) _mm_mask_storeu_ps(y + ldy, mask, _mm_movehl_ps(pairs, pairs));
}

/// One or two outputs (`count`) from `o` on and `rows` (1 to 4, a constant) rows of x.
LK_AVX512_INLINE void tile_2xn(const lk_type type, const int rows, const product *p, size_t o, size_t count,
                               const lk_q8_block *x, float *y, size_t ldy) {
    const uint8_t *w0 = p->w + o * p->row_bytes, *w1 = count > 1 ? w0 + p->row_bytes : w0;
    const sum512 none = empty_sum();
    sums_2x4 s = {none, none, none, none, none, none, none, none};
    const size_t step_bytes = 2 * lk_group_bytes512(type);
    const char *ahead = (const char *)w0 + prefetch_bytes;
    for (size_t g = 0; g < p->full; g++, ahead += step_bytes) {
        for (size_t i = 0; i < step_bytes; i += 64) _mm_prefetch(ahead + i, _MM_HINT_T0);
        step_2xn(type, rows, &s, w0, w1, g, lk_full_masks512(), x, p->blocks);
    }
    if (p->full < p->blocks) step_2xn(type, rows, &s, w0, w1, p->full, p->tail, x, p->blocks);
    store_pairs(totals(type, s.s00, s.s10, s.s01, s.s11), count, rows, y, ldy);
    if (rows > 2) store_pairs(totals(type, s.s02, s.s12, s.s03, s.s13), count, rows - 2, y + 2 * ldy, ldy);
}

LK_AVX512_INLINE void strip(const lk_type type, const int rows, const product *p, size_t out_begin, size_t out_end,
                            const lk_q8_block *x, float *y, size_t ldy) {
    for (size_t o = out_begin; o < out_end; o += 2)
        tile_2xn(type, rows, p, o, out_end - o < 2 ? 1 : 2, x, y + o, ldy);
}

// Weights of so many outputs stay in the second-level cache while all rows of x pass over them.
enum { panel_bytes = 256 * 1024 };

LK_AVX512_INLINE void matmul(const lk_type type, const void *w, size_t out_begin, size_t out_end,
                             const lk_q8_block *x, size_t rows, size_t n, float *y, size_t ldy) {
    size_t blocks = lk_q8_blocks(n);
    product p = {w, lk_row_bytes(type, n), n / 128, blocks, lk_full_masks512()};
    if (n % 128 != 0) p.tail = lk_tail_masks512(type, n % 128 / 32);
    size_t panel = rows > 4 && p.row_bytes > 0 ? panel_bytes / p.row_bytes / 2 * 2 : out_end - out_begin;
    if (panel == 0) panel = 2;
    for (size_t begin = out_begin; begin < out_end; begin += panel) {
        size_t end = out_end - begin < panel ? out_end : begin + panel;
        size_t r = 0;
        for (; r + 4 <= rows; r += 4) strip(type, 4, &p, begin, end, x + r * blocks, y + r * ldy, ldy);
        if (rows - r == 3) strip(type, 3, &p, begin, end, x + r * blocks, y + r * ldy, ldy);
        if (rows - r == 2) strip(type, 2, &p, begin, end, x + r * blocks, y + r * ldy, ldy);
        if (rows - r == 1) strip(type, 1, &p, begin, end, x + r * blocks, y + r * ldy, ldy);
    }
}

#define LK_MATMUL(name, type) \
    LK_AVX512 static void name(const void *w, size_t out_begin, size_t out_end, const lk_q8_block *x, size_t rows, \
                               size_t n, float *y, size_t ldy) { \
        matmul(type, w, out_begin, out_end, x, rows, n, y, ldy); \
    }
LK_MATMUL(matmul_q4_0, LK_Q4_0)
LK_MATMUL(matmul_q4_1, LK_Q4_1)
LK_MATMUL(matmul_q5_0, LK_Q5_0)
LK_MATMUL(matmul_q5_1, LK_Q5_1)
LK_MATMUL(matmul_q8_0, LK_Q8_0)
LK_MATMUL(matmul_q4_k, LK_Q4_K)
LK_MATMUL(matmul_q5_k, LK_Q5_K)
LK_MATMUL(matmul_q6_k, LK_Q6_K)

void lk_matmul_q8_avx512(lk_type type, const void *w, size_t out_begin, size_t out_end, const lk_q8_block *x,
                         size_t rows, size_t n, float *y, size_t ldy) {
    switch (type) {
    case LK_Q4_0: matmul_q4_0(w, out_begin, out_end, x, rows, n, y, ldy); return;
    case LK_Q4_1: matmul_q4_1(w, out_begin, out_end, x, rows, n, y, ldy); return;
    case LK_Q5_0: matmul_q5_0(w, out_begin, out_end, x, rows, n, y, ldy); return;
    case LK_Q5_1: matmul_q5_1(w, out_begin, out_end, x, rows, n, y, ldy); return;
    case LK_Q8_0: matmul_q8_0(w, out_begin, out_end, x, rows, n, y, ldy); return;
    case LK_Q4_K: matmul_q4_k(w, out_begin, out_end, x, rows, n, y, ldy); return;
    case LK_Q5_K: matmul_q5_k(w, out_begin, out_end, x, rows, n, y, ldy); return;
    case LK_Q6_K: matmul_q6_k(w, out_begin, out_end, x, rows, n, y, ldy); return;
    default: lk_matmul_q8_plain(type, w, out_begin, out_end, x, rows, n, y, ldy); return;
    }
}
#endif

// Products with int8 activations on AVX2, against matmul_plain.c. A tile is one output and up to 4 rows of x: its sums
// stay in registers and each weight is unpacked once for the tile.
#if defined(__x86_64__)
#include "forms_x86.h"
#include "unpack_avx2.h"

typedef struct { __m256 products; __m128 minima; } sum256;

/// Sums of four neighbours of (q - offset) * x over the two halves, in int32.
LK_AVX2_INLINE __m256i dots(const lk_type type, __m256i low, __m256i high, const int8_t *x_low, const int8_t *x_high) {
    const __m256i ones = _mm256_set1_epi16(1);
    __m256i xl = _mm256_loadu_si256((const __m256i *)x_low), xh = _mm256_loadu_si256((const __m256i *)x_high);
    if (type == LK_Q8_0) {  // the instruction wants an unsigned side: move the sign of the weight to x
        __m256i a = _mm256_maddubs_epi16(_mm256_abs_epi8(low), _mm256_sign_epi8(xl, low));
        __m256i b = _mm256_maddubs_epi16(_mm256_abs_epi8(high), _mm256_sign_epi8(xh, high));
        return _mm256_add_epi32(_mm256_madd_epi16(a, ones), _mm256_madd_epi16(b, ones));
    }
    __m256i pairs = _mm256_add_epi16(_mm256_maddubs_epi16(low, xl), _mm256_maddubs_epi16(high, xh));
    return _mm256_madd_epi16(pairs, ones);  // at most 4 * 31 * 127, so the pairs fit
}

/// One half of Q6_K: at most 2 * 63 * 127 before the offset is taken away.
LK_AVX2_INLINE __m256i dots_k6(__m256i q, const int8_t *x) {
    __m256i v = _mm256_loadu_si256((const __m256i *)x);
    __m256i pairs = _mm256_sub_epi16(_mm256_maddubs_epi16(q, v), _mm256_maddubs_epi16(_mm256_set1_epi8(32), v));
    return _mm256_madd_epi16(pairs, _mm256_set1_epi16(1));
}

/// [f0 f0 f0 f0 f1 f1 f1 f1], or the same of f2 and f3.
LK_AVX2_INLINE __m256 spread01(__m128 four) {
    return _mm256_permutevar8x32_ps(_mm256_castps128_ps256(four), _mm256_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1));
}
LK_AVX2_INLINE __m256 spread23(__m128 four) {
    return _mm256_permutevar8x32_ps(_mm256_castps128_ps256(four), _mm256_setr_epi32(2, 2, 2, 2, 3, 3, 3, 3));
}

LK_AVX2_INLINE void add_products(const lk_type type, sum256 *sum, const lk_weights256 *w, const lk_q8_block *x) {
    __m128 scale = _mm_loadu_ps(x->scale), d = _mm_mul_ps(w->d, scale);
    const int8_t *low = x->q[0][0], *high = x->q[1][0];
    if (type == LK_Q6_K) {
        __m128 d_high = _mm_mul_ps(w->d_high, scale);
        __m256 l01 = _mm256_cvtepi32_ps(dots_k6(w->low01, low)), h01 = _mm256_cvtepi32_ps(dots_k6(w->high01, high));
        __m256 l23 = _mm256_cvtepi32_ps(dots_k6(w->low23, low + 32));
        __m256 h23 = _mm256_cvtepi32_ps(dots_k6(w->high23, high + 32));
        sum->products = _mm256_fmadd_ps(l01, spread01(d), sum->products);
        sum->products = _mm256_fmadd_ps(h01, spread01(d_high), sum->products);
        sum->products = _mm256_fmadd_ps(l23, spread23(d), sum->products);
        sum->products = _mm256_fmadd_ps(h23, spread23(d_high), sum->products);
        return;
    }
    __m256 p01 = _mm256_cvtepi32_ps(dots(type, w->low01, w->high01, low, high));
    __m256 p23 = _mm256_cvtepi32_ps(dots(type, w->low23, w->high23, low + 32, high + 32));
    sum->products = _mm256_fmadd_ps(p01, spread01(d), sum->products);
    sum->products = _mm256_fmadd_ps(p23, spread23(d), sum->products);
    __m128 m = w->m;
    if (lk_offset256(type) != 0) m = _mm_mul_ps(w->d, _mm_set1_ps((float)-lk_offset256(type)));
    if (lk_offset256(type) != 0 || lk_has_minimum256(type))
        sum->minima = _mm_fmadd_ps(m, _mm_loadu_ps(x->sum_scaled), sum->minima);
}

LK_AVX2_INLINE float total(const sum256 *sum) {
    __m128 s = _mm_add_ps(_mm256_castps256_ps128(sum->products), _mm256_extractf128_ps(sum->products, 1));
    s = _mm_add_ps(s, sum->minima);
    s = _mm_add_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
}

enum { prefetch_bytes = 4096 };

/// One output and `rows` (1 to 4, a constant) rows of x.
LK_AVX2_INLINE void tile_1xn(const lk_type type, const int rows, const uint8_t *row, const lk_q8_block *x, size_t n,
                             float *y, size_t ldy) {
    const sum256 none = {_mm256_setzero_ps(), _mm_setzero_ps()};
    const size_t blocks = lk_q8_blocks(n), block_values = lk_block_size(type);
    const size_t group_bytes = lk_row_bytes(type, block_values) * 128 / block_values;
    sum256 s0 = none, s1 = none, s2 = none, s3 = none;
    for (size_t g = 0; g < blocks; g++) {
        size_t parts = (n - 128 * g) / 32;
        _mm_prefetch((const char *)row + g * group_bytes + prefetch_bytes, _MM_HINT_T0);
        _mm_prefetch((const char *)row + g * group_bytes + prefetch_bytes + 64, _MM_HINT_T0);
        lk_weights256 w = lk_unpack256(type, row, g, parts < 4 ? parts : 4);
        add_products(type, &s0, &w, x + g);
        if (rows > 1) add_products(type, &s1, &w, x + blocks + g);
        if (rows > 2) add_products(type, &s2, &w, x + 2 * blocks + g);
        if (rows > 3) add_products(type, &s3, &w, x + 3 * blocks + g);
    }
    y[0] = total(&s0);
    if (rows > 1) y[ldy] = total(&s1);
    if (rows > 2) y[2 * ldy] = total(&s2);
    if (rows > 3) y[3 * ldy] = total(&s3);
}

LK_AVX2_INLINE void matmul(const lk_type type, const uint8_t *w, size_t out_begin, size_t out_end,
                           const lk_q8_block *x, size_t rows, size_t n, float *y, size_t ldy) {
    size_t row_bytes = lk_row_bytes(type, n), blocks = lk_q8_blocks(n);
    for (size_t o = out_begin; o < out_end; o++) {
        const uint8_t *row = w + o * row_bytes;
        size_t r = 0;
        for (; r + 4 <= rows; r += 4) tile_1xn(type, 4, row, x + r * blocks, n, y + r * ldy + o, ldy);
        if (rows - r >= 2) {
            tile_1xn(type, 2, row, x + r * blocks, n, y + r * ldy + o, ldy);
            r += 2;
        }
        if (r < rows) tile_1xn(type, 1, row, x + r * blocks, n, y + r * ldy + o, ldy);
    }
}

#define LK_MATMUL(name, type) \
    LK_AVX2 static void name(const void *w, size_t out_begin, size_t out_end, const lk_q8_block *x, size_t rows, \
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

void lk_matmul_q8_avx2(lk_type type, const void *w, size_t out_begin, size_t out_end, const lk_q8_block *x,
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

// Products of panels with int8 activations in vectors of 32 bytes, against matmul_plain.c. A tile is half a panel, 16
// outputs, and up to 3 rows of x. Named variables because clang keeps arrays of them in memory. A file that includes
// this defines LK_VNNI, 1 where one instruction adds four products to a sum and 0 where AVX2 takes three, LK_TARGET,
// and LK_MATMUL_Q8, the name of what it gets.
#include "variants_x86.h"
#include "panels.h"
#include "unpack_avx2.h"

#define LK_INLINE LK_TARGET static inline __attribute__((always_inline))

typedef struct { __m256i a, b; } quad;  // outputs 0...7 and 8...15 of the side
typedef struct { __m256 a, b; } pair;

LK_INLINE __m256i load(const uint8_t *p) { return _mm256_load_si256((const __m256i *)p); }

/// From 32 bits to 32 bytes, 16 where the bit is set.
LK_INLINE __m256i fifth_bits(const uint8_t *p) {
    const __m256i byte_of = _mm256_setr_epi8(0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 3, 3,
                                             3, 3, 3, 3, 3, 3);
    const __m256i bit_of = _mm256_set1_epi64x((int64_t)0x8040201008040201ull);
    __m256i spread = _mm256_shuffle_epi8(_mm256_set1_epi32((int32_t)lk_read_u32(p)), byte_of);
    return _mm256_and_si256(_mm256_cmpeq_epi8(_mm256_and_si256(spread, bit_of), bit_of), _mm256_set1_epi8(16));
}

LK_INLINE __m256i sixth_bits(__m256i more, const int shift) {
    __m256i moved = shift == 0 ? _mm256_slli_epi16(more, 4) : shift == 2 ? _mm256_slli_epi16(more, 2)
                  : shift == 4 ? more : _mm256_srli_epi16(more, 2);
    return _mm256_and_si256(moved, _mm256_set1_epi8(48));
}

/// Whether values are taken as signed: three instructions want pairs of products to fit into 16 bits.
LK_INLINE int is_signed(const lk_type type) { return !LK_VNNI && type == LK_Q8_0; }

/// Quad j of one side's outputs.
LK_INLINE quad quad_at(const lk_type type, const uint8_t *values, const int j, const int side) {
    const int bits = lk_panel_value_bits(type);
    if (bits == 8) {
        const __m256i sign = _mm256_set1_epi8(is_signed(type) ? -128 : 0);
        const uint8_t *p = values + 128 * j + 64 * side;
        return (quad){_mm256_xor_si256(load(p), sign), _mm256_xor_si256(load(p + 32), sign)};
    }
    const __m256i nibble = _mm256_set1_epi8(15);
    __m256i a = load(values + 64 * j), b = load(values + 64 * j + 32);
    if (side) {
        a = _mm256_srli_epi16(a, 4);
        b = _mm256_srli_epi16(b, 4);
    }
    quad q = {_mm256_and_si256(a, nibble), _mm256_and_si256(b, nibble)};
    if (bits == 5) {
        q.a = _mm256_or_si256(q.a, fifth_bits(values + 512 + 16 * j + 8 * side));
        q.b = _mm256_or_si256(q.b, fifth_bits(values + 516 + 16 * j + 8 * side));
    }
    if (bits == 6) {
        const uint8_t *more = values + 512 + 64 * (j / 2);
        q.a = _mm256_or_si256(q.a, sixth_bits(load(more), j % 2 * 4 + side * 2));
        q.b = _mm256_or_si256(q.b, sixth_bits(load(more + 32), j % 2 * 4 + side * 2));
    }
    return q;
}

/// Sums of four products. Without VNNI the first factor is at most 63, or signed for Q8_0, where its sign moves to x:
/// the pairs always fit into 16 bits.
LK_INLINE __m256i dots(const lk_type type, __m256i sum, __m256i q, __m256i x) {
#if LK_VNNI
    (void)type;
    return _mm256_dpbusd_avx_epi32(sum, q, x);
#else
    __m256i pairs = is_signed(type) ? _mm256_maddubs_epi16(_mm256_abs_epi8(q), _mm256_sign_epi8(x, q))
                                    : _mm256_maddubs_epi16(q, x);
    return _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
#endif
}

LK_INLINE pair halves_at(const uint8_t *p) {
    return (pair){_mm256_cvtph_ps(_mm_load_si128((const __m128i *)p)),
                  _mm256_cvtph_ps(_mm_load_si128((const __m128i *)(p + 16)))};
}

LK_INLINE pair bytes_at(const uint8_t *p, const int has_sign) {
    __m128i a = _mm_loadl_epi64((const __m128i *)p), b = _mm_loadl_epi64((const __m128i *)(p + 8));
    if (has_sign)
        return (pair){_mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(a)), _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(b))};
    return (pair){_mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(a)), _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(b))};
}

LK_INLINE pair product(pair a, pair b) { return (pair){_mm256_mul_ps(a.a, b.a), _mm256_mul_ps(a.b, b.b)}; }

LK_INLINE pair scales_at(const lk_type type, const uint8_t *head, const uint8_t *block, const int half,
                              const int side) {
    if (!lk_panel_is_super(type)) return halves_at(block + 32 * side);
    int k6 = type == LK_Q6_K;
    return product(halves_at(head + 32 * side), bytes_at(block + (k6 ? 32 * half : 0) + 16 * side, k6));
}

LK_INLINE pair minima_at(const lk_type type, const uint8_t *head, const uint8_t *block, const int side) {
    if (!lk_panel_is_super(type)) return halves_at(block + 64 + 32 * side);
    pair m = product(halves_at(head + 64 + 32 * side), bytes_at(block + 32 + 16 * side, 0));
    const __m256 zero = _mm256_setzero_ps();
    return (pair){_mm256_sub_ps(zero, m.a), _mm256_sub_ps(zero, m.b)};
}

LK_INLINE __m256i start_at(const lk_type type, const lk_q8_block *x, const int half) {
    if (lk_panel_offset(type) == 0 || is_signed(type)) return _mm256_setzero_si256();
    int32_t sum = type == LK_Q6_K ? x->sum[half] : x->sum[0] + x->sum[1];
    return _mm256_set1_epi32(-lk_panel_offset(type) * sum);
}

#define EACH_ROW(DO) DO(0) DO(1) DO(2)
#define DECLARE(r) \
    __m256 a##r = _mm256_setzero_ps(), b##r = _mm256_setzero_ps(); \
    const lk_q8_block *x##r = x + (rows > r ? r : 0) * blocks;
#define START(r) __m256i dots_a##r = start_at(type, x##r + i, half), dots_b##r = dots_a##r;
#define ADD_QUAD(r) \
    if (rows > r) { \
        __m256i four = _mm256_set1_epi32((int32_t)lk_read_u32(x##r[i].q + 4 * j)); \
        dots_a##r = dots(type, dots_a##r, q.a, four); \
        dots_b##r = dots(type, dots_b##r, q.b, four); \
    }
#define ADD_BLOCK(r) \
    if (rows > r) { \
        __m256 scale = _mm256_set1_ps(x##r[i].scale); \
        a##r = _mm256_fmadd_ps(_mm256_cvtepi32_ps(dots_a##r), _mm256_mul_ps(d.a, scale), a##r); \
        b##r = _mm256_fmadd_ps(_mm256_cvtepi32_ps(dots_b##r), _mm256_mul_ps(d.b, scale), b##r); \
    }
#define ADD_MINIMUM(r) \
    if (rows > r) { \
        __m256 sum = _mm256_set1_ps(x##r[i].sum_scaled); \
        a##r = _mm256_fmadd_ps(m.a, sum, a##r); \
        b##r = _mm256_fmadd_ps(m.b, sum, b##r); \
    }
#define STORE(r) \
    if (rows > r) { \
        float sums[16]; \
        _mm256_storeu_ps(sums, a##r); \
        _mm256_storeu_ps(sums + 8, b##r); \
        for (size_t c = 0; c < 16 && 16 * side + c < outputs; c++) { \
            float *to = y + r * ldy + 16 * side + c; \
            *to = add ? *to + sums[c] : sums[c]; \
        } \
    }

/// `rows` (1 to 3, a constant) rows of x times one side of a panel.
LK_INLINE void tile(const lk_type type, const int rows, const int side, const uint8_t *panel, size_t blocks,
                         const lk_q8_block *x, float *y, size_t ldy, size_t outputs, int add) {
    const int parts = type == LK_Q6_K ? 2 : 1, quads = 8 / parts;
    EACH_ROW(DECLARE)
    for (size_t i = 0; i < blocks; i++) {
        const uint8_t *head = panel + lk_panel_head_at(type, i), *block = panel + lk_panel_block_at(type, i);
        const uint8_t *values = block + lk_panel_scale_bytes(type);
#pragma clang loop unroll(full)
        for (int half = 0; half < parts; half++) {
            EACH_ROW(START)
#pragma clang loop unroll(full)
            for (int j = quads * half; j < quads * (half + 1); j++) {
                quad q = quad_at(type, values, j, side);
                EACH_ROW(ADD_QUAD)
            }
            pair d = scales_at(type, head, block, half, side);
            EACH_ROW(ADD_BLOCK)
        }
        if (lk_panel_has_minimum(type)) {
            pair m = minima_at(type, head, block, side);
            EACH_ROW(ADD_MINIMUM)
        }
    }
    EACH_ROW(STORE)
}

LK_INLINE void matmul(const lk_type type, const lk_panel_matrix *w, size_t begin, size_t end, const lk_q8_block *x,
                           size_t rows, float *y, size_t ldy, int add) {
    const size_t stride = lk_panel_stride(type, w->inputs), blocks = w->inputs / panel_block;
    for (size_t p = begin; p < end; p++, y += panel_outputs) {
        const uint8_t *panel = w->panels + p * stride;
        size_t outputs = w->outputs - p * panel_outputs;
        for (size_t r = 0, count; r < rows; r += count) {
            count = rows - r < 3 ? rows - r : 3;
            const lk_q8_block *from = x + r * blocks;
            float *to = y + r * ldy;
            if (count == 1) tile(type, 1, 0, panel, blocks, from, to, ldy, outputs, add);
            if (count == 1) tile(type, 1, 1, panel, blocks, from, to, ldy, outputs, add);
            if (count == 2) tile(type, 2, 0, panel, blocks, from, to, ldy, outputs, add);
            if (count == 2) tile(type, 2, 1, panel, blocks, from, to, ldy, outputs, add);
            if (count == 3) tile(type, 3, 0, panel, blocks, from, to, ldy, outputs, add);
            if (count == 3) tile(type, 3, 1, panel, blocks, from, to, ldy, outputs, add);
        }
    }
}

#define LK_MATMUL(name, type) \
    LK_TARGET static void name(const lk_panel_matrix *w, size_t begin, size_t end, const lk_q8_block *x, size_t rows, \
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

LK_TARGET void LK_MATMUL_Q8(const lk_panel_matrix *w, size_t begin, size_t end, const lk_q8_block *x, size_t rows,
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

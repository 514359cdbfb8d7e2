// Products of panels of 16-bit floats in f32, 16 lanes at a time. See vector.h. Two inputs of an output lie side by
// side in these panels, and stay so: 64 lanes of sums, one for the even and one for the odd inputs of each output, are
// brought together at the end. Few rows of x take the weights as they lie; for many, some are widened first. The
// products of 64 pairs of inputs are added up before they go to the sum. vector_matmul.h must be there before.
#include "panels.h"

/// x[0], x[1], x[0], ...
LK_INLINE v16 all_pairs16(const float *x) {
    typedef double v8d __attribute__((vector_size(64)));
    double both;
    memcpy(&both, x, sizeof both);
    return (v16)(v8d){both, both, both, both, both, both, both, both};
}

// Sums that stay in registers: of up to 6 rows and 1, 2 or 4 vectors of lanes.
#define LK_PAIRED_ROWS(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5)
#define LK_PAIRED_DECLARE(r) v16 a##r = all16(0), b##r = all16(0), c##r = all16(0), d##r = all16(0);
#define LK_PAIRED_ADD(r) \
    if (rows > r) { \
        const v16 v = all_pairs16(x + r * n + 2 * i); \
        a##r = w_a * v + a##r; \
        if (vectors > 1) b##r = w_b * v + b##r; \
        if (vectors > 2) c##r = w_c * v + c##r; \
        if (vectors > 2) d##r = w_d * v + d##r; \
    }
#define LK_PAIRED_STORE_ONE(r, k, s) store16(sums + 64 * r + 16 * k, load16(sums + 64 * r + 16 * k) + s##r);
#define LK_PAIRED_STORE(r) \
    if (rows > r) { \
        LK_PAIRED_STORE_ONE(r, 0, a) \
        if (vectors > 1) LK_PAIRED_STORE_ONE(r, 1, b) \
        if (vectors > 2) LK_PAIRED_STORE_ONE(r, 2, c) \
        if (vectors > 2) LK_PAIRED_STORE_ONE(r, 3, d) \
    }

/// Adds the products of `vectors` (1, 2 or 4) vectors of lanes with `rows` (1 to 6) rows of x, both constants, to sums
/// [rows, 64], over `pairs` pairs of inputs. Weights of `type` lie 64 lanes a pair.
LK_INLINE void add_tile_pairs(const lk_type type, const int rows, const int vectors, const uint8_t *w, size_t pairs,
                              const float *x, size_t n, float *sums) {
    const size_t vector = 16 * weight_bytes(type);
    LK_PAIRED_ROWS(LK_PAIRED_DECLARE)
    for (size_t i = 0; i < pairs; i++, w += 4 * vector) {
        const v16 w_a = weights16(type, w), w_b = vectors > 1 ? weights16(type, w + vector) : w_a;
        const v16 w_c = vectors > 2 ? weights16(type, w + 2 * vector) : w_a;
        const v16 w_d = vectors > 2 ? weights16(type, w + 3 * vector) : w_a;
        LK_PAIRED_ROWS(LK_PAIRED_ADD)
    }
    LK_PAIRED_ROWS(LK_PAIRED_STORE)
}

/// All 64 lanes.
LK_INLINE void add_pairs(const lk_type type, const int rows, const uint8_t *w, size_t pairs, const float *x, size_t n,
                         float *sums) {
    const int vectors = rows == 1 ? 4 : rows == 2 || LK_TILE_COLUMNS == 32 ? 2 : 1;
    for (int k = 0; k < 4; k += vectors)
        add_tile_pairs(type, rows, vectors, w + 16 * k * weight_bytes(type), pairs, x, n, sums + 16 * k);
}

/// The same for any number of rows.
LK_INLINE void add_rows_pairs(const lk_type type, size_t rows, const uint8_t *w, size_t pairs, const float *x, size_t n,
                              float *sums) {
    for (; rows >= 6; rows -= 6, x += 6 * n, sums += 6 * 64) add_pairs(type, 6, w, pairs, x, n, sums);
    switch (rows) {
    case 1: add_pairs(type, 1, w, pairs, x, n, sums); return;
    case 2: add_pairs(type, 2, w, pairs, x, n, sums); return;
    case 3: add_pairs(type, 3, w, pairs, x, n, sums); return;
    case 4: add_pairs(type, 4, w, pairs, x, n, sums); return;
    case 5: add_pairs(type, 5, w, pairs, x, n, sums); return;
    default: return;
    }
}

enum { pair_rows_at_once = 96, pairs_at_once = 64, pair_rows_unwidened_max = 6 };

LK_INLINE void panel_pairs(const lk_type type, const uint8_t *panel, const float *x, size_t rows, size_t n,
                           float *sums) {
    float widened[pairs_at_once * 64] __attribute__((aligned(64)));
    memset(sums, 0, rows * 64 * sizeof *sums);
    const size_t size = weight_bytes(type);
    for (size_t i = 0, pairs; i < n / 2; i += pairs, panel += pairs * 64 * size, x += 2 * pairs) {
        pairs = n / 2 - i < pairs_at_once ? n / 2 - i : pairs_at_once;
        if (rows <= pair_rows_unwidened_max) {
            add_rows_pairs(type, rows, panel, pairs, x, n, sums);
            continue;
        }
        for (size_t k = 0; k < pairs * 64; k += 16) store16(widened + k, weights16(type, panel + size * k));
        add_rows_pairs(LK_F32, rows, (const uint8_t *)widened, pairs, x, n, sums);
    }
}

LK_INLINE void panels_pairs(const lk_type type, const lk_panel_matrix *w, size_t begin, size_t end, const float *x,
                            size_t rows, float *y, size_t ldy, int add) {
    float sums[pair_rows_at_once * 64] __attribute__((aligned(64)));
    const size_t stride = lk_panel_stride(type, w->inputs), n = w->inputs;
    for (size_t r = 0; r < rows; r += pair_rows_at_once) {
        const size_t count = rows - r < pair_rows_at_once ? rows - r : pair_rows_at_once;
        for (size_t p = begin; p < end; p++) {
            const size_t outputs = w->outputs - 32 * p < 32 ? w->outputs - 32 * p : 32;
            panel_pairs(type, w->panels + p * stride, x + r * n, count, n, sums);
            for (size_t k = 0; k < count; k++) {
                float *to = y + (r + k) * ldy + 32 * (p - begin);
                const float *from = sums + 64 * k;
                for (size_t c = 0; c < outputs; c++) to[c] = (add ? to[c] : 0) + (from[2 * c] + from[2 * c + 1]);
            }
        }
    }
}

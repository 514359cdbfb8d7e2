// Products of the backward pass in f32, 16 lanes at a time. See vector.h. One tile, LK_TILE_ROWS rows of up to
// LK_TILE_COLUMNS columns whose sums stay in registers, serves them all; vector_panels.h and
// vector_transpose.h must be there before.

#if LK_TILE_COLUMNS == 32
#define LK_EACH_TILE_ROW(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7) DO(8) DO(9) DO(10) DO(11)
#define LK_OTHER_TILES(DO) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7) DO(8) DO(9) DO(10) DO(11)
#else
#define LK_EACH_TILE_ROW(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5)
#define LK_OTHER_TILES(DO) DO(1) DO(2) DO(3) DO(4) DO(5)
#endif

/// Where a tile reads and writes: C [rows, columns] = scale * A B, or added to C. A's row r, column k is
/// a[r*row + k*column]; B is [inner, LK_TILE_COLUMNS], its rows `ldb` apart, whole whatever `columns` is.
typedef struct lk_tile {
    const float *a;
    size_t row, column;
    const float *b;
    size_t ldb, inner;
    float *c;
    size_t ldc, columns;
    float scale;
    int add;
} lk_tile;

/// One row of C, `low` and `high` in front of their scale.
LK_INLINE void store_tile_row(v16 scale, int add, float *c, v16 low, v16 high) {
    store16(c, add ? load16(c) + low * scale : low * scale);
    if (LK_TILE_COLUMNS == 32)
        store16(c + LK_TILE_COLUMNS - 16, add ? load16(c + LK_TILE_COLUMNS - 16) + high * scale : high * scale);
}

/// The same for the first columns alone.
LK_INLINE void store_part_of_row(v16 scale, int add, float *c, size_t columns, v16 low, v16 high) {
    float row[LK_TILE_COLUMNS];
    if (add) memcpy(row, c, columns * sizeof *c);
    store_tile_row(scale, add, row, low, high);
    memcpy(c, row, columns * sizeof *c);
}

#define LK_TILE_DECLARE(r) v16 low##r = all16(0), high##r = all16(0);
#define LK_TILE_ADD(r) \
    if (rows > r) { \
        v16 v = all16(a[r * row]); \
        low##r = b_low * v + low##r; \
        if (LK_TILE_COLUMNS == 32) high##r = b_high * v + high##r; \
    }
#define LK_TILE_STORE(r) \
    if (rows > r) store_tile_row(scale, 0, t->c + r * t->ldc, low##r, high##r);
#define LK_TILE_STORE_SUM(r) \
    if (rows > r) store_tile_row(scale, 1, t->c + r * t->ldc, low##r, high##r);
#define LK_TILE_STORE_PART(r) \
    if (rows > r) store_part_of_row(scale, t->add, t->c + r * t->ldc, t->columns, low##r, high##r);

/// A's columns lie next to each other, or else its rows. Each sum goes along `inner` in its order, whatever the tile.
LK_INLINE void tile_product(const int rows, const int has_rows, const lk_tile *t) {
    const float *a = t->a, *b = t->b;
    const size_t row = has_rows ? t->row : 1, column = has_rows ? 1 : t->column;
    LK_EACH_TILE_ROW(LK_TILE_DECLARE)
    for (size_t k = t->inner; k > 0; k--, a += column, b += t->ldb) {
        v16 b_low = load16(b), b_high = LK_TILE_COLUMNS == 32 ? load16(b + LK_TILE_COLUMNS - 16) : b_low;
        LK_EACH_TILE_ROW(LK_TILE_ADD)
    }
    const v16 scale = all16(t->scale);
    if (t->columns < LK_TILE_COLUMNS) {
        LK_EACH_TILE_ROW(LK_TILE_STORE_PART)
    } else if (t->add) {
        LK_EACH_TILE_ROW(LK_TILE_STORE_SUM)
    } else {
        LK_EACH_TILE_ROW(LK_TILE_STORE)
    }
}

#define LK_TILE_FUNCTIONS(r) \
    LK_TARGET static __attribute__((noinline)) void rows_tile_##r(const lk_tile *t) { tile_product(r, 1, t); } \
    LK_TARGET static __attribute__((noinline)) void columns_tile_##r(const lk_tile *t) { tile_product(r, 0, t); }
LK_OTHER_TILES(LK_TILE_FUNCTIONS)
#if LK_TILE_COLUMNS == 32
LK_TILE_FUNCTIONS(12)
#else
LK_TILE_FUNCTIONS(6)
#endif

#define LK_TILE_CASE(r) \
    case r: t->column == 1 ? rows_tile_##r(t) : columns_tile_##r(t); return;

/// One tile of up to LK_TILE_ROWS rows.
LK_TARGET static inline void run_tile(const lk_tile *t, size_t rows) {
    switch (rows) {
    LK_OTHER_TILES(LK_TILE_CASE)
#if LK_TILE_COLUMNS == 32
    LK_TILE_CASE(12)
#else
    LK_TILE_CASE(6)
#endif
    default: return;
    }
}

/// Any number of rows and up to 32 columns.
LK_TARGET static inline void run_strip(const lk_tile *strip, size_t rows) {
    for (size_t r = 0; r < rows; r += LK_TILE_ROWS)
        for (size_t c = 0; c < strip->columns; c += LK_TILE_COLUMNS) {
            lk_tile t = *strip;
            t.a += r * t.row;
            t.b += c;
            t.c += r * t.ldc + c;
            t.columns = t.columns - c < LK_TILE_COLUMNS ? t.columns - c : LK_TILE_COLUMNS;
            run_tile(&t, rows - r < LK_TILE_ROWS ? rows - r : LK_TILE_ROWS);
        }
}

// MARK: - From panels

/// out [32 outputs, 32 inputs] of a block.
LK_INLINE void decode_block_by_outputs(const lk_type type, const uint8_t *panel, size_t n, size_t b, float *out) {
    float w[32 * 32] __attribute__((aligned(64)));
    decode_block(type, panel, n, b, w);
    for (size_t i = 0; i < 32; i += 8)
        for (size_t c = 0; c < 32; c += 8) transpose_8x8(w + i * 32 + c, 32, out + c * 32 + i, 32);
}

#define LK_DECODE_BY_OUTPUTS(type) \
    case type: decode_block_by_outputs(type, panel, n, b, out); return;
LK_TARGET static void decode_by_outputs(lk_type type, const uint8_t *panel, size_t n, size_t b, float *out) {
    switch (type) {
    LK_DECODE_BY_OUTPUTS(LK_F32)
    LK_DECODE_BY_OUTPUTS(LK_F16)
    LK_DECODE_BY_OUTPUTS(LK_BF16)
    LK_DECODE_BY_OUTPUTS(LK_Q4_0)
    LK_DECODE_BY_OUTPUTS(LK_Q4_1)
    LK_DECODE_BY_OUTPUTS(LK_Q5_0)
    LK_DECODE_BY_OUTPUTS(LK_Q5_1)
    LK_DECODE_BY_OUTPUTS(LK_Q8_0)
    LK_DECODE_BY_OUTPUTS(LK_Q4_K)
    LK_DECODE_BY_OUTPUTS(LK_Q5_K)
    LK_DECODE_BY_OUTPUTS(LK_Q6_K)
    LK_DECODE_BY_OUTPUTS(LK_Q2_K)
    LK_DECODE_BY_OUTPUTS(LK_Q3_K)
    LK_DECODE_BY_OUTPUTS(LK_IQ4_NL)
    LK_DECODE_BY_OUTPUTS(LK_IQ4_XS)
    LK_DECODE_BY_OUTPUTS(LK_MXFP4)
    LK_DECODE_BY_OUTPUTS(LK_NF4)
    default: return;
    }
}

// Rows that read a decoded strip before the next strip: their part of dy stays in the second-level cache, the strip in
// the first.
enum { backward_rows = 96 };

LK_TARGET static void LK_VARIANT(panel_backward_f32)(const lk_panel_matrix *w, size_t begin, size_t end, const float *dy,
                                                  size_t ldy, size_t rows, float *dx, size_t ldx, int add,
                                                  float *scratch) {
    const size_t stride = lk_panel_stride(w->type, w->inputs), strip_floats = backward_outputs * panel_block;
    for (size_t o = 0; o < w->outputs; o += backward_outputs) {
        const size_t outputs = w->outputs - o < backward_outputs ? w->outputs - o : backward_outputs;
        for (size_t s = begin, strips; s < end; s += strips) {
            strips = end - s < backward_inputs / panel_block ? end - s : backward_inputs / panel_block;
            for (size_t c = 0; c < outputs; c += panel_outputs)
                for (size_t t = 0; t < strips; t++)
                    decode_by_outputs(w->type, w->panels + (o + c) / panel_outputs * stride, w->inputs, s + t,
                                      scratch + t * strip_floats + c * panel_block);
            for (size_t r = 0; r < rows; r += backward_rows)
                for (size_t t = 0; t < strips; t++) {
                    lk_tile strip = {dy + r * ldy + o, ldy, 1, scratch + t * strip_floats, panel_block, outputs,
                                     dx + r * ldx + (s - begin + t) * panel_block, ldx, panel_block, 1, add || o > 0};
                    run_strip(&strip, rows - r < backward_rows ? rows - r : backward_rows);
                }
        }
    }
}

// MARK: - From rows

/// out [rows, width], its rows next to each other, from columns [0, columns) of `in`; zeroes beyond.
LK_INLINE void copy_columns(const float *in, size_t ld, size_t rows, size_t columns, const size_t width, float *out) {
    for (size_t r = 0; r < rows; r++, in += ld, out += width) {
        if (columns == width) {
            memcpy(out, in, width * sizeof *out);
            continue;
        }
        memset(out, 0, width * sizeof *out);
        memcpy(out, in, columns * sizeof *out);
    }
}

// Outputs whose part of dy is copied at once.
enum { gradient_outputs = 96 };

LK_TARGET static void LK_VARIANT(weight_gradient_f32)(const float *dy, size_t ldy, const float *x, size_t ldx,
                                                   size_t rows, size_t begin, size_t end, size_t inputs, float *dw,
                                                   size_t ldw, float *scratch) {
    float *x_strip = scratch, *dy_tiles = scratch + gradient_rows * 32;
    for (size_t o = begin, outputs; o < end; o += outputs) {
        outputs = end - o < gradient_outputs ? end - o : gradient_outputs;
        for (size_t r = 0; r < rows; r += gradient_rows) {
            const size_t count = rows - r < gradient_rows ? rows - r : gradient_rows;
            for (size_t t = 0; t < outputs; t += LK_TILE_ROWS)
                copy_columns(dy + r * ldy + o + t, ldy, count, outputs - t < LK_TILE_ROWS ? outputs - t : LK_TILE_ROWS,
                             LK_TILE_ROWS, dy_tiles + t * count);
            for (size_t i = 0; i < inputs; i += 32) {
                const size_t columns = inputs - i < 32 ? inputs - i : 32;
                copy_columns(x + r * ldx + i, ldx, count, columns, 32, x_strip);
                for (size_t t = 0; t < outputs; t += LK_TILE_ROWS) {
                    lk_tile tile = {dy_tiles + t * count, 1, LK_TILE_ROWS, x_strip, 32, count,
                                    dw + (o + t) * ldw + i, ldw, columns, 1, 1};
                    run_strip(&tile, outputs - t < LK_TILE_ROWS ? outputs - t : LK_TILE_ROWS);
                }
            }
        }
    }
}

LK_TARGET static void LK_VARIANT(product_f32)(const float *a, size_t lda, const float *b, size_t ldb, size_t rows,
                                           size_t inner, size_t columns, float *c, size_t ldc, float scale, int add) {
    enum { inner_at_once = 128 };
    float strip[inner_at_once * 32] __attribute__((aligned(64)));
    if (inner == 0 && !add)
        for (size_t r = 0; r < rows; r++) memset(c + r * ldc, 0, columns * sizeof *c);
    for (size_t i = 0; i < columns; i += 32)
        for (size_t k = 0; k < inner; k += inner_at_once) {
            const size_t count = inner - k < inner_at_once ? inner - k : inner_at_once;
            const size_t width = columns - i < 32 ? columns - i : 32;
            copy_columns(b + k * ldb + i, ldb, count, width, 32, strip);
            lk_tile tile = {a + k, lda, 1, strip, 32, count, c + i, ldc, width, scale, add || k > 0};
            run_strip(&tile, rows);
        }
}

// MARK: - The limit

#define LK_CHAIN_DECLARE(r) v16 low##r = all16((float)r), high##r = all16((float)-r);
#define LK_CHAIN_ADD(r) \
    low##r = low##r * factor + step; \
    if (LK_TILE_COLUMNS == 32) high##r = high##r * factor + step;
#define LK_CHAIN_SUM(r) sum += low##r + high##r;

LK_TARGET static float LK_VARIANT(multiply_adds)(size_t rounds) {
    const v16 factor = all16(0.999f), step = all16(1e-9f);
    v16 sum = all16(0);
    LK_EACH_TILE_ROW(LK_CHAIN_DECLARE)
    for (; rounds > 0; rounds--) {
        LK_EACH_TILE_ROW(LK_CHAIN_ADD)
    }
    LK_EACH_TILE_ROW(LK_CHAIN_SUM)
    return sum16(sum);
}

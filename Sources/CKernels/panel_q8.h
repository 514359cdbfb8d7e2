// Products of panels with int8 or int16 activations (LK_WIDE), the loops around an instruction set's vectors; against
// matmul_plain.c.
//
// Two vectors (`ints`, `floats`, and `quad` of the bytes that they are made of) have the sums of a part of a panel: 16
// outputs or all 32. A few rows go along a panel with their sums in registers. More share blocks that are unpacked once
// into the first-level cache, so that what unpacking costs hardly counts. Both compute a row to the same bits: each
// block's products are whole numbers, and blocks are added in order.
//
// Rows and parts are named variables because clang keeps arrays of them in memory. A file that includes this defines
// LK_TARGET, LK_PARTS (parts of a panel, 1 or 2), LK_TILE (up to 6 rows whose sums with a part stay in registers),
// LK_SUMS_FIT (1 where the sums of a tile of unpacked blocks stay in registers), LK_AHEAD (bytes by which one row's
// panel is asked for before it is read; 0: not at all), LK_MATMUL (the name of what it gets), and
//   direct_rows(type): the most rows that go along a panel instead of sharing unpacked blocks
//   unasked_rows(type): the most of these, up to 4 and to a tile, for which no strip is asked for ahead
//   strip_rows(type): rows of a tile of unpacked blocks, up to 6
//   quad_at(type, values, j, part), quad_from(p), put_quad(p, quad): quad j (0...7) of a part, packed and unpacked
//   two_quads(type): whether four products are added to sums twice at a time, for want of room for more
//   start_at(type, sum): sums of a block whose activations add up to `sum`
//   add_quad(type, ints, quad, p), add_quads(type, ints, quad, p, quad, p + 4): products with four activations at p
//   sums_of(type, ints, sum): their sums as floats
//   scales_at(type, head, block, b, half, part): of a part, b the number of the block under its head
//   minima_at(type, head, block, half, part)
//   floats_from(p), put_floats(p, floats), scaled(floats, x), multiply_add(floats, floats, floats),
//   add_scaled(floats, x, floats): floats * x + floats
//   LK_MULTIPLY_BYTES (a name), add_plain_quad(ints, quad, p): add_quad of any bytes, for the limit of products
//   LK_OPAQUE(quad): makes a value that the compiler knows nothing of

enum {
    part_outputs = panel_outputs / LK_PARTS,
    part_bytes = part_outputs * panel_block,
    strip_blocks = 8,
    strip_rows_max = 192,
};

/// Parts of a block with scales of their own.
LK_INLINE int halves_of(const lk_type type) { return lk_panel_has_halves(type) ? 2 : 1; }

LK_INLINE int32_t sum_of(const lk_type type, const activations *x, const int half) {
    return lk_panel_has_halves(type) ? x->sum[half] : x->sum[0] + x->sum[1];
}

/// The factor of a minimum.
LK_INLINE float scaled_sum_of(const lk_type type, const activations *x, const int half) {
    return lk_panel_has_halves(type) ? x->scale * (float)x->sum[half] : x->sum_scaled;
}

/// From a block to the one that lies at its place in the next strip, which may be the next panel's.
LK_INLINE size_t strip_bytes(const lk_type type) {
    return lk_panel_head_bytes(type) + strip_blocks * lk_panel_block_bytes(type);
}

LK_INLINE void put_row(float *y, const float *sums, size_t outputs, int add) {
    if (outputs >= panel_outputs) {
        for (size_t c = 0; c < panel_outputs; c++) y[c] = add ? y[c] + sums[c] : sums[c];
        return;
    }
    for (size_t c = 0; c < outputs; c++) y[c] = add ? y[c] + sums[c] : sums[c];
}

// MARK: - A few rows

#define EACH(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5)
#define DECLARE(u) \
    const activations *x##u = x + (units > u ? u / parts : 0) * blocks; \
    float *to##u = sums + (units > u ? u / parts * panel_outputs + (first + u % parts) * part_outputs : 0); \
    floats sum##u = floats_from(to##u);
#define START(u) ints dots##u = start_at(type, units > u ? sum_of(type, x##u + b, half) : 0);
#define ADD_QUAD(u) \
    if (units > u) \
        dots##u = add_quad(type, dots##u, quad_at(type, values, j, first + u % parts), x##u[b].LK_VALUES + 4 * j);
#define ADD_QUADS(u) \
    if (units > u) \
        dots##u = add_quads(type, dots##u, quad_at(type, values, j, first + u % parts), x##u[b].LK_VALUES + 4 * j, \
                            quad_at(type, values, j + 1, first + u % parts), x##u[b].LK_VALUES + 4 * j + 4);
#define ADD_BLOCK(u) \
    if (units > u) { \
        const floats d = scales_at(type, head, block, (int)(b % blocks_per_super), half, first + u % parts); \
        sum##u = multiply_add(sums_of(type, dots##u, sum_of(type, x##u + b, half)), scaled(d, x##u[b].scale), sum##u); \
    }
#define ADD_MINIMUM(u) \
    if (units > u) { \
        const floats m = minima_at(type, head, block, half, first + u % parts); \
        sum##u = add_scaled(m, scaled_sum_of(type, x##u + b, half), sum##u); \
    }
#define KEEP(u) \
    if (units > u) put_floats(to##u, sum##u);

/// The bytes of each block of the next strip that a tile asks for.
typedef struct { size_t from, to; } ahead;

/// Into the second-level cache: the first has room for fewer lines on their way than memory's latency takes.
LK_INLINE void ask_for(const uint8_t *p) { __builtin_prefetch(p, 0, 2); }

/// Adds the products of `rows` (1 to 6 / parts, a constant) rows of x and `parts` parts of a panel from `first` on, of
/// its blocks [begin, end), to sums [rows, 32]. `asks`, a constant, says whether `next` is looked at.
LK_INLINE void add_parts(const lk_type type, const int rows, const int first, const int parts, const int asks,
                         const uint8_t *panel, size_t begin, size_t end, size_t blocks, const activations *x,
                         float *sums, ahead next) {
    const int units = rows * parts, quads = 8 / halves_of(type), step = two_quads(type) ? 2 : 1;
    const size_t far = rows == 1 ? LK_AHEAD : 0;
    EACH(DECLARE)
    const uint8_t *head = panel + lk_panel_head_at(type, begin), *block = panel + lk_panel_block_at(type, begin);
    for (size_t b = begin; b < end; b++, block += lk_panel_block_bytes(type)) {
        if (lk_panel_is_super(type) && b > begin && b % blocks_per_super == 0) {
            head = block;
            block += lk_panel_head_bytes(type);
        }
        for (size_t at = next.from; asks && at < next.to; at += 64) ask_for(block + strip_bytes(type) + at);
        if (far > 0) {
#pragma clang loop unroll(full)
            for (size_t at = 0; at < lk_panel_block_bytes(type); at += 64) __builtin_prefetch(block + far + at);
        }
        const uint8_t *values = block + lk_panel_scale_bytes(type);
#pragma clang loop unroll(full)
        for (int half = 0; half < halves_of(type); half++) {
            EACH(START)
#pragma clang loop unroll(full)
            for (int j = quads * half; j < quads * (half + 1); j += step) {
                if (step == 1) {
                    EACH(ADD_QUAD)
                } else {
                    EACH(ADD_QUADS)
                }
            }
            EACH(ADD_BLOCK)
        }
        if (lk_panel_has_minimum(type)) {
#pragma clang loop unroll(full)
            for (int half = 0; half < halves_of(type); half++) {
                EACH(ADD_MINIMUM)
            }
        }
    }
    EACH(KEEP)
}

// A panel is read once, from front to back. With AVX-512 AMD's CPUs guess that well while there is little to compute:
// prefetches, at any distance, take a quarter to a half of the speed of one row. On Intel's they give one row two fifths
// more, and with vectors of 32 bytes they help everywhere (LK_AHEAD; unasked_rows). With more rows the CPU does not look
// ahead far enough. Then all tiles share a strip of blocks while it is in the first-level cache, and each asks for its
// part of the next strip, so that memory is read all the time and not in bursts.
enum { tile_rows = LK_TILE / LK_PARTS };

/// The part of each block of the next strip that the tile of rows [begin, end) asks for, `part` of LK_PARTS. Behind the
/// last panel too: the caller's next call goes on there, or nothing is lost.
LK_INLINE ahead part_of_next(const lk_type type, size_t begin, size_t end, size_t rows, const size_t part) {
    const size_t bytes = lk_panel_block_bytes(type) + (lk_panel_is_super(type) ? 64 : 0), lines = bytes / 64;
    const size_t from = begin * LK_PARTS + part * (end - begin), to = from + end - begin;
    return (ahead){from * lines / (rows * LK_PARTS) * 64, to * lines / (rows * LK_PARTS) * 64};
}

/// Rows of the next tile: of 7 not 6 and 1, but 4 and 3.
LK_INLINE size_t next_rows(size_t left, size_t most) {
    return left <= most ? left : left < 2 * most ? (left + 1) / 2 : most;
}

/// One tile alone, the whole panel.
LK_INLINE void add_panel(const lk_type type, const int rows, const uint8_t *panel, size_t blocks, const activations *x,
                         float *sums) {
    const ahead none = {0, 0};
    if (rows == 1) {
        add_parts(type, rows, 0, LK_PARTS, 0, panel, 0, blocks, blocks, x, sums, none);
        return;
    }
    for (int part = 0; part < LK_PARTS; part++)
        add_parts(type, rows, part, 1, 0, panel, 0, blocks, blocks, x, sums, none);
}

#define PANEL_CASE(r) \
    case r: \
        if (r <= tile_rows) add_panel(type, r, panel, blocks, x, sums); \
        break;
#define DIRECT_CASE(r) \
    case r: \
        if (r <= tile_rows) \
            add_parts(type, r, part, 1, 1, panel, b, end, blocks, from, to, \
                      part_of_next(type, done, done + r, rows, (size_t)part)); \
        break;

/// Rows of x times one panel: sums [rows, 32].
LK_INLINE void multiply_directly(const lk_type type, const uint8_t *panel, size_t blocks, const activations *x,
                                 size_t rows, float *sums) {
    memset(sums, 0, rows * panel_outputs * sizeof *sums);
    if (rows <= unasked_rows(type)) {
        switch (rows) {
        PANEL_CASE(1) PANEL_CASE(2) PANEL_CASE(3) PANEL_CASE(4)
        default: break;
        }
        return;
    }
    for (size_t b = 0; b < blocks; b += strip_blocks) {
        const size_t end = blocks - b < strip_blocks ? blocks : b + strip_blocks;
        const activations *from = x;
        float *to = sums;
        for (size_t done = 0, some; done < rows; done += some, from += some * blocks, to += some * panel_outputs) {
            some = next_rows(rows - done, tile_rows);
            for (int part = 0; part < LK_PARTS; part++) {
                switch (some) {
                DIRECT_CASE(1) DIRECT_CASE(2) DIRECT_CASE(3) DIRECT_CASE(4) DIRECT_CASE(5) DIRECT_CASE(6)
                default: break;
                }
            }
        }
    }
}

// MARK: - Many rows

/// Blocks of a panel, unpacked: [parts][8 quads] of each, and their scales in f32.
typedef struct strip {
    uint8_t quads[strip_blocks][panel_outputs * panel_block] __attribute__((aligned(64)));
    float scales[strip_blocks][2][panel_outputs], minima[strip_blocks][2][panel_outputs];
} strip;

/// Unpacks `count` blocks from `b` on.
LK_INLINE void unpack(const lk_type type, const uint8_t *panel, size_t b, size_t count, strip *to) {
    for (size_t i = 0; i < count; i++) {
        const uint8_t *head = panel + lk_panel_head_at(type, b + i), *block = panel + lk_panel_block_at(type, b + i);
#pragma clang loop unroll(full)
        for (int part = 0; part < LK_PARTS; part++) {
#pragma clang loop unroll(full)
            for (int j = 0; j < 8; j++)
                put_quad(to->quads[i] + part * part_bytes + j * part_bytes / 8,
                         quad_at(type, block + lk_panel_scale_bytes(type), j, part));
#pragma clang loop unroll(full)
            for (int half = 0; half < halves_of(type); half++) {
                put_floats(to->scales[i][half] + part * part_outputs,
                           scales_at(type, head, block, (int)((b + i) % blocks_per_super), half, part));
                if (lk_panel_has_minimum(type))
                    put_floats(to->minima[i][half] + part * part_outputs, minima_at(type, head, block, half, part));
            }
        }
    }
}

// Nothing is read ahead of this: the compiler would load weights of later quads into registers that sums are in.
#define LK_IN_ORDER() do { if (!LK_SUMS_FIT) __asm__ volatile("" ::: "memory"); } while (0)

#define ROW(r) \
    const activations *x##r = x + (rows > r ? r : 0) * blocks; \
    floats sum##r = floats_from(sums + (rows > r ? r : 0) * panel_outputs);
#define STRIP_START(r) ints dots##r = start_at(type, rows > r ? sum_of(type, x##r + i, half) : 0);
#define STRIP_QUAD(r) \
    if (rows > r) dots##r = add_quad(type, dots##r, q, x##r[i].LK_VALUES + 4 * j);
#define STRIP_QUADS(r) \
    if (rows > r) dots##r = add_quads(type, dots##r, q, x##r[i].LK_VALUES + 4 * j, q2, x##r[i].LK_VALUES + 4 * j + 4);
#define STRIP_BLOCK(r) \
    if (rows > r) { \
        const floats all = sums_of(type, dots##r, sum_of(type, x##r + i, half)); \
        LK_LOAD_SUM(r) \
        sum##r = multiply_add(all, scaled(d, x##r[i].scale), sum##r); \
        LK_STORE_SUM(r) \
    }
#define STRIP_MINIMUM(r) \
    if (rows > r) { \
        LK_LOAD_SUM(r) \
        sum##r = add_scaled(m, scaled_sum_of(type, x##r + i, half), sum##r); \
        LK_STORE_SUM(r) \
    }
#define STRIP_KEEP(r) \
    if (rows > r && LK_SUMS_FIT) put_floats(sums + r * panel_outputs, sum##r);
#if LK_SUMS_FIT
#define LK_LOAD_SUM(r)
#define LK_STORE_SUM(r)
#else
#define LK_LOAD_SUM(r) sum##r = floats_from(sums + r * panel_outputs);
#define LK_STORE_SUM(r) put_floats(sums + r * panel_outputs, sum##r);
#endif

/// Adds the products of one part of unpacked blocks with `rows` (1 to 6, a constant) rows of x to sums [rows, 32]. Of
/// the blocks that lie from `packed` on it asks for `next`.
LK_INLINE void add_part(const lk_type type, const int rows, const strip *s, size_t count, const int part,
                        const activations *x, size_t blocks, float *sums, const uint8_t *packed, ahead next) {
    const int quads = 8 / halves_of(type), step = two_quads(type) ? 2 : 1;
    EACH(ROW)
    for (size_t i = 0; i < count; i++) {
        const uint8_t *values = s->quads[i] + part * part_bytes, *asked = packed + i * lk_panel_block_bytes(type);
        for (size_t at = next.from; at < next.to; at += 64) ask_for(asked + at);
#pragma clang loop unroll(full)
        for (int half = 0; half < halves_of(type); half++) {
            EACH(STRIP_START)
#pragma clang loop unroll(full)
            for (int j = quads * half; j < quads * (half + 1); j += step) {
                LK_IN_ORDER();
                const quad q = quad_from(values + j * part_bytes / 8);
                if (step == 1) {
                    EACH(STRIP_QUAD)
                } else {
                    const quad q2 = quad_from(values + (j + 1) * part_bytes / 8);
                    EACH(STRIP_QUADS)
                }
            }
            const floats d = floats_from(s->scales[i][half] + part * part_outputs);
            EACH(STRIP_BLOCK)
        }
        if (lk_panel_has_minimum(type)) {
#pragma clang loop unroll(full)
            for (int half = 0; half < halves_of(type); half++) {
                const floats m = floats_from(s->minima[i][half] + part * part_outputs);
                EACH(STRIP_MINIMUM)
            }
        }
    }
    EACH(STRIP_KEEP)
}

#define STRIP_CASE(r) \
    case r: \
        if (r <= strip_rows(type)) \
            add_part(type, r, &s, count, part, from, blocks, to + part * part_outputs, packed, \
                     part_of_next(type, done, done + r, rows, (size_t)part)); \
        break;

/// Up to strip_rows_max rows of x times one panel: sums [rows, 32].
LK_INLINE void multiply_unpacked(const lk_type type, const uint8_t *panel, size_t blocks, const activations *x,
                                 size_t rows, float *sums) {
    const size_t most = (size_t)strip_rows(type);
    strip s;
    memset(sums, 0, rows * panel_outputs * sizeof *sums);
    for (size_t b = 0, count; b < blocks; b += count) {
        count = blocks - b < strip_blocks ? blocks - b : strip_blocks;
        unpack(type, panel, b, count, &s);
        const activations *from = x + b;
        float *to = sums;
        const uint8_t *packed = panel + lk_panel_block_at(type, b) + strip_bytes(type);
        for (size_t done = 0, some; done < rows; done += some, from += some * blocks, to += some * panel_outputs) {
            some = next_rows(rows - done, most);
            for (int part = 0; part < LK_PARTS; part++) {
                switch (some) {
                STRIP_CASE(1) STRIP_CASE(2) STRIP_CASE(3) STRIP_CASE(4) STRIP_CASE(5) STRIP_CASE(6)
                default: break;
                }
            }
        }
    }
}

LK_INLINE void matmul(const lk_type type, const lk_panel_matrix *w, size_t begin, size_t end, const activations *x,
                      size_t rows, float *y, size_t ldy, int add) {
    const size_t stride = lk_panel_stride(type, w->inputs), blocks = w->inputs / panel_block;
    float sums[strip_rows_max * panel_outputs] __attribute__((aligned(64)));
    // Some rows with all panels before the next rows: what is read most often, x, stays in the second-level cache.
    for (size_t r = 0, count; r < rows; r += count, x += count * blocks, y += count * ldy) {
        count = rows - r < strip_rows_max ? rows - r : strip_rows_max;
        for (size_t p = begin; p < end; p++) {
            const uint8_t *panel = w->panels + p * stride;
            const size_t outputs = w->outputs - p * panel_outputs;
            float *to = y + (p - begin) * panel_outputs;
            if (count <= direct_rows(type)) multiply_directly(type, panel, blocks, x, count, sums);
            else multiply_unpacked(type, panel, blocks, x, count, sums);
            for (size_t k = 0; k < count; k++) put_row(to + k * ldy, sums + k * panel_outputs, outputs, add);
        }
    }
}

#define LK_OF_TYPE(name, type) \
    LK_TARGET static void name(const lk_panel_matrix *w, size_t begin, size_t end, const activations *x, size_t rows, \
                               float *y, size_t ldy, int add) { \
        matmul(type, w, begin, end, x, rows, y, ldy, add); \
    }
LK_OF_TYPE(matmul_q4_0, LK_Q4_0)
LK_OF_TYPE(matmul_q4_1, LK_Q4_1)
LK_OF_TYPE(matmul_q5_0, LK_Q5_0)
LK_OF_TYPE(matmul_q5_1, LK_Q5_1)
LK_OF_TYPE(matmul_q8_0, LK_Q8_0)
LK_OF_TYPE(matmul_q4_k, LK_Q4_K)
LK_OF_TYPE(matmul_q5_k, LK_Q5_K)
LK_OF_TYPE(matmul_q6_k, LK_Q6_K)
LK_OF_TYPE(matmul_q2_k, LK_Q2_K)
LK_OF_TYPE(matmul_q3_k, LK_Q3_K)
LK_OF_TYPE(matmul_iq4_nl, LK_IQ4_NL)
LK_OF_TYPE(matmul_iq4_xs, LK_IQ4_XS)
LK_OF_TYPE(matmul_mxfp4, LK_MXFP4)

LK_TARGET void LK_MATMUL(const lk_panel_matrix *w, size_t begin, size_t end, const activations *x, size_t rows,
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
    case LK_Q2_K: matmul_q2_k(w, begin, end, x, rows, y, ldy, add); return;
    case LK_Q3_K: matmul_q3_k(w, begin, end, x, rows, y, ldy, add); return;
    case LK_IQ4_NL: matmul_iq4_nl(w, begin, end, x, rows, y, ldy, add); return;
    case LK_IQ4_XS: matmul_iq4_xs(w, begin, end, x, rows, y, ldy, add); return;
    case LK_MXFP4: matmul_mxfp4(w, begin, end, x, rows, y, ldy, add); return;
    default: lk_panel_matmul_plain(w, begin, end, x, rows, y, ldy, add); return;
    }
}

#ifdef LK_MULTIPLY_BYTES
#include "panel_q8_limit.h"
#endif

// Products of panels in f32, 16 lanes at a time. See vector.h. Some blocks of the panel are decoded, each
// 32 inputs of 32 outputs, and serve many rows of x; each row adds up a block's products and then the blocks.
#include "vector_pair_panels.h"

#ifndef LK_LOOKUP16
/// table[i[c]] in lane c, for i below 16.
LK_INLINE v16 lookup16(v16 table, v16i i) {
    v16 out;
    for (int c = 0; c < 16; c++) out[c] = table[i[c]];
    return out;
}
#endif

LK_INLINE v16 bytes_to_floats(const uint8_t *p, int is_signed) {
    v16b bytes = *(const v16b_anywhere *)p;
    if (is_signed) return __builtin_convertvector(bytes, v16);
    typedef uint8_t v16ub __attribute__((vector_size(16)));
    return __builtin_convertvector((v16ub)bytes, v16);
}

/// Scales and minima of one side's 16 outputs, of block b.
LK_INLINE void side_scales(const lk_type type, const uint8_t *head, const uint8_t *block, size_t b, size_t half,
                           size_t side, v16 *d, v16 *m) {
    *m = all16(0);
    if (type == LK_MXFP4) {
        *d = load16_bf16(block + 32 * side);
    } else if (!lk_panel_is_super(type)) {
        *d = load16_f16(block + 32 * side);
        if (lk_panel_has_minimum(type)) *m = load16_f16(block + 64 + 32 * side);
    } else if (type == LK_IQ4_XS) {
        *d = load16_f16(head + 32 * side) * bytes_to_floats(head + 64 + b % blocks_per_super * 32 + 16 * side, 1);
    } else if (type == LK_Q2_K) {
        typedef uint8_t v16ub __attribute__((vector_size(16)));
        const v16ub both = (v16ub)*(const v16b_anywhere *)(block + 32 * half + 16 * side);
        *d = load16_f16(head + 32 * side) * __builtin_convertvector(both & 15, v16);
        *m = -load16_f16(head + 64 + 32 * side) * __builtin_convertvector(both >> 4, v16);
    } else if (type == LK_Q3_K || type == LK_Q6_K) {
        *d = load16_f16(head + 32 * side) * bytes_to_floats(block + 32 * half + 16 * side, 1);
    } else {
        *d = load16_f16(head + 32 * side) * bytes_to_floats(block + 16 * side, 0);
        *m = -load16_f16(head + 64 + 32 * side) * bytes_to_floats(block + 32 + 16 * side, 0);
    }
}

/// Bit t of each of 16 quads.
LK_INLINE v16i bits_of(const uint8_t *p, size_t t) {
    uint64_t bits;
    memcpy(&bits, p, 8);
    v16i out;
    for (int c = 0; c < 16; c++) out[c] = (int32_t)(bits >> (4 * c + (int)t) & 1);
    return out;
}

/// The unsigned values of one input of one side, 16 lanes, from a quad's 16 lanes of four bytes.
LK_INLINE v16 input_of(const lk_type type, const uint8_t *values, size_t i, size_t side) {
    size_t j = i / 4, t = i % 4;
    if (type == LK_Q8_0)
        return __builtin_convertvector((*(const v16i *)(values + 128 * j + 64 * side) >> (int)(8 * t)) & 255, v16);
    const int bits = lk_panel_value_bits(type);
    if (bits <= 3) {
        v16i two = (*(const v16i *)(values + 64 * (j / 2)) >> (int)(8 * t + j % 2 * 4 + 2 * side)) & 3;
        return __builtin_convertvector(bits == 2 ? two : two | bits_of(values + 256 + 16 * j + 8 * side, t) << 2, v16);
    }
    v16i q = (*(const v16i *)(values + 64 * j) >> (int)(8 * t + 4 * side)) & 15;
    if (lk_panel_book(type) != NULL) {
        typedef uint8_t v16ub __attribute__((vector_size(16)));
        v16ub book;
        memcpy(&book, lk_panel_book(type), sizeof book);
        return lookup16(__builtin_convertvector(book, v16), q);
    }
    if (bits == 5) q |= bits_of(values + 512 + 16 * j + 8 * side, t) << 4;
    if (type == LK_Q6_K)
        q |= ((*(const v16i *)(values + 512 + 64 * (j / 2)) >> (int)(8 * t + j % 2 * 4 + 2 * side)) & 3) << 4;
    return __builtin_convertvector(q, v16);
}

LK_INLINE void decode_nf4(const uint8_t *panel, size_t n, size_t b, float *out) {
    const uint8_t *values = panel + lk_panel_block_at(LK_NF4, b);
    const v16 book = load16(lk_nf4_values);
    float scales[32] __attribute__((aligned(64)));
    for (size_t c = 0; c < 32; c++) scales[c] = lk_nf4_scale_at(panel, n, c, 32 * b);
    for (size_t i = 0; i < 32; i++)
        for (size_t side = 0; side < 2; side++) {
            v16i q = (*(const v16i *)(values + i / 4 * 64) >> (int)(8 * (i % 4) + 4 * side)) & 15;
            store16(out + 32 * i + 16 * side, lookup16(book, q) * load16(scales + 16 * side));
        }
}

/// out[i*32 + c], to the bit what lk_dequantize_row gives.
LK_INLINE void decode_block(const lk_type type, const uint8_t *panel, size_t n, size_t b, float *out) {
    const uint8_t *head = panel + lk_panel_head_at(type, b), *block = panel + lk_panel_block_at(type, b);
    if (type == LK_F32) {
        for (size_t i = 0; i < 1024; i += 16) store16(out + i, *(const v16_any_byte *)(block + 4 * i));
        return;
    }
    if (type == LK_F16 || type == LK_BF16) {
        for (size_t i = 0; i < 1024; i += 32) {  // 16 outputs of two inputs
            v16 a = weights16(type, block + 2 * i), b2 = weights16(type, block + 2 * i + 32);
            float *to = out + i / 64 * 64 + i % 64 / 2;
            store16(to, __builtin_shufflevector(a, b2, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30));
            store16(to + 32, __builtin_shufflevector(a, b2, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31));
        }
        return;
    }
    if (type == LK_NF4) {
        decode_nf4(panel, n, b, out);
        return;
    }
    const uint8_t *values = block + lk_panel_scale_bytes(type);
    for (size_t side = 0; side < 2; side++)
        for (size_t half = 0; half < 2; half++) {
            v16 d, m;
            side_scales(type, head, block, b, half, side, &d, &m);
            for (size_t i = 16 * half; i < 16 * half + 16; i++) {
                v16 value = d * (input_of(type, values, i, side) - all16((float)lk_panel_offset(type)));
                if (lk_panel_has_minimum(type)) value = value + m;  // a statement of its own: rounded twice
                store16(out + i * 32 + 16 * side, value);
            }
        }
}

// Sums that stay in registers: of 6 rows and 32 outputs, or 16 where there are not twice as many registers.
#define LK_F32_ROWS(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5)
#define LK_F32_DECLARE(r) v16 low##r = all16(0), high##r = all16(0);
#define LK_F32_ADD(r) \
    if (rows > r) { \
        v16 v = all16(x[r * n + i]); \
        low##r = w_low * v + low##r; \
        if (LK_TILE_COLUMNS == 32) high##r = w_high * v + high##r; \
    }
#define LK_F32_STORE(r) \
    if (rows > r) { \
        store16(sums + 32 * r, load16(sums + 32 * r) + low##r); \
        if (LK_TILE_COLUMNS == 32) store16(sums + 32 * r + 16, load16(sums + 32 * r + 16) + high##r); \
    }

/// Adds the products of LK_TILE_COLUMNS outputs of decoded blocks, one after another in w, with `rows` (1 to 6, a
/// constant) rows of x to sums [rows, 32]. Each block's products are added up before they go to the sum.
LK_INLINE void add_tile_f32(const int rows, const float *w, size_t blocks, const float *x, size_t n, float *sums) {
    for (size_t b = 0; b < blocks; b++, w += 32 * 32, x += 32) {
        LK_F32_ROWS(LK_F32_DECLARE)
        for (size_t i = 0; i < 32; i++) {
            v16 w_low = load16(w + 32 * i), w_high = LK_TILE_COLUMNS == 32 ? load16(w + 32 * i + 16) : w_low;
            LK_F32_ROWS(LK_F32_ADD)
        }
        LK_F32_ROWS(LK_F32_STORE)
    }
}

/// The same for all 32 outputs.
LK_INLINE void add_blocks_f32(const int rows, const float *w, size_t blocks, const float *x, size_t n, float *sums) {
    for (size_t c = 0; c < 32; c += LK_TILE_COLUMNS) add_tile_f32(rows, w + c, blocks, x, n, sums + c);
}

enum { f32_rows_at_once = 192, f32_blocks_at_once = 4 };

LK_INLINE void panel_f32(const lk_type type, const uint8_t *panel, const float *x, size_t rows, size_t n, float *sums) {
    float decoded[f32_blocks_at_once * 32 * 32] __attribute__((aligned(64)));
    memset(sums, 0, rows * 32 * sizeof *sums);
    for (size_t b = 0, blocks; b < n / 32; b += blocks) {
        blocks = n / 32 - b < f32_blocks_at_once ? n / 32 - b : f32_blocks_at_once;
        // Blocks of f32 are what decoding gives.
        const float *w = type == LK_F32 ? (const float *)(panel + lk_panel_block_at(type, b)) : decoded;
        for (size_t i = 0; type != LK_F32 && i < blocks; i++)
            decode_block(type, panel, n, b + i, decoded + i * 32 * 32);
        const float *from = x + 32 * b;
        float *to = sums;
        size_t r = 0;
        for (; r + 6 <= rows; r += 6, from += 6 * n, to += 6 * 32) add_blocks_f32(6, w, blocks, from, n, to);
        switch (rows - r) {
        case 1: add_blocks_f32(1, w, blocks, from, n, to); break;
        case 2: add_blocks_f32(2, w, blocks, from, n, to); break;
        case 3: add_blocks_f32(3, w, blocks, from, n, to); break;
        case 4: add_blocks_f32(4, w, blocks, from, n, to); break;
        case 5: add_blocks_f32(5, w, blocks, from, n, to); break;
        default: break;
        }
    }
}

LK_INLINE void panels_f32(const lk_type type, const lk_panel_matrix *w, size_t begin, size_t end, const float *x,
                          size_t rows, float *y, size_t ldy, int add) {
    float sums[f32_rows_at_once * 32] __attribute__((aligned(64)));
    const size_t stride = lk_panel_stride(type, w->inputs), n = w->inputs;
    // Some rows with all panels before the next rows: what is read most often, x, stays in the second-level cache.
    for (size_t r = 0; r < rows; r += f32_rows_at_once) {
        const size_t count = rows - r < f32_rows_at_once ? rows - r : f32_rows_at_once;
        for (size_t p = begin; p < end; p++) {
            const size_t outputs = w->outputs - 32 * p < 32 ? w->outputs - 32 * p : 32;
            panel_f32(type, w->panels + p * stride, x + r * n, count, n, sums);
            for (size_t k = 0; k < count; k++) {
                float *to = y + (r + k) * ldy + 32 * (p - begin);
                for (size_t c = 0; c < outputs; c++) to[c] = add ? to[c] + sums[32 * k + c] : sums[32 * k + c];
            }
        }
    }
}

#define LK_PANELS_F32(type) \
    case type: panels_f32(type, w, begin, end, x, rows, y, ldy, add); return;
LK_TARGET static void LK_VARIANT(panel_matmul_f32)(const lk_panel_matrix *w, size_t begin, size_t end, const float *x,
                                                size_t rows, float *y, size_t ldy, int add) {
    switch (w->type) {
    LK_PANELS_F32(LK_F32)
    case LK_F16: panels_pairs(LK_F16, w, begin, end, x, rows, y, ldy, add); return;
    case LK_BF16: panels_pairs(LK_BF16, w, begin, end, x, rows, y, ldy, add); return;
    LK_PANELS_F32(LK_Q4_0)
    LK_PANELS_F32(LK_Q4_1)
    LK_PANELS_F32(LK_Q5_0)
    LK_PANELS_F32(LK_Q5_1)
    LK_PANELS_F32(LK_Q8_0)
    LK_PANELS_F32(LK_Q4_K)
    LK_PANELS_F32(LK_Q5_K)
    LK_PANELS_F32(LK_Q6_K)
    LK_PANELS_F32(LK_Q2_K)
    LK_PANELS_F32(LK_Q3_K)
    LK_PANELS_F32(LK_IQ4_NL)
    LK_PANELS_F32(LK_IQ4_XS)
    LK_PANELS_F32(LK_MXFP4)
    LK_PANELS_F32(LK_NF4)
    default: lk_panel_matmul_f32_plain(w, begin, end, x, rows, y, ldy, add); return;
    }
}

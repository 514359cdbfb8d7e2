// How a panel of weights lies in memory, for those who write and read one.
//
// A panel is 32 outputs of a matrix. It goes along the inputs in blocks of 32, so that a product reads it from front to
// back; within a block, four consecutive inputs of one output (a quad) make the 32-bit lane that an int8 dot
// instruction takes. Block types of 256 values keep their scales in a head, followed by 8 blocks.
//
//   32 values:  d f16[32], m f16[32] where the type has a minimum, then the values
//   256 values: head d f16[32], dmin f16[32] (Q2_K, Q4_K, Q5_K); each block: scale u8[32], minimum u8[32], then the values
//               Q3_K and Q6_K: scale i8[2][32], one for each half of a block; Q2_K: u8[2][32], its scale in the low
//               half, its minimum in the high half; IQ4_XS: the scales of all blocks i8[8][32] are in the head
//   MXFP4: half of the scale as bf16[32], then the values
//   values, 2 bits: [4][64] bytes, two bits for each of quad 2i output c and c + 16, quad 2i + 1 output c and c + 16
//     3 bits: then [8 quads][2] u64, the third bits of outputs 0...15 and 16...31, in the order of the bytes
//   values, 4 bits: [8 quads][16 lanes][4]: low nibble of output c, high nibble of output c + 16
//     5 bits: then [8 quads][2] u64, the fifth bits of outputs 0...15 and 16...31, in the order of the bytes
//     6 bits: then [4][64] bytes, two bits for each of quad 2i output c and c + 16, quad 2i + 1 output c and c + 16
//   values, 8 bits: [8 quads][32 lanes][4], plus 128
//   NF4: the values as of 4 bits; behind the panel's last block offset f32, u32, the place of the panel's first weight
//     in its group of 256 blocks of 64, the f32 of each group, up to 64 bytes; then scale u8[64-blocks of a row][32]
//   16-bit floats: [16 pairs][32 outputs][2]; f32: [32][32 outputs]
#ifndef LK_PANELS_H
#define LK_PANELS_H
#include "variants.h"

#define LK_ALWAYS static inline __attribute__((always_inline))

enum { panel_outputs = 32, panel_block = 32, blocks_per_super = 8 };

/// The offset that is subtracted from the unsigned values.
LK_ALWAYS int lk_panel_offset(const lk_type type) {
    switch (type) {
    case LK_Q3_K: return 4;
    case LK_Q4_0: return 8;
    case LK_MXFP4: return 12;
    case LK_Q5_0: return 16;
    case LK_Q6_K: return 32;
    case LK_IQ4_NL: case LK_IQ4_XS: case LK_Q8_0: return 128;
    default: return 0;
    }
}

LK_ALWAYS int lk_panel_has_minimum(const lk_type type) {
    return type == LK_Q4_1 || type == LK_Q5_1 || type == LK_Q2_K || type == LK_Q4_K || type == LK_Q5_K;
}

LK_ALWAYS int lk_panel_is_super(const lk_type type) {
    return type == LK_Q2_K || type == LK_Q3_K || type == LK_Q4_K || type == LK_Q5_K || type == LK_Q6_K || type == LK_IQ4_XS;
}

/// Whether each half of a block has scales of its own.
LK_ALWAYS int lk_panel_has_halves(const lk_type type) {
    return type == LK_Q2_K || type == LK_Q3_K || type == LK_Q6_K;
}

/// The 16 unsigned values that nibbles stand for; NULL where they are the values.
LK_ALWAYS const uint8_t *lk_panel_book(const lk_type type) {
    return type == LK_IQ4_NL || type == LK_IQ4_XS ? lk_iq4_values : type == LK_MXFP4 ? lk_mxfp4_values : NULL;
}

LK_ALWAYS int lk_panel_value_bits(const lk_type type) {
    switch (type) {
    case LK_Q2_K: return 2;
    case LK_Q3_K: return 3;
    case LK_Q4_0: case LK_Q4_1: case LK_Q4_K: case LK_NF4: case LK_IQ4_NL: case LK_IQ4_XS: case LK_MXFP4: return 4;
    case LK_Q5_0: case LK_Q5_1: case LK_Q5_K: return 5;
    case LK_Q6_K: return 6;
    case LK_Q8_0: return 8;
    case LK_F16: case LK_BF16: return 16;
    case LK_F32: return 32;
    default: return 0;
    }
}

/// Bytes in front of a block's values.
LK_ALWAYS size_t lk_panel_scale_bytes(const lk_type type) {
    if (lk_panel_value_bits(type) >= 16 || type == LK_NF4 || type == LK_IQ4_XS) return 0;
    return lk_panel_is_super(type) || !lk_panel_has_minimum(type) ? 64 : 128;
}

LK_ALWAYS size_t lk_panel_head_bytes(const lk_type type) {
    return !lk_panel_is_super(type) ? 0 : type == LK_IQ4_XS ? 64 + 256 : lk_panel_has_minimum(type) ? 128 : 64;
}

LK_ALWAYS size_t lk_panel_block_bytes(const lk_type type) {
    return lk_panel_scale_bytes(type) + (size_t)lk_panel_value_bits(type) * panel_outputs * panel_block / 8;
}

/// From the panel's start to the block of inputs 32*b and on.
LK_ALWAYS size_t lk_panel_block_at(const lk_type type, size_t b) {
    size_t heads = lk_panel_is_super(type) ? b / blocks_per_super + 1 : 0;
    return heads * lk_panel_head_bytes(type) + b * lk_panel_block_bytes(type);
}

/// The head that goes with block `b`.
LK_ALWAYS size_t lk_panel_head_at(const lk_type type, size_t b) {
    return b / blocks_per_super * (lk_panel_head_bytes(type) + blocks_per_super * lk_panel_block_bytes(type));
}

enum { nf4_group = 256 };

extern const float lk_nf4_values[16];
/// The number that a code of 8 bits stands for.
float lk_nf4_scale(uint8_t code);

/// Groups of blocks that a panel of rows of n values can touch: it has n / 2 blocks.
LK_ALWAYS size_t lk_nf4_groups(size_t n) { return n / 2 / nf4_group + 2; }

LK_ALWAYS size_t lk_nf4_tail_at(size_t n) { return n / panel_block * lk_panel_block_bytes(LK_NF4); }

LK_ALWAYS size_t lk_nf4_head_bytes(size_t n) { return (8 + 4 * lk_nf4_groups(n) + 63) / 64 * 64; }

LK_ALWAYS size_t lk_nf4_scale_bytes(size_t n) { return ((n + 63) / 64 * panel_outputs + 63) / 64 * 64; }

/// The block of input i of output c, counted from the output's first. Blocks straddle rows when n is an odd multiple
/// of 32.
LK_ALWAYS size_t lk_nf4_block_of(size_t n, size_t c, size_t i) { return (c * n + i) / 64 - c * n / 64; }

/// The scale of output c, input i of a panel.
LK_ALWAYS float lk_nf4_scale_at(const uint8_t *panel, size_t n, size_t c, size_t i) {
    const uint8_t *tail = panel + lk_nf4_tail_at(n), *scales = tail + lk_nf4_head_bytes(n);
    const size_t group = (lk_read_u32(tail + 4) + (c * n + i) / 64) / nf4_group;
    float scale = lk_nf4_scale(scales[lk_nf4_block_of(n, c, i) * panel_outputs + c]);
    scale *= lk_float_from_bits(lk_read_u32(tail + 8 + 4 * group));
    scale += lk_float_from_bits(lk_read_u32(tail));  // a statement of its own: rounded twice
    return scale;
}

LK_ALWAYS size_t lk_panel_stride(const lk_type type, size_t n) {
    size_t blocks = n / panel_block;
    size_t heads = lk_panel_is_super(type) ? blocks / blocks_per_super : 0;
    size_t tail = type == LK_NF4 ? lk_nf4_head_bytes(n) + lk_nf4_scale_bytes(n) : 0;
    return heads * lk_panel_head_bytes(type) + blocks * lk_panel_block_bytes(type) + tail;
}

/// Scale and minimum of output c for input i (0...31) of block b.
LK_ALWAYS void lk_panel_scales(const lk_type type, const uint8_t *head, const uint8_t *block, size_t b, size_t c,
                               size_t i, float *d, float *m) {
    *m = 0;
    if (type == LK_MXFP4) {
        *d = lk_float_from_bits((uint32_t)lk_read_u16(block + 2 * c) << 16);
    } else if (!lk_panel_is_super(type)) {
        *d = lk_f16_at(block + 2 * c);
        if (lk_panel_has_minimum(type)) *m = lk_f16_at(block + 64 + 2 * c);
    } else if (type == LK_IQ4_XS) {
        *d = lk_f16_at(head + 2 * c) * (float)(int8_t)head[64 + b % blocks_per_super * 32 + c];
    } else if (type == LK_Q2_K) {
        *d = lk_f16_at(head + 2 * c) * (float)(block[i / 16 * 32 + c] & 15);
        *m = -lk_f16_at(head + 64 + 2 * c) * (float)(block[i / 16 * 32 + c] >> 4);
    } else if (type == LK_Q3_K || type == LK_Q6_K) {
        *d = lk_f16_at(head + 2 * c) * (float)(int8_t)block[i / 16 * 32 + c];
    } else {
        *d = lk_f16_at(head + 2 * c) * (float)block[c];
        *m = -lk_f16_at(head + 64 + 2 * c) * (float)block[32 + c];
    }
}

/// The unsigned value of output c, input i of a block.
LK_ALWAYS int lk_panel_q(const lk_type type, const uint8_t *values, size_t c, size_t i) {
    size_t j = i / 4, t = i % 4, lane = 4 * (c % 16) + t;
    if (type == LK_Q8_0) return values[128 * j + 4 * c + t];
    if (lk_panel_value_bits(type) <= 3) {
        int two = values[64 * (j / 2) + lane] >> (j % 2 * 4 + c / 16 * 2) & 3;
        if (type == LK_Q2_K) return two;
        return two | (values[256 + 16 * j + c / 16 * 8 + lane / 8] >> lane % 8 & 1) << 2;
    }
    int q = c < 16 ? values[64 * j + lane] & 15 : values[64 * j + lane] >> 4;
    if (lk_panel_value_bits(type) == 5) q |= (values[512 + 16 * j + c / 16 * 8 + lane / 8] >> lane % 8 & 1) << 4;
    if (type == LK_Q6_K) q |= (values[512 + 64 * (j / 2) + lane] >> (j % 2 * 4 + c / 16 * 2) & 3) << 4;
    if (lk_panel_book(type) != NULL) q = lk_panel_book(type)[q];
    return q;
}

/// Value `i` of row `output`.
LK_ALWAYS float lk_panel_value(const lk_panel_matrix *w, size_t output, size_t i) {
    const lk_type type = w->type;
    const size_t b = i / panel_block, c = output % panel_outputs;
    const uint8_t *panel = w->panels + output / panel_outputs * lk_panel_stride(type, w->inputs);
    const uint8_t *block = panel + lk_panel_block_at(type, b);
    const uint8_t *pair = block + (i % panel_block / 2 * panel_outputs + c) * 4 + i % 2 * 2;
    i %= panel_block;
    if (type == LK_F32) return lk_float_from_bits(lk_read_u32(block + (i * panel_outputs + c) * 4));
    if (type == LK_F16) return lk_f16_at(pair);
    if (type == LK_BF16) return lk_float_from_bits((uint32_t)lk_read_u16(pair) << 16);
    if (type == LK_NF4)
        return lk_nf4_values[lk_panel_q(type, block, c, i)] * lk_nf4_scale_at(panel, w->inputs, c, b * panel_block + i);
    float d, m;
    lk_panel_scales(type, panel + lk_panel_head_at(type, b), block, b, c, i, &d, &m);
    float product = d * (float)(lk_panel_q(type, block + lk_panel_scale_bytes(type), c, i) - lk_panel_offset(type));
    return lk_panel_has_minimum(type) ? product + m : product;
}
#endif

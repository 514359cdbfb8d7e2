// Panels from rows of blocks, and rows of floats from panels. See panels.h.
#include "panels.h"

size_t lk_panel_bytes(lk_type type, size_t n) {
    if (lk_panel_value_bits(type) == 0 || n == 0 || n % panel_block != 0) return 0;
    if (type != LK_NF4 && lk_row_bytes(type, n) == 0) return 0;
    return n > SIZE_MAX / 512 ? 0 : lk_panel_stride(type, n);
}

size_t lk_panels(size_t outputs) { return outputs / panel_outputs + (outputs % panel_outputs != 0); }

/// The unsigned values of one row's block of 32, from block `b` of the row.
static void values_of(lk_type type, const uint8_t *row, size_t b, uint8_t *q) {
    const uint8_t *s = row + b * lk_row_bytes(type, 32), *qs;
    int j = (int)(b % blocks_per_super);
    switch (type) {
    case LK_Q4_0:
    case LK_Q4_1:
        qs = s + (type == LK_Q4_0 ? 2 : 4);
        for (int i = 0; i < 16; i++) q[i] = qs[i] & 15;
        for (int i = 0; i < 16; i++) q[i + 16] = qs[i] >> 4;
        return;
    case LK_Q5_0:
    case LK_Q5_1: {
        uint32_t high = lk_read_u32(s + (type == LK_Q5_0 ? 2 : 4));
        qs = s + (type == LK_Q5_0 ? 6 : 8);
        for (int i = 0; i < 16; i++) q[i] = (uint8_t)((qs[i] & 15) | (high >> i & 1) << 4);
        for (int i = 0; i < 16; i++) q[i + 16] = (uint8_t)(qs[i] >> 4 | (high >> (i + 16) & 1) << 4);
        return;
    }
    case LK_Q8_0:
        for (int i = 0; i < 32; i++) q[i] = s[2 + i] ^ 128;
        return;
    case LK_Q4_K:
    case LK_Q5_K:
        s = row + b / blocks_per_super * lk_row_bytes(type, 256);
        qs = s + (type == LK_Q5_K ? 48 : 16) + j / 2 * 32;
        for (int i = 0; i < 32; i++) q[i] = qs[i] >> j % 2 * 4 & 15;
        if (type == LK_Q5_K)
            for (int i = 0; i < 32; i++) q[i] |= (uint8_t)((s[16 + i] >> j & 1) << 4);
        return;
    case LK_IQ4_NL:
    case LK_MXFP4:
    case LK_IQ4_XS:
        qs = type == LK_IQ4_XS ? row + b / blocks_per_super * 136 + 8 + 16 * j : s + (type == LK_MXFP4 ? 1 : 2);
        for (int i = 0; i < 16; i++) q[i] = qs[i] & 15;
        for (int i = 0; i < 16; i++) q[i + 16] = qs[i] >> 4;
        return;
    case LK_Q2_K:
    case LK_Q3_K:
        s = row + b / blocks_per_super * lk_row_bytes(type, 256);
        qs = s + (type == LK_Q2_K ? 16 : 32) + j / 4 * 32;
        for (int i = 0; i < 32; i++) q[i] = qs[i] >> j % 4 * 2 & 3;
        if (type == LK_Q3_K)
            for (int i = 0; i < 32; i++) q[i] |= (uint8_t)((s[i] >> j & 1) << 2);
        return;
    default:  // Q6_K
        s = row + b / blocks_per_super * lk_row_bytes(type, 256);
        for (int i = 0; i < 32; i++)
            q[i] = (uint8_t)((s[j / 4 * 64 + j % 2 * 32 + i] >> (j % 4 < 2 ? 0 : 4) & 15) |
                             (s[128 + j / 4 * 32 + i] >> j % 4 * 2 & 3) << 4);
        return;
    }
}

static void put_u16(uint8_t *to, const uint8_t *from) { memcpy(to, from, 2); }

/// Scales of block `b` of output `c`; the head too, with the first block of one.
static void put_scales(lk_type type, const uint8_t *row, size_t b, size_t c, uint8_t *head, uint8_t *block) {
    if (type == LK_MXFP4) {
        const uint32_t half = lk_bits_from_float(lk_half_e8m0(row[b * lk_row_bytes(type, 32)]));
        const uint16_t rounded = (uint16_t)(half >> 16);  // exact: a power of two
        memcpy(block + 2 * c, &rounded, 2);
        return;
    }
    if (!lk_panel_is_super(type)) {
        const uint8_t *s = row + b * lk_row_bytes(type, 32);
        put_u16(block + 2 * c, s);
        if (lk_panel_has_minimum(type)) put_u16(block + 64 + 2 * c, s + 2);
        return;
    }
    const uint8_t *s = row + b / blocks_per_super * lk_row_bytes(type, 256);
    int j = (int)(b % blocks_per_super);
    if (type == LK_Q6_K) {
        if (j == 0) put_u16(head + 2 * c, s + 208);
        block[c] = s[192 + 2 * j];
        block[32 + c] = s[193 + 2 * j];
        return;
    }
    if (type == LK_IQ4_XS) {
        if (j == 0) put_u16(head + 2 * c, s);
        head[64 + 32 * j + (int)c] = (uint8_t)lk_iq4_xs_scale(s, j);
        return;
    }
    if (type == LK_Q2_K) {
        if (j == 0) put_u16(head + 2 * c, s + 80);
        if (j == 0) put_u16(head + 64 + 2 * c, s + 82);
        block[c] = s[2 * j];
        block[32 + c] = s[2 * j + 1];
        return;
    }
    if (type == LK_Q3_K) {
        if (j == 0) put_u16(head + 2 * c, s + 108);
        block[c] = (uint8_t)lk_k3_scale(s + 96, 2 * j);
        block[32 + c] = (uint8_t)lk_k3_scale(s + 96, 2 * j + 1);
        return;
    }
    int scale, minimum;
    lk_k4_scale(s + 4, j, &scale, &minimum);
    if (j == 0) put_u16(head + 2 * c, s);
    if (j == 0) put_u16(head + 64 + 2 * c, s + 2);
    block[c] = (uint8_t)scale;
    block[32 + c] = (uint8_t)minimum;
}

/// Lane c of a quad for all quads, from the values of outputs c and c + 16.
static void put_nibbles(const uint8_t (*q)[32], uint8_t *out) {
    for (int c = 0; c < 16; c++)
        for (int j = 0; j < 8; j++) {
            uint32_t low = lk_read_u32(q[c] + 4 * j) & 0x0f0f0f0f, high = lk_read_u32(q[c + 16] + 4 * j) & 0x0f0f0f0f;
            low |= high << 4;
            memcpy(out + 64 * j + 4 * c, &low, 4);
        }
}

/// Bit `bit` of each value.
static void put_bits(const uint8_t (*q)[32], int bit, uint8_t *out) {
    for (int j = 0; j < 8; j++)
        for (int side = 0; side < 2; side++) {
            uint64_t bits = 0;
            for (int i = 0; i < 64; i++) bits |= (uint64_t)(q[16 * side + i / 4][4 * j + i % 4] >> bit & 1) << i;
            memcpy(out + 16 * j + 8 * side, &bits, 8);
        }
}

/// Two bits of each value, from bit `bit` on.
static void put_two_bits(const uint8_t (*q)[32], int bit, uint8_t *out) {
    for (int i = 0; i < 4; i++)
        for (int c = 0; c < 16; c++)
            for (int t = 0; t < 4; t++)
                out[64 * i + 4 * c + t] =
                    (uint8_t)((q[c][8 * i + t] >> bit & 3) | (q[c + 16][8 * i + t] >> bit & 3) << 2 |
                              (q[c][8 * i + 4 + t] >> bit & 3) << 4 | (q[c + 16][8 * i + 4 + t] >> bit & 3) << 6);
}

static void put_bytes(const uint8_t (*q)[32], uint8_t *out) {
    for (int c = 0; c < 32; c++)
        for (int j = 0; j < 8; j++) memcpy(out + 128 * j + 4 * c, q[c] + 4 * j, 4);
}

/// Values of `size` bytes in units of 4 bytes: two neighbours of 16 bits, or one of 32. `units` at a time, so that each
/// row is read by the cache line.
static void pack_floats(const uint8_t *w, size_t row_bytes, size_t count, size_t n, size_t size, uint8_t *out) {
    enum { unit = 4, units = 16 };
    for (size_t first = 0; first < n * size / unit; first += units, out += units * panel_outputs * unit) {
        if (count < panel_outputs) memset(out, 0, units * panel_outputs * unit);
        for (size_t c = 0; c < count; c++)
            for (size_t u = 0; u < units; u++)
                memcpy(out + (u * panel_outputs + c) * unit, w + c * row_bytes + (first + u) * unit, unit);
    }
}

/// A block of Q4_0 or Q4_1 without unpacking: four values of an output are one word of its 16 bytes.
static void put_words_4(const uint8_t *const *qs, size_t b, size_t bytes, uint8_t *out) {
    for (int c = 0; c < 16; c++) {
        const uint8_t *low = qs[c] + b * bytes, *high = qs[c + 16] + b * bytes;
        for (int j = 0; j < 4; j++) {
            uint32_t x = lk_read_u32(low + 4 * j), y = lk_read_u32(high + 4 * j);
            uint32_t first = (x & 0x0f0f0f0f) | (y & 0x0f0f0f0f) << 4, second = (x >> 4 & 0x0f0f0f0f) | (y & 0xf0f0f0f0);
            memcpy(out + 64 * j + 4 * c, &first, 4);
            memcpy(out + 64 * (j + 4) + 4 * c, &second, 4);
        }
    }
}

/// The same for Q8_0.
static void put_words_8(const uint8_t *const *qs, size_t b, size_t bytes, uint8_t *out) {
    for (int c = 0; c < 32; c++)
        for (int j = 0; j < 8; j++) {
            uint32_t x = lk_read_u32(qs[c] + b * bytes + 4 * j) ^ 0x80808080;
            memcpy(out + 128 * j + 4 * c, &x, 4);
        }
}

/// A whole panel of Q4_0, Q4_1 or Q8_0, the types that most files are made of: a quarter of the time.
static void pack_words(lk_type type, const uint8_t *rows, size_t row_bytes, size_t n, uint8_t *to) {
    const size_t scales = lk_panel_has_minimum(type) ? 4 : 2, bytes = lk_row_bytes(type, 32);
    const uint8_t *qs[panel_outputs];
    for (size_t c = 0; c < panel_outputs; c++) qs[c] = rows + c * row_bytes + scales;
    for (size_t b = 0; b < n / panel_block; b++, to += lk_panel_block_bytes(type)) {
        for (size_t c = 0; c < panel_outputs; c++) {
            put_u16(to + 2 * c, qs[c] + b * bytes - scales);
            if (scales == 4) put_u16(to + 64 + 2 * c, qs[c] + b * bytes - 2);
        }
        if (type == LK_Q8_0) put_words_8(qs, b, bytes, to + lk_panel_scale_bytes(type));
        else put_words_4(qs, b, bytes, to + lk_panel_scale_bytes(type));
    }
}

void lk_pack_panel(lk_type type, const void *w, size_t outputs, size_t n, size_t panel, void *out) {
    size_t row_bytes = lk_row_bytes(type, n), first = panel * panel_outputs;
    size_t count = outputs - first < panel_outputs ? outputs - first : panel_outputs;
    const uint8_t *rows = (const uint8_t *)w + first * row_bytes;
    uint8_t *to = out;
    int bits = lk_panel_value_bits(type);
    if (bits >= 16) {
        pack_floats(rows, row_bytes, count, n, (size_t)bits / 8, to);
        return;
    }
    if (count == panel_outputs && (type == LK_Q4_0 || type == LK_Q4_1 || type == LK_Q8_0)) {
        pack_words(type, rows, row_bytes, n, to);
        return;
    }
    uint8_t q[panel_outputs][32] = {{0}};  // outputs that are not there have scales and values of zero
    if (count < panel_outputs) memset(to, 0, lk_panel_stride(type, n));
    for (size_t b = 0; b < n / panel_block; b++) {
        uint8_t *block = to + lk_panel_block_at(type, b), *values = block + lk_panel_scale_bytes(type);
        for (size_t c = 0; c < count; c++) {
            values_of(type, rows + c * row_bytes, b, q[c]);
            put_scales(type, rows + c * row_bytes, b, c, to + lk_panel_head_at(type, b), block);
        }
        if (bits == 8) put_bytes(q, values);
        else if (bits <= 3) put_two_bits(q, 0, values);
        else put_nibbles(q, values);
        if (bits == 3) put_bits(q, 2, values + 256);
        if (bits == 5) put_bits(q, 4, values + 512);
        if (bits == 6) put_two_bits(q, 4, values + 512);
    }
}

/// With a type that the compiler knows, which makes most of the decisions about each value before it runs.
LK_ALWAYS void read_row(const lk_type type, const lk_panel_matrix *w, size_t output, float *out) {
    const lk_panel_matrix known = {type, w->panels, w->outputs, w->inputs};
    for (size_t i = 0; i < w->inputs; i++) out[i] = lk_panel_value(&known, output, i);
}

void lk_panel_row(const lk_panel_matrix *w, size_t output, float *out) {
    switch (w->type) {
    case LK_Q4_0: read_row(LK_Q4_0, w, output, out); return;
    case LK_Q4_1: read_row(LK_Q4_1, w, output, out); return;
    case LK_Q8_0: read_row(LK_Q8_0, w, output, out); return;
    case LK_Q6_K: read_row(LK_Q6_K, w, output, out); return;
    case LK_F16: read_row(LK_F16, w, output, out); return;
    case LK_BF16: read_row(LK_BF16, w, output, out); return;
    default: read_row(w->type, w, output, out); return;
    }
}

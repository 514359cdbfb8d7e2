// Rows of Q2_K and Q3_K to f32, 16 weights of one scale at a time. See vector.h; the layouts are in dequantize_plain.c.

typedef uint8_t v16ub_anywhere __attribute__((vector_size(16), aligned(1)));

LK_INLINE v16i bytes16(const uint8_t *p) { return __builtin_convertvector(*(const v16ub_anywhere *)p, v16i); }
LK_INLINE v16 floats16(v16i v) { return __builtin_convertvector(v, v16); }

LK_INLINE void dequantize_q2_k(const uint8_t *b, float *out) {
    float d = lk_f16_at(b + 80), m = lk_f16_at(b + 82);
    for (int i = 0; i < 16; i++) {
        v16i q = bytes16(b + 16 + i / 8 * 32 + i % 2 * 16) >> (i % 8 / 2 * 2) & 3;
        store16(out + 16 * i, floats16(q) * all16(d * (float)(b[i] & 15)) - all16(m * (float)(b[i] >> 4)));
    }
}

LK_INLINE void dequantize_q3_k(const uint8_t *b, float *out) {
    float d = lk_f16_at(b + 108);
    for (int i = 0; i < 16; i++) {
        v16i low = bytes16(b + 32 + i / 8 * 32 + i % 2 * 16) >> (i % 8 / 2 * 2) & 3;
        v16i high = bytes16(b + i % 2 * 16) >> (i / 2) & 1;
        store16(out + 16 * i, floats16(low + (high << 2) - 4) * all16(d * (float)lk_k3_scale(b + 96, i)));
    }
}

LK_TARGET static void LK_VARIANT(dequantize_k23)(lk_type type, const uint8_t *row, float *out, size_t n) {
    for (size_t i = 0; i < n; i += 256) {
        if (type == LK_Q2_K) dequantize_q2_k(row + i / 256 * 84, out + i);
        else dequantize_q3_k(row + i / 256 * 110, out + i);
    }
}

/// F32, F16 and BF16.
LK_TARGET static void LK_VARIANT(widen)(lk_type type, const uint8_t *row, float *out, size_t n) {
    size_t i = 0;
    if (type == LK_F16)
        for (; i + 16 <= n; i += 16) store16(out + i, load16_f16(row + 2 * i));
    if (type == LK_BF16)
        for (; i + 16 <= n; i += 16) store16(out + i, load16_bf16(row + 2 * i));
    lk_dequantize_row_plain(type, row + lk_row_bytes(type, i), out + i, n - i);
}

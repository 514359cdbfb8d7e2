// Products in f32, 16 lanes at a time. See vector.h. F32, F16 and BF16 weights are read in place; others are decoded
// in pieces that stay in the first-level cache. LK_VARIANT(dequantize_row) must be there before.

LK_INLINE v16 weights16(const lk_type type, const uint8_t *p) {
    switch (type) {
    case LK_F16: return load16_f16(p);
    case LK_BF16: return load16_bf16(p);
    default: return *(const v16_any_byte *)p;
    }
}

LK_INLINE size_t weight_bytes(const lk_type type) { return type == LK_F32 ? 4 : 2; }

LK_INLINE float weight(const lk_type type, const uint8_t *p) {
    switch (type) {
    case LK_F16: return lk_f16_at(p);
    case LK_BF16: return lk_float_from_bits((uint32_t)lk_read_u16(p) << 16);
    default: return lk_float_from_bits(lk_read_u32(p));
    }
}

/// Adds the products of one weight row with up to four rows of x to y[0], y[ldy], ...
LK_INLINE void add_1x4(const lk_type type, const uint8_t *w, const float *x, size_t stride, size_t rows, size_t n,
                       float *y, size_t ldy) {
    const float *x1 = rows > 1 ? x + stride : x, *x2 = rows > 2 ? x + 2 * stride : x;
    const float *x3 = rows > 3 ? x + 3 * stride : x;
    v16 s0 = all16(0), s1 = s0, s2 = s0, s3 = s0;
    const size_t size = weight_bytes(type);
    size_t i = 0;
    for (; i + 16 <= n; i += 16) {
        v16 v = weights16(type, w + i * size);
        s0 = v * load16(x + i) + s0;
        s1 = v * load16(x1 + i) + s1;
        s2 = v * load16(x2 + i) + s2;
        s3 = v * load16(x3 + i) + s3;
    }
    v4 sums = sum16x4(s0, s1, s2, s3);
    float t0 = sums[0], t1 = sums[1], t2 = sums[2], t3 = sums[3];
    for (; i < n; i++) {
        float v = weight(type, w + i * size);
        t0 += v * x[i];
        t1 += v * x1[i];
        t2 += v * x2[i];
        t3 += v * x3[i];
    }
    y[0] += t0;
    if (rows > 1) y[ldy] += t1;
    if (rows > 2) y[2 * ldy] += t2;
    if (rows > 3) y[3 * ldy] += t3;
}

/// One row of x against four weight rows: four streams from memory, each asked for ahead of time.
LK_INLINE void store_4x1(const lk_type type, const uint8_t *w, size_t row_bytes, const float *x, size_t n, float *y) {
    const uint8_t *w1 = w + row_bytes, *w2 = w1 + row_bytes, *w3 = w2 + row_bytes;
    v16 s0 = all16(0), s1 = s0, s2 = s0, s3 = s0;
    const size_t size = weight_bytes(type);
    size_t i = 0;
    for (; i + 16 <= n; i += 16) {
        __builtin_prefetch(w + 4 * i * size + 8192);
        if (size == 2) __builtin_prefetch(w + 4 * i * size + 8192 + 64);
        else {
            __builtin_prefetch(w + 4 * i * size + 8192 + 64);
            __builtin_prefetch(w + 4 * i * size + 8192 + 128);
            __builtin_prefetch(w + 4 * i * size + 8192 + 192);
        }
        v16 v = load16(x + i);
        s0 = weights16(type, w + i * size) * v + s0;
        s1 = weights16(type, w1 + i * size) * v + s1;
        s2 = weights16(type, w2 + i * size) * v + s2;
        s3 = weights16(type, w3 + i * size) * v + s3;
    }
    *(v4_anywhere *)y = sum16x4(s0, s1, s2, s3);
    for (; i < n; i++) {
        y[0] += weight(type, w + i * size) * x[i];
        y[1] += weight(type, w1 + i * size) * x[i];
        y[2] += weight(type, w2 + i * size) * x[i];
        y[3] += weight(type, w3 + i * size) * x[i];
    }
}

LK_INLINE void matmul_in_place(const lk_type type, const uint8_t *w, size_t out_begin, size_t out_end, const float *x,
                               size_t rows, size_t n, float *y, size_t ldy) {
    size_t row_bytes = n * weight_bytes(type), o = out_begin;
    if (rows == 1)
        for (; o + 4 <= out_end; o += 4) store_4x1(type, w + o * row_bytes, row_bytes, x, n, y + o);
    for (; o < out_end; o++) {
        for (size_t r = 0; r < rows; r += 4) {
            size_t count = rows - r < 4 ? rows - r : 4;
            for (size_t k = 0; k < count; k++) y[(r + k) * ldy + o] = 0;
            add_1x4(type, w + o * row_bytes, x + r * n, n, count, n, y + r * ldy + o, ldy);
        }
    }
}

LK_TARGET static void matmul_decoded(lk_type type, const uint8_t *w, size_t out_begin, size_t out_end, const float *x,
                                     size_t rows, size_t n, float *y, size_t ldy) {
    enum { piece = 1024 };  // a whole number of blocks of every type
    float weights[piece];
    size_t row_bytes = lk_row_bytes(type, n), piece_bytes = lk_row_bytes(type, piece);
    for (size_t o = out_begin; o < out_end; o++) {
        const uint8_t *row = w + o * row_bytes;
        for (size_t r = 0; r < rows; r++) y[r * ldy + o] = 0;
        for (size_t i = 0; i < n; i += piece) {
            size_t count = n - i < piece ? n - i : piece;
            LK_VARIANT(dequantize_row)(type, row + i / piece * piece_bytes, weights, count);
            for (size_t r = 0; r < rows; r += 4)
                add_1x4(LK_F32, (const uint8_t *)weights, x + r * n + i, n, rows - r < 4 ? rows - r : 4, count,
                        y + r * ldy + o, ldy);
        }
    }
}

LK_TARGET static void LK_VARIANT(matmul_f32)(lk_type type, const void *w, size_t out_begin, size_t out_end,
                                          const float *x, size_t rows, size_t n, float *y, size_t ldy) {
    switch (type) {
    case LK_F32: matmul_in_place(LK_F32, w, out_begin, out_end, x, rows, n, y, ldy); return;
    case LK_F16: matmul_in_place(LK_F16, w, out_begin, out_end, x, rows, n, y, ldy); return;
    case LK_BF16: matmul_in_place(LK_BF16, w, out_begin, out_end, x, rows, n, y, ldy); return;
    default: matmul_decoded(type, w, out_begin, out_end, x, rows, n, y, ldy); return;
    }
}

// GeGLU and soft caps, 16 lanes at a time. See vector.h; vector_rows.h must be there before.

LK_TARGET static void LK_VARIANT(geglu)(const float *gate, const float *up, size_t n, float *out) {
    size_t i = 0;
    for (; i + 16 <= n; i += 16) {
        v16 g = load16(gate + i);
        // (1 + tanh(u)) / 2 = 1 / (1 + exp(-2u)), 2 * sqrt(2 / pi) = 1.59...
        v16 u = all16(1.5957691216f) * g * (all16(1) + all16(0.044715f) * g * g);
        store16(out + i, g / (all16(1) + exp16(-u)) * load16(up + i));
    }
    lk_geglu_plain(gate + i, up + i, n - i, out + i);
}

LK_TARGET static void LK_VARIANT(geglu_q8)(const float *gate, const float *up, size_t rows, lk_q8_block *out,
                                        size_t stride) {
    float products[128] __attribute__((aligned(64)));
    size_t r = 0;
    for (; r + 4 <= rows; r += 4, gate += 128, up += 128) {
        LK_VARIANT(geglu)(gate, up, 128, products);
        quantize_four(products, out + r * stride, stride);
    }
    for (; r < rows; r++, gate += 32, up += 32) {
        LK_VARIANT(geglu)(gate, up, 32, products);
        quantize_block(products, out + r * stride);
    }
}

/// cap * tanh(x / cap), tanh(y) = 1 - 2 / (1 + exp(2y)).
LK_INLINE v16 soft_cap16(v16 x, float cap) {
    v16 grown = exp16(x * all16(2 / cap));
    return all16(cap) - all16(2 * cap) / (all16(1) + grown);
}

LK_TARGET static void LK_VARIANT(soft_cap)(float *x, size_t n, float cap) {
    size_t i = 0;
    for (; i + 16 <= n; i += 16) store16(x + i, soft_cap16(load16(x + i), cap));
    lk_soft_cap_plain(x + i, n - i, cap);
}

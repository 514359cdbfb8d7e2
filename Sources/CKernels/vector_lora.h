// The second half of a low-rank product, 16 lanes at a time. See vector.h.

/// Up to four rows and one panel, of which `outputs` are wanted. Each output is summed over the rank in its order, then
/// added to y: the same to the bit for one row or four.
LK_INLINE void lora_panel(const float *b, size_t rank, size_t outputs, const float *t, size_t ldt, const size_t rows,
                          float *y, size_t ldy) {
    v16 low[4] = {all16(0), all16(0), all16(0), all16(0)}, high[4] = {all16(0), all16(0), all16(0), all16(0)};
    for (size_t k = 0; k < rank; k++) {
        v16 w0 = load16(b + 32 * k), w1 = load16(b + 32 * k + 16);
        for (size_t r = 0; r < rows; r++) {
            v16 factor = all16(t[r * ldt + k]);
            low[r] = w0 * factor + low[r];
            high[r] = w1 * factor + high[r];
        }
    }
    for (size_t r = 0; r < rows; r++) {
        float *row = y + r * ldy;
        if (outputs == 32) {
            store16(row, load16(row) + low[r]);
            store16(row + 16, load16(row + 16) + high[r]);
            continue;
        }
        float sums[32];
        store16(sums, low[r]);
        store16(sums + 16, high[r]);
        for (size_t o = 0; o < outputs; o++) row[o] += sums[o];
    }
}

LK_TARGET static void LK_VARIANT(lora_expand)(const float *b, size_t rank, size_t outputs, const float *t, size_t ldt,
                                           size_t rows, float *y, size_t ldy) {
    for (size_t o = 0; o < outputs; o += 32, b += 32 * rank) {
        size_t count = outputs - o < 32 ? outputs - o : 32, r = 0;
        for (; r + 4 <= rows; r += 4) lora_panel(b, rank, count, t + r * ldt, ldt, 4, y + r * ldy + o, ldy);
        for (; r < rows; r++) lora_panel(b, rank, count, t + r * ldt, ldt, 1, y + r * ldy + o, ldy);
    }
}

// Squares of numbers turned over. See vector.h.

LK_INLINE v8 load8(const float *p) {
    typedef float v8_anywhere __attribute__((vector_size(32), aligned(4)));
    return *(const v8_anywhere *)p;
}
LK_INLINE void store8(float *p, v8 v) {
    typedef float v8_anywhere __attribute__((vector_size(32), aligned(4)));
    *(v8_anywhere *)p = v;
}

#define LK_PAIRS_LOW(a, b) __builtin_shufflevector(a, b, 0, 8, 1, 9, 4, 12, 5, 13)
#define LK_PAIRS_HIGH(a, b) __builtin_shufflevector(a, b, 2, 10, 3, 11, 6, 14, 7, 15)
#define LK_TWOS_LOW(a, b) __builtin_shufflevector(a, b, 0, 1, 8, 9, 4, 5, 12, 13)
#define LK_TWOS_HIGH(a, b) __builtin_shufflevector(a, b, 2, 3, 10, 11, 6, 7, 14, 15)
#define LK_FOURS_LOW(a, b) __builtin_shufflevector(a, b, 0, 1, 2, 3, 8, 9, 10, 11)
#define LK_FOURS_HIGH(a, b) __builtin_shufflevector(a, b, 4, 5, 6, 7, 12, 13, 14, 15)

/// out[c*ldo + i] = in[i*ldi + c] for i and c below 8.
LK_INLINE void transpose_8x8(const float *in, size_t ldi, float *out, size_t ldo) {
    v8 r0 = load8(in), r1 = load8(in + ldi), r2 = load8(in + 2 * ldi), r3 = load8(in + 3 * ldi);
    v8 r4 = load8(in + 4 * ldi), r5 = load8(in + 5 * ldi), r6 = load8(in + 6 * ldi), r7 = load8(in + 7 * ldi);
    v8 a0 = LK_PAIRS_LOW(r0, r1), a1 = LK_PAIRS_HIGH(r0, r1), a2 = LK_PAIRS_LOW(r2, r3), a3 = LK_PAIRS_HIGH(r2, r3);
    v8 a4 = LK_PAIRS_LOW(r4, r5), a5 = LK_PAIRS_HIGH(r4, r5), a6 = LK_PAIRS_LOW(r6, r7), a7 = LK_PAIRS_HIGH(r6, r7);
    v8 b0 = LK_TWOS_LOW(a0, a2), b1 = LK_TWOS_HIGH(a0, a2), b2 = LK_TWOS_LOW(a1, a3), b3 = LK_TWOS_HIGH(a1, a3);
    v8 b4 = LK_TWOS_LOW(a4, a6), b5 = LK_TWOS_HIGH(a4, a6), b6 = LK_TWOS_LOW(a5, a7), b7 = LK_TWOS_HIGH(a5, a7);
    store8(out, LK_FOURS_LOW(b0, b4));
    store8(out + ldo, LK_FOURS_LOW(b1, b5));
    store8(out + 2 * ldo, LK_FOURS_LOW(b2, b6));
    store8(out + 3 * ldo, LK_FOURS_LOW(b3, b7));
    store8(out + 4 * ldo, LK_FOURS_HIGH(b0, b4));
    store8(out + 5 * ldo, LK_FOURS_HIGH(b1, b5));
    store8(out + 6 * ldo, LK_FOURS_HIGH(b2, b6));
    store8(out + 7 * ldo, LK_FOURS_HIGH(b3, b7));
}

// Sixteen lanes at a time in the compiler's portable vectors. A file that wants them compiled for an instruction set
// defines LK_TARGET (a target attribute), LK_VARIANT(name) (the name with a suffix) and LK_TILE_QUERIES (how many
// queries' vectors its registers hold) and includes this and then vector_rows.h, vector_matmul.h, vector_lora.h,
// vector_attention.h.
#include "variants.h"
#include <math.h>

// Clang warns of vectors wider than the baseline's as arguments; here every function that has one is inlined.
#pragma clang diagnostic ignored "-Wpsabi"

#define LK_INLINE LK_TARGET static inline __attribute__((always_inline))

typedef float v16 __attribute__((vector_size(64)));
typedef int32_t v16i __attribute__((vector_size(64)));
typedef uint32_t v16u __attribute__((vector_size(64)));
typedef float v16_anywhere __attribute__((vector_size(64), aligned(4)));
typedef float v16_any_byte __attribute__((vector_size(64), aligned(1)));
typedef uint16_t v16h __attribute__((vector_size(32)));
typedef uint16_t v16h_anywhere __attribute__((vector_size(32), aligned(1)));
typedef _Float16 v16half __attribute__((vector_size(32)));
typedef int16_t v32h __attribute__((vector_size(64)));
typedef int8_t v16b __attribute__((vector_size(16)));
typedef int8_t v16b_anywhere __attribute__((vector_size(16), aligned(1)));
typedef int8_t v32b_anywhere __attribute__((vector_size(32), aligned(1)));
typedef float v8 __attribute__((vector_size(32)));
typedef float v4 __attribute__((vector_size(16)));
typedef float v4_anywhere __attribute__((vector_size(16), aligned(4)));
typedef int32_t v8i __attribute__((vector_size(32)));
typedef int32_t v4i __attribute__((vector_size(16)));

LK_INLINE v16 load16(const float *p) { return *(const v16_anywhere *)p; }
LK_INLINE void store16(float *p, v16 v) { *(v16_anywhere *)p = v; }
LK_INLINE v16 all16(float x) { return (v16){x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x}; }

LK_INLINE v16 load16_f16(const void *p) {
    return __builtin_convertvector((v16half)*(const v16h_anywhere *)p, v16);
}

LK_INLINE v16 load16_bf16(const void *p) {
    return (v16)(__builtin_convertvector((v16h)*(const v16h_anywhere *)p, v16u) << 16);
}

LK_INLINE v16 select16(v16i mask, v16 yes, v16 no) { return (v16)((mask & (v16i)yes) | (~mask & (v16i)no)); }
LK_INLINE v16 larger16(v16 a, v16 b) { return select16(a > b, a, b); }  // b where a is NaN

LK_INLINE float sum16(v16 v) {
    v8 a = __builtin_shufflevector(v, v, 0, 1, 2, 3, 4, 5, 6, 7) + __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15);
    v4 b = __builtin_shufflevector(a, a, 0, 1, 2, 3) + __builtin_shufflevector(a, a, 4, 5, 6, 7);
    return (b[0] + b[2]) + (b[1] + b[3]);
}

#define LK_CROSSWISE(name, type, half_type, quarter_type, OF) \
    LK_INLINE quarter_type name(type a, type b, type c, type d) { \
        type ab = OF(__builtin_shufflevector(a, b, 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29), \
                     __builtin_shufflevector(a, b, 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31)); \
        type cd = OF(__builtin_shufflevector(c, d, 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29), \
                     __builtin_shufflevector(c, d, 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31)); \
        type all = OF(__builtin_shufflevector(ab, cd, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29), \
                      __builtin_shufflevector(ab, cd, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31)); \
        half_type half = OF(__builtin_shufflevector(all, all, 0, 1, 2, 3, 4, 5, 6, 7), \
                            __builtin_shufflevector(all, all, 8, 9, 10, 11, 12, 13, 14, 15)); \
        return OF(__builtin_shufflevector(half, half, 0, 1, 2, 3), __builtin_shufflevector(half, half, 4, 5, 6, 7)); \
    }
#define LK_SUM(x, y) ((x) + (y))
#define LK_LARGER(x, y) __builtin_elementwise_max(x, y)

// The sums, or the largest lanes, of four vectors: the lanes are brought together crosswise, which takes a third of the
// steps of one vector after the other.
LK_CROSSWISE(sum16x4, v16, v8, v4, LK_SUM)
LK_CROSSWISE(sum16x4i, v16i, v8i, v4i, LK_SUM)
LK_CROSSWISE(largest16x4i, v16i, v8i, v4i, LK_LARGER)

LK_INLINE float largest16(v16 v) {
    float largest = v[0];
    for (int i = 1; i < 16; i++) largest = v[i] > largest ? v[i] : largest;
    return largest;
}

/// exp, relative error below 2e-7; 0 below -87.3, the largest result at 88.3 and above, NaN for NaN. Cody and Waite's
/// reduction to [-ln2/2, ln2/2] and a Taylor polynomial of degree 7.
LK_INLINE v16 exp16(v16 x) {
    v16i below = x < all16(-87.3f);
    x = select16(x > all16(88.3f), all16(88.3f), x);
    const v16 rounder = all16(12582912.0f);  // 1.5 * 2^23: adding it leaves an integer in the low bits
    v16 shifted = x * all16(1.44269504f) + rounder;
    v16 n = shifted - rounder;
    v16 r = x - n * all16(0.693359375f);
    r = r - n * all16(-2.12194440e-4f);
    v16 p = all16(1.0f / 5040);
    p = p * r + all16(1.0f / 720);
    p = p * r + all16(1.0f / 120);
    p = p * r + all16(1.0f / 24);
    p = p * r + all16(1.0f / 6);
    p = p * r + all16(0.5f);
    p = p * r + all16(1.0f);
    p = p * r + all16(1.0f);
    v16 scaled = (v16)((v16i)p + (((v16i)shifted - (v16i)rounder) << 23));
    return select16(below, all16(0), select16(x != x, x, scaled));
}

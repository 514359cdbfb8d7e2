// Vectors of 16 bytes for panel_q8.h, on 64-bit ARM with products of bytes: four make a part, half a panel.
#include "panel_activations.h"
#include <arm_neon.h>

#define LK_DOTPROD __attribute__((target("dotprod")))
#define LK_TARGET LK_DOTPROD
#define LK_INLINE LK_DOTPROD static inline __attribute__((always_inline))

void LK_MATMUL(const lk_panel_matrix *w, size_t begin, size_t end, const activations *x, size_t rows, float *y,
               size_t ldy, int add);

int32_t lk_multiply_bytes_neon(size_t rounds);

typedef struct { int8x16_t a, b, c, d; } quad;
typedef struct { int32x4_t a, b, c, d; } ints;
typedef struct { float32x4_t a, b, c, d; } floats;

/// Four outputs of quad j, number 4 * part and on of one side, signed: up to 63, or what an offset of 128 was added to.
LK_INLINE int8x16_t four_outputs(const lk_type type, const uint8_t *values, const int j, const int side, const int part) {
    const int bits = lk_panel_value_bits(type);
    if (bits == 8)
        return vreinterpretq_s8_u8(veorq_u8(vld1q_u8(values + 128 * j + 64 * side + 16 * part), vdupq_n_u8(0x80)));
    const uint8x16_t bit_of = vreinterpretq_u8_u64(vdupq_n_u64(0x8040201008040201u));
    if (bits <= 3) {
        uint8x16_t two = vld1q_u8(values + 64 * (j / 2) + 16 * part);
        two = vandq_u8(vshlq_u8(two, vdupq_n_s8((int8_t)-(j % 2 * 4 + side * 2))), vdupq_n_u8(3));
        if (bits == 2) return vreinterpretq_s8_u8(two);
        const uint8_t *third = values + 256 + 16 * j + 8 * side + 2 * part;
        const uint8x16_t spread = vcombine_u8(vdup_n_u8(third[0]), vdup_n_u8(third[1]));
        return vreinterpretq_s8_u8(vorrq_u8(two, vandq_u8(vtstq_u8(spread, bit_of), vdupq_n_u8(4))));
    }
    uint8x16_t both = vld1q_u8(values + 64 * j + 16 * part);
    uint8x16_t q = side ? vshrq_n_u8(both, 4) : vandq_u8(both, vdupq_n_u8(15));
    if (lk_panel_book(type) != NULL) {
        q = vqtbl1q_u8(vld1q_u8(lk_panel_book(type)), q);
        if (lk_panel_offset(type) == 128) q = veorq_u8(q, vdupq_n_u8(0x80));
    }
    if (bits == 5) {
        const uint8_t *p = values + 512 + 16 * j + 8 * side + 2 * part;
        uint8x16_t spread = vcombine_u8(vdup_n_u8(p[0]), vdup_n_u8(p[1]));
        q = vorrq_u8(q, vandq_u8(vtstq_u8(spread, bit_of), vdupq_n_u8(16)));
    }
    if (bits == 6) {
        uint8x16_t more = vld1q_u8(values + 512 + 64 * (j / 2) + 16 * part);
        more = vshlq_u8(more, vdupq_n_s8((int8_t)(4 - (j % 2 * 4 + side * 2))));
        q = vorrq_u8(q, vandq_u8(more, vdupq_n_u8(48)));
    }
    return vreinterpretq_s8_u8(q);
}

LK_INLINE float32x4_t halves_at(const uint8_t *p) { return vcvt_f32_f16(vreinterpret_f16_u8(vld1_u8(p))); }

LK_INLINE float32x4_t bytes_at(const uint8_t *p, const int has_sign) {
    const uint8x8_t bytes = vreinterpret_u8_u32(vdup_n_u32(lk_read_u32(p)));
    if (has_sign) return vcvtq_f32_s32(vmovl_s16(vget_low_s16(vmovl_s8(vreinterpret_s8_u8(bytes)))));
    return vcvtq_f32_u32(vmovl_u16(vget_low_u16(vmovl_u8(bytes))));
}

LK_INLINE quad quad_at(const lk_type type, const uint8_t *values, const int j, const int part) {
    return (quad){four_outputs(type, values, j, part, 0), four_outputs(type, values, j, part, 1),
                  four_outputs(type, values, j, part, 2), four_outputs(type, values, j, part, 3)};
}

LK_INLINE quad quad_from(const uint8_t *p) {
    const int8_t *q = (const int8_t *)p;
    return (quad){vld1q_s8(q), vld1q_s8(q + 16), vld1q_s8(q + 32), vld1q_s8(q + 48)};
}

LK_INLINE void put_quad(uint8_t *p, quad q) {
    int8_t *to = (int8_t *)p;
    vst1q_s8(to, q.a);
    vst1q_s8(to + 16, q.b);
    vst1q_s8(to + 32, q.c);
    vst1q_s8(to + 48, q.d);
}

LK_INLINE floats floats_from(const float *p) {
    return (floats){vld1q_f32(p), vld1q_f32(p + 4), vld1q_f32(p + 8), vld1q_f32(p + 12)};
}

LK_INLINE void put_floats(float *p, floats v) {
    vst1q_f32(p, v.a);
    vst1q_f32(p + 4, v.b);
    vst1q_f32(p + 8, v.c);
    vst1q_f32(p + 12, v.d);
}

LK_INLINE floats product(floats v, floats w) {
    return (floats){vmulq_f32(v.a, w.a), vmulq_f32(v.b, w.b), vmulq_f32(v.c, w.c), vmulq_f32(v.d, w.d)};
}

LK_INLINE floats scaled(floats v, float x) {
    return (floats){vmulq_n_f32(v.a, x), vmulq_n_f32(v.b, x), vmulq_n_f32(v.c, x), vmulq_n_f32(v.d, x)};
}

LK_INLINE floats multiply_add(floats v, floats w, floats sum) {
    return (floats){vfmaq_f32(sum.a, v.a, w.a), vfmaq_f32(sum.b, v.b, w.b), vfmaq_f32(sum.c, v.c, w.c),
                    vfmaq_f32(sum.d, v.d, w.d)};
}

LK_INLINE floats add_scaled(floats v, float x, floats sum) {
    return (floats){vfmaq_n_f32(sum.a, v.a, x), vfmaq_n_f32(sum.b, v.b, x), vfmaq_n_f32(sum.c, v.c, x),
                    vfmaq_n_f32(sum.d, v.d, x)};
}

LK_INLINE floats halves_of_part(const uint8_t *p) {
    return (floats){halves_at(p), halves_at(p + 8), halves_at(p + 16), halves_at(p + 24)};
}

LK_INLINE floats bytes_of_part(const uint8_t *p, const int has_sign) {
    return (floats){bytes_at(p, has_sign), bytes_at(p + 4, has_sign), bytes_at(p + 8, has_sign),
                    bytes_at(p + 12, has_sign)};
}

LK_INLINE float32x4_t bf16_at(const uint16_t *p) { return vreinterpretq_f32_u32(vshll_n_u16(vld1_u16(p), 16)); }

/// Nibbles of 16 bytes, the low ones or those at `shift` 4.
LK_INLINE floats nibbles_of_part(const uint8_t *p, const int shift) {
    const uint8x16_t both = vld1q_u8(p), all = shift ? vshrq_n_u8(both, 4) : vandq_u8(both, vdupq_n_u8(15));
    const uint16x8_t low = vmovl_u8(vget_low_u8(all)), high = vmovl_u8(vget_high_u8(all));
    return (floats){vcvtq_f32_u32(vmovl_u16(vget_low_u16(low))), vcvtq_f32_u32(vmovl_u16(vget_high_u16(low))),
                    vcvtq_f32_u32(vmovl_u16(vget_low_u16(high))), vcvtq_f32_u32(vmovl_u16(vget_high_u16(high)))};
}

LK_INLINE floats scales_at(const lk_type type, const uint8_t *head, const uint8_t *block, const int b, const int half,
                           const int part) {
    if (type == LK_MXFP4) {
        const uint16_t *d = (const uint16_t *)(block + 32 * part);
        return (floats){bf16_at(d), bf16_at(d + 4), bf16_at(d + 8), bf16_at(d + 12)};
    }
    if (!lk_panel_is_super(type)) return halves_of_part(block + 32 * part);
    const floats d = halves_of_part(head + 32 * part);
    if (type == LK_IQ4_XS) return product(d, bytes_of_part(head + 64 + 32 * b + 16 * part, 1));
    if (type == LK_Q2_K) return product(d, nibbles_of_part(block + 32 * half + 16 * part, 0));
    if (lk_panel_has_halves(type)) return product(d, bytes_of_part(block + 32 * half + 16 * part, 1));
    return product(d, bytes_of_part(block + 16 * part, 0));
}

LK_INLINE floats minima_at(const lk_type type, const uint8_t *head, const uint8_t *block, const int half,
                           const int part) {
    if (!lk_panel_is_super(type)) return halves_of_part(block + 64 + 32 * part);
    const floats factor = type == LK_Q2_K ? nibbles_of_part(block + 32 * half + 16 * part, 4)
                                          : bytes_of_part(block + 32 + 16 * part, 0);
    return scaled(product(halves_of_part(head + 64 + 32 * part), factor), -1);
}

LK_INLINE ints start_at(const lk_type type, int32_t sum) {
    const int32x4_t all = vdupq_n_s32(lk_panel_offset(type) == 128 ? 0 : -lk_panel_offset(type) * sum);
    return (ints){all, all, all, all};
}

LK_INLINE int two_quads(const lk_type type) { return (void)type, 0; }

#if LK_WIDE
/// Four outputs: pairs of products in 32 bits, and then their sums.
LK_INLINE int32x4_t add_four(int32x4_t sums, int8x16_t q, int16x8_t evens, int16x8_t odds) {
    const int16x8_t both = vreinterpretq_s16_s8(q), even = vshrq_n_s16(vshlq_n_s16(both, 8), 8);
    const int16x8_t odd = vshrq_n_s16(both, 8);
    const int32x4_t low = vmlal_s16(vmull_s16(vget_low_s16(even), vget_low_s16(evens)), vget_low_s16(odd),
                                    vget_low_s16(odds));
    const int32x4_t high = vmlal_high_s16(vmull_high_s16(even, evens), odd, odds);
    return vaddq_s32(sums, vpaddq_s32(low, high));
}
#endif

LK_INLINE ints add_quad(const lk_type type, ints sums, quad q, const activation *p) {
    (void)type;
#if LK_WIDE
    const int16x8_t evens = vreinterpretq_s16_u32(vdupq_n_u32(lk_read_u32(p)));
    const int16x8_t odds = vreinterpretq_s16_u32(vdupq_n_u32(lk_read_u32(p + 2)));
    return (ints){add_four(sums.a, q.a, evens, odds), add_four(sums.b, q.b, evens, odds),
                  add_four(sums.c, q.c, evens, odds), add_four(sums.d, q.d, evens, odds)};
#else
    const int8x16_t four = vreinterpretq_s8_u32(vdupq_n_u32(lk_read_u32(p)));
    return (ints){vdotq_s32(sums.a, q.a, four), vdotq_s32(sums.b, q.b, four), vdotq_s32(sums.c, q.c, four),
                  vdotq_s32(sums.d, q.d, four)};
#endif
}

#define LK_OPAQUE(q) __asm__("" : "+w"((q).a), "+w"((q).b), "+w"((q).c), "+w"((q).d))
LK_INLINE ints add_plain_quad(ints sums, quad q, const activation *p) { return add_quad(LK_Q8_0, sums, q, p); }

LK_INLINE ints add_quads(const lk_type type, ints sums, quad q, const activation *p, quad q2, const activation *p2) {
    return add_quad(type, add_quad(type, sums, q, p), q2, p2);
}

LK_INLINE floats sums_of(const lk_type type, ints v, int32_t sum) {
    (void)type, (void)sum;
    return (floats){vcvtq_f32_s32(v.a), vcvtq_f32_s32(v.b), vcvtq_f32_s32(v.c), vcvtq_f32_s32(v.d)};
}

LK_INLINE int strip_rows(const lk_type type) { return (void)type, 4; }
LK_INLINE size_t direct_rows(const lk_type type) { return (void)type, 2; }

LK_INLINE size_t unasked_rows(const lk_type type) { return (void)type, 2; }

#define LK_PARTS 2
#define LK_TILE 6
#define LK_SUMS_FIT 0
#define LK_AHEAD 0
#include "panel_q8.h"

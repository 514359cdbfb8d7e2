// Vectors of 16 bytes for panel_q8.h, on 64-bit ARM with products of bytes: four make a part, half a panel.
#if defined(__aarch64__)
#include "panels.h"
#include <arm_neon.h>

#define LK_DOTPROD __attribute__((target("dotprod")))
#define LK_TARGET LK_DOTPROD
#define LK_INLINE LK_DOTPROD static inline __attribute__((always_inline))
#define LK_MATMUL_Q8 lk_panel_matmul_q8_neon

void lk_panel_matmul_q8_neon(const lk_panel_matrix *w, size_t begin, size_t end, const lk_q8_block *x, size_t rows, float *y,
                             size_t ldy, int add);

typedef struct { int8x16_t a, b, c, d; } quad;
typedef struct { int32x4_t a, b, c, d; } ints;
typedef struct { float32x4_t a, b, c, d; } floats;

/// Four outputs of quad j, number 4 * part and on of one side, signed: up to 63, or Q8_0's own values.
LK_INLINE int8x16_t four_outputs(const lk_type type, const uint8_t *values, const int j, const int side, const int part) {
    const int bits = lk_panel_value_bits(type);
    if (bits == 8)
        return vreinterpretq_s8_u8(veorq_u8(vld1q_u8(values + 128 * j + 64 * side + 16 * part), vdupq_n_u8(0x80)));
    uint8x16_t both = vld1q_u8(values + 64 * j + 16 * part);
    uint8x16_t q = side ? vshrq_n_u8(both, 4) : vandq_u8(both, vdupq_n_u8(15));
    if (bits == 5) {
        const uint8x16_t bit_of = vreinterpretq_u8_u64(vdupq_n_u64(0x8040201008040201u));
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

LK_INLINE floats scales_at(const lk_type type, const uint8_t *head, const uint8_t *block, const int half,
                           const int part) {
    if (!lk_panel_is_super(type)) return halves_of_part(block + 32 * part);
    const int k6 = type == LK_Q6_K;
    return product(halves_of_part(head + 32 * part), bytes_of_part(block + (k6 ? 32 * half : 0) + 16 * part, k6));
}

LK_INLINE floats minima_at(const lk_type type, const uint8_t *head, const uint8_t *block, const int half,
                           const int part) {
    (void)half;
    if (!lk_panel_is_super(type)) return halves_of_part(block + 64 + 32 * part);
    return scaled(product(halves_of_part(head + 64 + 32 * part), bytes_of_part(block + 32 + 16 * part, 0)), -1);
}

LK_INLINE ints start_at(const lk_type type, int32_t sum) {
    const int32x4_t all = vdupq_n_s32(type == LK_Q8_0 ? 0 : -lk_panel_offset(type) * sum);
    return (ints){all, all, all, all};
}

LK_INLINE int two_quads(const lk_type type) { return (void)type, 0; }

LK_INLINE ints add_quad(const lk_type type, ints sums, quad q, const int8_t *p) {
    (void)type;
    const int8x16_t four = vreinterpretq_s8_u32(vdupq_n_u32(lk_read_u32(p)));
    return (ints){vdotq_s32(sums.a, q.a, four), vdotq_s32(sums.b, q.b, four), vdotq_s32(sums.c, q.c, four),
                  vdotq_s32(sums.d, q.d, four)};
}

LK_INLINE ints add_quads(const lk_type type, ints sums, quad q, const int8_t *p, quad q2, const int8_t *p2) {
    return add_quad(type, add_quad(type, sums, q, p), q2, p2);
}

LK_INLINE floats sums_of(const lk_type type, ints v, int32_t sum) {
    (void)type, (void)sum;
    return (floats){vcvtq_f32_s32(v.a), vcvtq_f32_s32(v.b), vcvtq_f32_s32(v.c), vcvtq_f32_s32(v.d)};
}

LK_INLINE int strip_rows(const lk_type type) { return (void)type, 4; }
LK_INLINE size_t direct_rows(const lk_type type) { return (void)type, 2; }

#define LK_PARTS 2
#define LK_SUMS_FIT 0
#include "panel_q8.h"
#endif

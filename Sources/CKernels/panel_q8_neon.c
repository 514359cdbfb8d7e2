// Products of panels with int8 activations on 64-bit ARM, against matmul_plain.c. A tile is half a panel, 16 outputs,
// and up to 2 rows of x: 8 sums of a block in int32 and 8 of the row in f32 stay in registers, named variables because
// clang keeps arrays of them in memory.
#if defined(__aarch64__)
#include "panels.h"
#include <arm_neon.h>

#define LK_DOTPROD __attribute__((target("dotprod")))
#define LK_NEON_INLINE LK_DOTPROD static inline __attribute__((always_inline))

void lk_panel_matmul_q8_neon(const lk_panel_matrix *w, size_t begin, size_t end, const lk_q8_block *x, size_t rows, float *y,
                             size_t ldy, int add);

/// Four outputs of quad j, number 4 * part and on of one side, signed: up to 63, or Q8_0's own values.
LK_NEON_INLINE int8x16_t quad_at(const lk_type type, const uint8_t *values, const int j, const int side, const int part) {
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

LK_NEON_INLINE float32x4_t halves_at(const uint8_t *p) { return vcvt_f32_f16(vreinterpret_f16_u8(vld1_u8(p))); }

LK_NEON_INLINE float32x4_t bytes_at(const uint8_t *p, const int has_sign) {
    const uint8x8_t bytes = vreinterpret_u8_u32(vdup_n_u32(lk_read_u32(p)));
    if (has_sign) return vcvtq_f32_s32(vmovl_s16(vget_low_s16(vmovl_s8(vreinterpret_s8_u8(bytes)))));
    return vcvtq_f32_u32(vmovl_u16(vget_low_u16(vmovl_u8(bytes))));
}

/// The scales of four outputs, starting at number `c` of the panel.
LK_NEON_INLINE float32x4_t scales_at(const lk_type type, const uint8_t *head, const uint8_t *block, const int half, int c) {
    if (!lk_panel_is_super(type)) return halves_at(block + 2 * c);
    const int k6 = type == LK_Q6_K;
    return vmulq_f32(halves_at(head + 2 * c), bytes_at(block + (k6 ? 32 * half : 0) + c, k6));
}

LK_NEON_INLINE float32x4_t minima_at(const lk_type type, const uint8_t *head, const uint8_t *block, int c) {
    if (!lk_panel_is_super(type)) return halves_at(block + 64 + 2 * c);
    return vnegq_f32(vmulq_f32(halves_at(head + 64 + 2 * c), bytes_at(block + 32 + c, 0)));
}

LK_NEON_INLINE int32x4_t start_at(const lk_type type, const lk_q8_block *x, const int half) {
    if (lk_panel_offset(type) == 0 || type == LK_Q8_0) return vdupq_n_s32(0);
    return vdupq_n_s32(-lk_panel_offset(type) * (type == LK_Q6_K ? x->sum[half] : x->sum[0] + x->sum[1]));
}

#define EACH_ROW(DO) DO(0) DO(1)
#define EACH_PART(DO, r) DO(r, 0) DO(r, 1) DO(r, 2) DO(r, 3)
#define DECLARE_SUM(r, p) float32x4_t sum##r##p = vdupq_n_f32(0);
#define DECLARE(r) \
    EACH_PART(DECLARE_SUM, r) \
    const lk_q8_block *x##r = x + (rows > r ? r : 0) * blocks;
#define START_PART(r, p) int32x4_t dots##r##p = start_at(type, x##r + i, half);
#define START(r) EACH_PART(START_PART, r)
#define ADD_PART(r, p) dots##r##p = vdotq_s32(dots##r##p, q##p, four);
#define ADD_QUAD(r) \
    if (rows > r) { \
        const int8x16_t four = vreinterpretq_s8_u32(vdupq_n_u32(lk_read_u32(x##r[i].q + 4 * j))); \
        EACH_PART(ADD_PART, r) \
    }
#define SCALE_PART(r, p) \
    sum##r##p = vfmaq_f32(sum##r##p, vcvtq_f32_s32(dots##r##p), vmulq_n_f32(d##p, x##r[i].scale));
#define ADD_BLOCK(r) \
    if (rows > r) { EACH_PART(SCALE_PART, r) }
#define MINIMUM_PART(r, p) sum##r##p = vfmaq_n_f32(sum##r##p, m##p, x##r[i].sum_scaled);
#define ADD_MINIMUM(r) \
    if (rows > r) { EACH_PART(MINIMUM_PART, r) }
#define STORE_PART(r, p) vst1q_f32(sums + 4 * p, sum##r##p);
#define STORE(r) \
    if (rows > r) { \
        float sums[16]; \
        EACH_PART(STORE_PART, r) \
        for (size_t c = 0; c < 16 && 16 * (size_t)side + c < outputs; c++) { \
            float *to = y + r * ldy + 16 * side + c; \
            *to = add ? *to + sums[c] : sums[c]; \
        } \
    }

/// `rows` (1 or 2, a constant) rows of x times one side of a panel.
LK_NEON_INLINE void tile(const lk_type type, const int rows, const int side, const uint8_t *panel, size_t blocks,
                         const lk_q8_block *x, float *y, size_t ldy, size_t outputs, int add) {
    const int parts = type == LK_Q6_K ? 2 : 1, quads = 8 / parts;
    EACH_ROW(DECLARE)
    for (size_t i = 0; i < blocks; i++) {
        const uint8_t *head = panel + lk_panel_head_at(type, i), *block = panel + lk_panel_block_at(type, i);
        const uint8_t *values = block + lk_panel_scale_bytes(type);
#pragma clang loop unroll(full)
        for (int half = 0; half < parts; half++) {
            EACH_ROW(START)
#pragma clang loop unroll(full)
            for (int j = quads * half; j < quads * (half + 1); j++) {
                const int8x16_t q0 = quad_at(type, values, j, side, 0), q1 = quad_at(type, values, j, side, 1);
                const int8x16_t q2 = quad_at(type, values, j, side, 2), q3 = quad_at(type, values, j, side, 3);
                EACH_ROW(ADD_QUAD)
            }
            const float32x4_t d0 = scales_at(type, head, block, half, 16 * side);
            const float32x4_t d1 = scales_at(type, head, block, half, 16 * side + 4);
            const float32x4_t d2 = scales_at(type, head, block, half, 16 * side + 8);
            const float32x4_t d3 = scales_at(type, head, block, half, 16 * side + 12);
            EACH_ROW(ADD_BLOCK)
        }
        if (lk_panel_has_minimum(type)) {
            const float32x4_t m0 = minima_at(type, head, block, 16 * side), m1 = minima_at(type, head, block, 16 * side + 4);
            const float32x4_t m2 = minima_at(type, head, block, 16 * side + 8);
            const float32x4_t m3 = minima_at(type, head, block, 16 * side + 12);
            EACH_ROW(ADD_MINIMUM)
        }
    }
    EACH_ROW(STORE)
}

LK_NEON_INLINE void matmul(const lk_type type, const lk_panel_matrix *w, size_t begin, size_t end, const lk_q8_block *x,
                           size_t rows, float *y, size_t ldy, int add) {
    const size_t stride = lk_panel_stride(type, w->inputs), blocks = w->inputs / panel_block;
    for (size_t p = begin; p < end; p++, y += panel_outputs) {
        const uint8_t *panel = w->panels + p * stride;
        const size_t outputs = w->outputs - p * panel_outputs;
        size_t r = 0;
        for (; r + 2 <= rows; r += 2) {
            tile(type, 2, 0, panel, blocks, x + r * blocks, y + r * ldy, ldy, outputs, add);
            tile(type, 2, 1, panel, blocks, x + r * blocks, y + r * ldy, ldy, outputs, add);
        }
        if (r == rows) continue;
        tile(type, 1, 0, panel, blocks, x + r * blocks, y + r * ldy, ldy, outputs, add);
        tile(type, 1, 1, panel, blocks, x + r * blocks, y + r * ldy, ldy, outputs, add);
    }
}

#define LK_MATMUL(name, type) \
    LK_DOTPROD static void name(const lk_panel_matrix *w, size_t begin, size_t end, const lk_q8_block *x, size_t rows, \
                                float *y, size_t ldy, int add) { \
        matmul(type, w, begin, end, x, rows, y, ldy, add); \
    }
LK_MATMUL(matmul_q4_0, LK_Q4_0)
LK_MATMUL(matmul_q4_1, LK_Q4_1)
LK_MATMUL(matmul_q5_0, LK_Q5_0)
LK_MATMUL(matmul_q5_1, LK_Q5_1)
LK_MATMUL(matmul_q8_0, LK_Q8_0)
LK_MATMUL(matmul_q4_k, LK_Q4_K)
LK_MATMUL(matmul_q5_k, LK_Q5_K)
LK_MATMUL(matmul_q6_k, LK_Q6_K)

LK_DOTPROD void lk_panel_matmul_q8_neon(const lk_panel_matrix *w, size_t begin, size_t end, const lk_q8_block *x,
                                        size_t rows, float *y, size_t ldy, int add) {
    switch (w->type) {
    case LK_Q4_0: matmul_q4_0(w, begin, end, x, rows, y, ldy, add); return;
    case LK_Q4_1: matmul_q4_1(w, begin, end, x, rows, y, ldy, add); return;
    case LK_Q5_0: matmul_q5_0(w, begin, end, x, rows, y, ldy, add); return;
    case LK_Q5_1: matmul_q5_1(w, begin, end, x, rows, y, ldy, add); return;
    case LK_Q8_0: matmul_q8_0(w, begin, end, x, rows, y, ldy, add); return;
    case LK_Q4_K: matmul_q4_k(w, begin, end, x, rows, y, ldy, add); return;
    case LK_Q5_K: matmul_q5_k(w, begin, end, x, rows, y, ldy, add); return;
    case LK_Q6_K: matmul_q6_k(w, begin, end, x, rows, y, ldy, add); return;
    default: lk_panel_matmul_q8_plain(w, begin, end, x, rows, y, ldy, add); return;
    }
}
#endif

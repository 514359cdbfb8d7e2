// What products of bytes reach at most, in the vectors of panel_q8.h, which includes this.

#define LIMIT_DECLARE(r) ints dots##r = start_at(LK_Q4_1, r);
#define LIMIT_ADD(r) \
    LK_OPAQUE(q); \
    dots##r = add_plain_quad(dots##r, q, four);
#define LIMIT_SUM(r) put_floats(sums + r * part_outputs, sums_of(LK_Q8_0, dots##r, 0));

/// Products of 6 rows and a part's quads with all sums in registers.
LK_TARGET int32_t LK_MULTIPLY_BYTES(size_t rounds) {
    static const uint8_t some[128] __attribute__((aligned(64))) = {1, 2, 3};
    static const int8_t four[4] = {1, -2, 3, -4};
    quad q = quad_from(some);
    float sums[6 * panel_outputs];
    EACH(LIMIT_DECLARE)
    for (; rounds > 0; rounds--) {
        EACH(LIMIT_ADD)
    }
    EACH(LIMIT_SUM)
    float all = 0;
    for (int i = 0; i < 6 * part_outputs; i++) all += sums[i];
    return (int32_t)all;
}

// Attention over a cache of int8. See vector.h; vector_attention.h must be there before. Queries, and the weights of a
// tile times the scales of its values, become int16 with one scale each, a 32,767th of the largest: so products are of
// whole numbers, and sums of a tile exact in int32. Keys and values are widened in registers. An instruction set that
// multiplies pairs defines LK_DOT_PAIRS and the function.

#ifndef LK_DOT_PAIRS
/// sum[c] + a[2c] * b[2c] + a[2c+1] * b[2c+1]
LK_INLINE v16i dot_pairs(v16i sum, v32h a, v16i b) {
    return sum + ((v16i)a << 16 >> 16) * (b << 16 >> 16) + ((v16i)a >> 16) * (b >> 16);
}
#endif

enum {
    int8_queries = tile_queries > 1 ? 6 : 4,  // whose sums are in registers together
    int8_group = 16,  // positions that lie together with their scales
};

LK_INLINE v32h widen32(const uint8_t *p) { return __builtin_convertvector(*(const v32b_anywhere *)p, v32h); }

LK_INLINE v16i pair_at(const int16_t *p) {
    const int32_t pair = (int32_t)lk_read_u32(p);
    return (v16i){pair, pair, pair, pair, pair, pair, pair, pair, pair, pair, pair, pair, pair, pair, pair, pair};
}

LK_INLINE v16i magnitudes(v16 v) { return (v16i)v & 0x7fffffff; }

/// As floats, but what is not a number is larger than all numbers.
LK_INLINE float largest_magnitude(v16i bits) {
    v8i a = __builtin_elementwise_max(__builtin_shufflevector(bits, bits, 0, 1, 2, 3, 4, 5, 6, 7),
                                      __builtin_shufflevector(bits, bits, 8, 9, 10, 11, 12, 13, 14, 15));
    v4i b = __builtin_elementwise_max(__builtin_shufflevector(a, a, 0, 1, 2, 3), __builtin_shufflevector(a, a, 4, 5, 6, 7));
    b = __builtin_elementwise_max(b, __builtin_shufflevector(b, b, 2, 3, 0, 1));
    return lk_float_from_bits((uint32_t)(b[0] > b[1] ? b[0] : b[1]));
}

/// Sixteen numbers whose magnitudes are at most 32,767 / `inverse`.
LK_INLINE void store_rounded(int16_t *p, v16 v, v16 inverse) {
    const v16 rounder = all16(12582912.0f);  // 1.5 * 2^23: adding it leaves a whole number in the low bits
    v16i whole = (v16i)(v * inverse + rounder) - (v16i)rounder;
    *(v16h_anywhere *)p = (v16h_anywhere)__builtin_convertvector((v16u)whole, v16h);
}

/// For numbers up to `largest`: what they are multiplied with. NaN and infinities are seen in the step, not in the
/// rounded numbers.
LK_INLINE float inverse_step(float largest) { return largest > 0x1p-100f && largest < INFINITY ? 32767 / largest : 0; }

/// Queries as int16; number i of query j is rounded[j * head_dim + i] * steps[j].
LK_INLINE void round_queries(size_t queries, const float *q, size_t head_dim, int16_t *rounded, float *steps) {
    for (size_t i = 0; i < queries; i++, q += head_dim, rounded += head_dim) {
        v16i most = {0};
        for (size_t j = 0; j < head_dim; j += 16) most = __builtin_elementwise_max(most, magnitudes(load16(q + j)));
        const float largest = largest_magnitude(most);
        const v16 inverse = all16(inverse_step(largest));
        for (size_t j = 0; j < head_dim; j += 16) store_rounded(rounded + j, load16(q + j), inverse);
        steps[i] = largest / 32767;
    }
}

#define LK_INT8_START(i) v16i s##i##0 = {0}, s##i##1 = s##i##0, s##i##2 = s##i##0, s##i##3 = s##i##0;
#define LK_INT8_SCORE(i) \
    if (queries > i) { \
        const v16i pair = pair_at(q + i * head_dim + j); \
        s##i##0 = dot_pairs(s##i##0, k0, pair); \
        if (groups > 1) s##i##1 = dot_pairs(s##i##1, k1, pair); \
        if (groups > 2) s##i##2 = dot_pairs(s##i##2, k2, pair); \
        if (groups > 2) s##i##3 = dot_pairs(s##i##3, k3, pair); \
    }
#define LK_INT8_STORE_SCORES(i) \
    if (queries > i) { \
        const v16 step = all16(steps[i] * scale); \
        float *to = scores + tile_positions * i; \
        store16(to, floats16(s##i##0) * load16(scales0) * step); \
        if (groups > 1) store16(to + 16, floats16(s##i##1) * load16(scales1) * step); \
        if (groups > 2) store16(to + 32, floats16(s##i##2) * load16(scales2) * step); \
        if (groups > 2) store16(to + 48, floats16(s##i##3) * load16(scales3) * step); \
    }

/// Scores of `queries` (1 to 6, a constant) with `groups` (1, 2 or 4, a constant) groups of 16 positions, of which
/// `count` are there. `next` is asked for unless NULL.
LK_INLINE void score_int8(const int queries, const int groups, const int16_t *q, const float *steps, size_t head_dim,
                          float scale, const uint8_t *k, size_t count, const uint8_t *next, float *scores) {
    const size_t codes = int8_group * head_dim, bytes = codes + int8_group * sizeof(float);
    // The first group again, for scores that are not used.
    const uint8_t *k_1 = k + (count > 16 ? bytes : 0), *k_2 = k + (count > 32 ? 2 * bytes : 0);
    const uint8_t *k_3 = k + (count > 48 ? 3 * bytes : 0);
    const float *scales0 = (const float *)(k + codes), *scales1 = (const float *)(k_1 + codes);
    const float *scales2 = (const float *)(k_2 + codes), *scales3 = (const float *)(k_3 + codes);
    LK_EACH_QUERY(LK_INT8_START)
    for (size_t j = 0; j < head_dim; j += 2) {
        if (next)
            for (int line = 0; line < (groups + 1) / 2; line++)
                __builtin_prefetch(next + 16 * (size_t)groups * j + 64 * (size_t)line, 0, 2);
        const v32h k0 = widen32(k + 16 * j), k1 = groups > 1 ? widen32(k_1 + 16 * j) : k0;
        const v32h k2 = groups > 2 ? widen32(k_2 + 16 * j) : k0, k3 = groups > 2 ? widen32(k_3 + 16 * j) : k0;
        LK_EACH_QUERY(LK_INT8_SCORE)
    }
    if (next)
        for (int line = 0; line < groups; line++)
            __builtin_prefetch(next + (size_t)groups * codes + 64 * (size_t)line, 0, 2);
    LK_EACH_QUERY(LK_INT8_STORE_SCORES)
}

/// Weights [queries, 64] of a tile times the scales of its values, as int16; weight p of query i stands for
/// rounded[64*i + p] * steps[i].
LK_INLINE void round_weights(const int queries, const float *weights, size_t head_dim, const uint8_t *v, size_t count,
                             int16_t *rounded, float *steps) {
    const size_t codes = int8_group * head_dim, bytes = codes + int8_group * sizeof(float);
    v16 scales[4];
#pragma clang loop unroll(full)
    for (size_t g = 0; g < 4; g++)
        scales[g] = load16((const float *)(v + (count > int8_group * g ? g * bytes : 0) + codes));
#pragma clang loop unroll(full)
    for (int i = 0; i < queries; i++, weights += tile_positions, rounded += tile_positions) {
        v16 scaled[4];
        v16i most = {0};
#pragma clang loop unroll(full)
        for (int g = 0; g < 4; g++) {
            const v16 weight = load16(weights + 16 * g);
            // What is not seen may have any scale.
            scaled[g] = select16(weight == all16(0), all16(0), weight * scales[g]);
            most = __builtin_elementwise_max(most, magnitudes(scaled[g]));
        }
        const float largest = largest_magnitude(most);
        const v16 inverse = all16(inverse_step(largest));
#pragma clang loop unroll(full)
        for (int g = 0; g < 4; g++) store_rounded(rounded + 16 * g, scaled[g], inverse);
        steps[i] = largest / 32767;
    }
}

#define LK_INT8_ADD(i) \
    if (queries > i) { \
        const v16i pair = pair_at(weights + tile_positions * i + p); \
        s##i##0 = dot_pairs(s##i##0, v0, pair); \
        if (parts > 1) s##i##1 = dot_pairs(s##i##1, v1, pair); \
        if (parts > 2) s##i##2 = dot_pairs(s##i##2, v2, pair); \
        if (parts > 2) s##i##3 = dot_pairs(s##i##3, v3, pair); \
    }
#define LK_INT8_KEEP_PART(i, part) \
    store16(to + 16 * part, load16(to + 16 * part) * worth + floats16(s##i##part) * step);
#define LK_INT8_KEEP(i) \
    if (queries > i) { \
        const v16 worth = all16(kept[i]), step = all16(steps[i]); \
        float *to = out + i * head_dim; \
        LK_INT8_KEEP_PART(i, 0) \
        if (parts > 1) { LK_INT8_KEEP_PART(i, 1) } \
        if (parts > 2) { LK_INT8_KEEP_PART(i, 2) LK_INT8_KEEP_PART(i, 3) } \
    }

/// out = out * kept + sum of weights[p] * v[p], for 16 * parts (1, 2 or 4) dimensions of each query.
LK_INLINE void sum_int8(const int queries, const int parts, const int16_t *weights, const float *steps,
                        const float *kept, const uint8_t *v, size_t count, size_t head_dim, const uint8_t *next,
                        float *out) {
    LK_EACH_QUERY(LK_INT8_START)
    for (size_t p = 0; p < count; v += int8_group * sizeof(float))
        for (const size_t end = p + int8_group < count ? p + int8_group : count; p < end; p += 2, v += 2 * head_dim) {
            if (next)
                for (int line = 0; line < (parts + 1) / 2; line++)
                    __builtin_prefetch(next + p * head_dim + 64 * (size_t)line, 0, 2);
            const v32h v0 = widen32(v), v1 = parts > 1 ? widen32(v + 32) : v0;
            const v32h v2 = parts > 2 ? widen32(v + 64) : v0, v3 = parts > 2 ? widen32(v + 96) : v0;
            LK_EACH_QUERY(LK_INT8_ADD)
        }
    LK_EACH_QUERY(LK_INT8_KEEP)
}

/// `queries` (1 to 6, a constant) and one tile. `asks`: the values, and what comes next, are asked for ahead.
LK_INLINE void attend_int8_tile(const int queries, const int16_t *q, const float *query_steps, size_t head_dim,
                                float scale, const sight sees, size_t begin, const uint8_t *k, const uint8_t *v,
                                size_t count, const int asks, const uint8_t *next, float *state, float *out) {
    const int groups = tile_queries > 1 ? 4 : queries > 2 ? 1 : 2;
    const size_t bytes = int8_group * (head_dim + sizeof(float));
    float scores[int8_queries * tile_positions] __attribute__((aligned(64))), kept[16], steps[int8_queries];
    int16_t weights[int8_queries * tile_positions] __attribute__((aligned(64)));
    for (size_t g = 0; g < tile_positions; g += 16 * (size_t)groups) {
        const size_t at = g < count ? g / 16 * bytes : 0;  // the first again, for scores that are not used
        score_int8(queries, groups, q, query_steps, head_dim, scale, k + at, count - (g < count ? g : 0),
                   asks ? v + g / 16 * bytes : NULL, scores + g);
    }
    weigh(queries, scores, sees, begin, state, kept);
    round_weights(queries, scores, head_dim, v, count, weights, steps);
    const uint8_t *ahead = asks ? next : NULL;
    size_t j = 0;
    for (; j + 16 * (size_t)groups <= head_dim; j += 16 * (size_t)groups)
        sum_int8(queries, groups, weights, steps, kept, v + 2 * j, count, head_dim, ahead ? ahead + 2 * j : NULL, out + j);
    for (; j < head_dim; j += 16)
        sum_int8(queries, 1, weights, steps, kept, v + 2 * j, count, head_dim, ahead ? ahead + 2 * j : NULL, out + j);
    if (ahead)
        for (size_t line = 0; line < tile_positions * sizeof(float) / 64; line++)
            __builtin_prefetch(ahead + tile_positions * head_dim + 64 * line, 0, 2);
}

#define LK_ATTEND_INT8(n) \
    case n: \
        attend_int8_tile(n, q + i * head_dim, steps + i, head_dim, scale, sight_from(sees, i), begin, k, v, count, i == 0, \
                         next, state + 2 * i, out + i * head_dim); \
        break;

/// Up to 48 queries and one tile of `count` positions, the first of them number `begin`.
LK_INLINE void attend_int8(size_t queries, const int16_t *q, const float *steps, size_t head_dim, float scale,
                           const sight sees, size_t begin, const uint8_t *k, const uint8_t *v, size_t count,
                           const uint8_t *next, float *state, float *out) {
    for (size_t i = 0; i < queries; i += int8_queries) {
        switch (queries - i < int8_queries ? queries - i : int8_queries) {
        LK_ATTEND_INT8(1)
        LK_ATTEND_INT8(2)
        LK_ATTEND_INT8(3)
        LK_ATTEND_INT8(4)
#if LK_TILE_QUERIES > 1
        LK_ATTEND_INT8(5)
        LK_ATTEND_INT8(6)
#endif
        }
    }
}

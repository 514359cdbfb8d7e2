// Attention in tiles of 64 positions, 16 lanes at a time. See vector.h. LK_TILE_QUERIES (1 to 6) queries at a time keep
// their scores, and then their sums, in registers: named variables, because clang keeps arrays of them in memory. A tile of f16 is widened
// once where more queries than those see it.

enum { tile_positions = 64, tile_head_dim = 256, tile_queries = LK_TILE_QUERIES, tile_queries_max = 48 };

/// Where the next tile lies. It is asked for ahead, since a head's run in a page is too short for the CPU to guess far
/// enough, and into the second-level cache: with this tile's keys and values the first level is full.
typedef struct { const uint8_t *k, *v; } LK_FORM(ahead);

LK_INLINE v16 cache16(const int is_f16, const void *from, size_t i) {
    return is_f16 ? load16_f16((const uint16_t *)from + i) : load16((const float *)from + i);
}

LK_INLINE void ask_for(const void *p) { __builtin_prefetch(p, 0, 2); }

LK_INLINE const void *moved(const int is_f16, const void *p, size_t values) {
    return (const uint8_t *)p + values * (is_f16 ? 2 : 4);
}

#define LK_EACH_QUERY(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5)
#define LK_SCORES(i) v16 s##i##0 = all16(0), s##i##1 = s##i##0, s##i##2 = s##i##0, s##i##3 = s##i##0;
#define LK_SCORE(i) \
    if (queries > i) { \
        v16 value = all16(q[i * head_dim + j]); \
        s##i##0 = value * k0 + s##i##0; \
        s##i##1 = value * k1 + s##i##1; \
        s##i##2 = value * k2 + s##i##2; \
        s##i##3 = value * k3 + s##i##3; \
    }
#define LK_STORE_SCORES(i) \
    if (queries > i) { \
        store16(scores + tile_positions * i, s##i##0 * all16(scale)); \
        store16(scores + tile_positions * i + 16, s##i##1 * all16(scale)); \
        store16(scores + tile_positions * i + 32, s##i##2 * all16(scale)); \
        store16(scores + tile_positions * i + 48, s##i##3 * all16(scale)); \
    }

/// scores [queries, 64] of a tile: k holds up to four groups of 16 positions, as many as `count` positions need.
LK_INLINE void score_tile(const int is_f16, const int queries, const float *q, size_t head_dim, float scale,
                          const void *k, size_t count, const uint8_t *next, float *scores) {
    // The first group again, for scores that nobody looks at.
    const void *k_1 = moved(is_f16, k, count > 16 ? 16 * head_dim : 0);
    const void *k_2 = moved(is_f16, k, count > 32 ? 32 * head_dim : 0);
    const void *k_3 = moved(is_f16, k, count > 48 ? 48 * head_dim : 0);
    LK_EACH_QUERY(LK_SCORES)
    for (size_t j = 0; j < head_dim; j++) {
        if (next) {
            ask_for(next + 128 * j);
            ask_for(next + 128 * j + 64);
        }
        v16 k0 = cache16(is_f16, k, 16 * j), k1 = cache16(is_f16, k_1, 16 * j);
        v16 k2 = cache16(is_f16, k_2, 16 * j), k3 = cache16(is_f16, k_3, 16 * j);
        LK_EACH_QUERY(LK_SCORE)
    }
    LK_EACH_QUERY(LK_STORE_SCORES)
}

LK_INLINE float largest_lane(v16 v) {
    v8 a = __builtin_elementwise_max(__builtin_shufflevector(v, v, 0, 1, 2, 3, 4, 5, 6, 7),
                                     __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15));
    v4 b = __builtin_elementwise_max(__builtin_shufflevector(a, a, 0, 1, 2, 3), __builtin_shufflevector(a, a, 4, 5, 6, 7));
    b = __builtin_elementwise_max(b, __builtin_shufflevector(b, b, 2, 3, 0, 1));
    return b[0] > b[1] ? b[0] : b[1];
}

/// Scores [queries, 64] become weights; positions from `visible` on get none. `kept` [16] is what the sums so far are worth.
LK_INLINE void weigh(const int queries, float *scores, const uint32_t *visible, size_t begin, float *state, float *kept) {
    const v16i lanes = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    float before[16] __attribute__((aligned(64))) = {0}, bases[16] __attribute__((aligned(64))) = {0};
#pragma clang loop unroll(full)
    for (int i = 0; i < queries; i++) {
        float *of = scores + tile_positions * i;
        const int32_t seen = visible[i] > begin ? (int32_t)(visible[i] - begin) : 0;
        v16 a = load16(of), b = load16(of + 16), c = load16(of + 32), d = load16(of + 48);
        if (seen < tile_positions) {
            const v16 nothing = all16(-INFINITY);
            a = select16(lanes < seen, a, nothing);
            b = select16(lanes + 16 < seen, b, nothing);
            c = select16(lanes + 32 < seen, c, nothing);
            d = select16(lanes + 48 < seen, d, nothing);
            store16(of, a);
            store16(of + 16, b);
            store16(of + 32, c);
            store16(of + 48, d);
        }
        float largest = largest_lane(
            __builtin_elementwise_max(__builtin_elementwise_max(a, b), __builtin_elementwise_max(c, d)));
        before[i] = state[2 * i];
        state[2 * i] = before[i] > largest ? before[i] : largest;
        // Against -INFINITY everywhere: exp(-inf - -inf) would be NaN where nothing was to be seen.
        bases[i] = state[2 * i] == -INFINITY ? 0 : state[2 * i];
    }
    store16(kept, exp16(load16(before) - load16(bases)));
#pragma clang loop unroll(full)
    for (int i = 0; i < queries; i++) {
        float *of = scores + tile_positions * i;
        const v16 base = all16(bases[i]);
        v16 a = exp16(load16(of) - base), b = exp16(load16(of + 16) - base);
        v16 c = exp16(load16(of + 32) - base), d = exp16(load16(of + 48) - base);
        store16(of, a);
        store16(of + 16, b);
        store16(of + 32, c);
        store16(of + 48, d);
        state[2 * i + 1] = state[2 * i + 1] * kept[i] + sum16((a + b) + (c + d));
    }
}

#define LK_LOAD_SUM(i, part) \
    if (queries > i && parts > part) s##i##part = load16(out + i * head_dim + 16 * part) * all16(kept[i]);
#define LK_LOAD_SUMS(i) LK_LOAD_SUM(i, 0) LK_LOAD_SUM(i, 1) LK_LOAD_SUM(i, 2) LK_LOAD_SUM(i, 3)
#define LK_ADD_VALUE(i) \
    if (queries > i) { \
        v16 weight = all16(weights[tile_positions * i + p]); \
        s##i##0 = weight * v0 + s##i##0; \
        if (parts > 1) s##i##1 = weight * v1 + s##i##1; \
        if (parts > 2) s##i##2 = weight * v2 + s##i##2; \
        if (parts > 3) s##i##3 = weight * v3 + s##i##3; \
    }
#define LK_STORE_SUM(i, part) \
    if (queries > i && parts > part) store16(out + i * head_dim + 16 * part, s##i##part);
#define LK_STORE_SUMS(i) LK_STORE_SUM(i, 0) LK_STORE_SUM(i, 1) LK_STORE_SUM(i, 2) LK_STORE_SUM(i, 3)

/// out = out * kept + sum of weights[p] * v[p], for 16 * parts (1 to 4) values of each query.
LK_INLINE void sum_values(const int is_f16, const int queries, const int parts, const float *weights, const float *kept,
                          const void *v, size_t count, size_t head_dim, const uint8_t *next, float *out) {
    LK_EACH_QUERY(LK_SCORES)
    LK_EACH_QUERY(LK_LOAD_SUMS)
    for (size_t p = 0; p < count; p++) {
        size_t at = p * head_dim;
        if (next) {
            ask_for(next + 2 * at);
            if (parts > 2) ask_for(next + 2 * at + 64);
        }
        v16 v0 = cache16(is_f16, v, at), v1 = parts > 1 ? cache16(is_f16, v, at + 16) : v0;
        v16 v2 = parts > 2 ? cache16(is_f16, v, at + 32) : v0, v3 = parts > 3 ? cache16(is_f16, v, at + 48) : v0;
        LK_EACH_QUERY(LK_ADD_VALUE)
    }
    LK_EACH_QUERY(LK_STORE_SUMS)
}


#define LK_QUERIES(DO, left) \
    switch ((left) < tile_queries ? (left) : tile_queries) { \
    case 1: DO(1); break; \
    case 2: DO(2); break; \
    case 3: DO(3); break; \
    case 4: DO(4); break; \
    case 5: DO(5); break; \
    default: DO(6); break; \
    }
#define LK_SCORE_AND_WEIGH(n) \
    score_tile(is_f16, n, q + i * head_dim, head_dim, scale, k, count, i == 0 ? next.k : NULL, scores + tile_positions * i); \
    weigh(n, scores + tile_positions * i, visible + i, begin, state + 2 * i, kept + i)
#define LK_SUM(n) \
    for (j = 0; j + 64 <= head_dim; j += 64) \
        sum_values(is_f16, n, 4, scores + tile_positions * i, kept + i, moved(is_f16, v, j), count, head_dim, \
                   next.v && i == 0 ? next.v + 2 * j : NULL, out + i * head_dim + j); \
    for (; j < head_dim; j += 16) \
        sum_values(is_f16, n, 1, scores + tile_positions * i, kept + i, moved(is_f16, v, j), count, head_dim, NULL, \
                   out + i * head_dim + j)

/// Scores of up to 48 queries and a tile, as weights, and what the sums so far are worth.
LK_INLINE void score_queries(const int is_f16, size_t queries, const float *q, size_t head_dim, float scale,
                             const uint32_t *visible, size_t begin, const void *k, size_t count, LK_FORM(ahead) next,
                             float *state, float *scores, float *kept) {
    for (size_t i = 0; i < queries; i += tile_queries) {
        LK_QUERIES(LK_SCORE_AND_WEIGH, queries - i)
    }
}

LK_INLINE void sum_queries(const int is_f16, size_t queries, size_t head_dim, const void *v, size_t count,
                           LK_FORM(ahead) next, const float *scores, const float *kept, float *out) {
    for (size_t i = 0, j; i < queries; i += tile_queries) {
        LK_QUERIES(LK_SUM, queries - i)
    }
}

/// Up to 48 queries and one tile of `count` positions, the first of them number `begin`.
LK_INLINE void attend_tile(const int is_f16, size_t queries, const float *q, size_t head_dim, float scale,
                           const uint32_t *visible, size_t begin, const void *k, const void *v, size_t count,
                           LK_FORM(ahead) next, float *state, float *out) {
    float scores[tile_queries_max * tile_positions] __attribute__((aligned(64)));
    float kept[tile_queries_max + 16];  // weigh stores 16 of them at a time
    if (is_f16 && queries > tile_queries) {
        float wide[tile_positions * tile_head_dim] __attribute__((aligned(64)));
        for (size_t i = 0; i < (count + 15) / 16 * 16 * head_dim; i += 16) store16(wide + i, cache16(1, k, i));
        score_queries(0, queries, q, head_dim, scale, visible, begin, wide, count, next, state, scores, kept);
        for (size_t i = 0; i < count * head_dim; i += 16) store16(wide + i, cache16(1, v, i));
        sum_queries(0, queries, head_dim, wide, count, next, scores, kept, out);
    } else {
        score_queries(is_f16, queries, q, head_dim, scale, visible, begin, k, count, next, state, scores, kept);
        sum_queries(is_f16, queries, head_dim, v, count, next, scores, kept, out);
    }
}

LK_TARGET static void LK_FORM(attend)(const int is_f16, size_t queries, const float *q, size_t head_dim, float scale,
                                      const uint32_t *visible, const void *k, const void *v, const void *next_k,
                                      const void *next_v, float *state, float *out) {
    uint32_t positions = 0;
    for (size_t i = 0; i < queries; i++) positions = visible[i] > positions ? visible[i] : positions;
    for (size_t begin = 0; begin < positions; begin += tile_positions) {
        const size_t left = positions - begin;
        const void *tile_k = moved(is_f16, k, begin * head_dim), *tile_v = moved(is_f16, v, begin * head_dim);
        const int is_last = left <= tile_positions;
        LK_FORM(ahead) next = {is_last ? next_k : moved(is_f16, tile_k, tile_positions * head_dim),
                               is_last ? next_v : moved(is_f16, tile_v, tile_positions * head_dim)};
        if (!is_f16) next = (LK_FORM(ahead)){NULL, NULL};
        attend_tile(is_f16, queries, q, head_dim, scale, visible, begin, tile_k, tile_v, is_last ? left : tile_positions,
                    next, state, out);
    }
}

LK_TARGET static void LK_FORM(attention)(lk_type cache, const float *q, size_t queries, size_t head_dim, float scale,
                                         const uint32_t *visible, const void *k, const void *v, const void *next_k,
                                         const void *next_v, float *state, float *out) {
    if (head_dim % 16 != 0 || head_dim > tile_head_dim) {
        lk_attention_plain(cache, q, queries, head_dim, scale, visible, k, v, next_k, next_v, state, out);
        return;
    }
    for (size_t i = 0; i < queries; i += tile_queries_max) {
        size_t count = queries - i < tile_queries_max ? queries - i : tile_queries_max;
        if (cache == LK_F16)
            LK_FORM(attend)(1, count, q + i * head_dim, head_dim, scale, visible + i, k, v, next_k, next_v, state + 2 * i,
                            out + i * head_dim);
        else
            LK_FORM(attend)(0, count, q + i * head_dim, head_dim, scale, visible + i, k, v, next_k, next_v, state + 2 * i,
                            out + i * head_dim);
    }
}

// Attention in tiles of 32 positions, 16 lanes at a time. See vector.h. Up to 6 queries at a time keep their scores, and
// then their sums, in registers: named variables, because clang keeps arrays of them in memory. A tile of f16 is widened
// once where more queries than those see it.

enum { tile_positions = 32, tile_head_dim = 256, tile_queries = 6 };

LK_INLINE v16 cache16(const int is_f16, const void *from, size_t i) {
    return is_f16 ? load16_f16((const uint16_t *)from + i) : load16((const float *)from + i);
}

#define LK_EACH_QUERY(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5)
#define LK_SCORES(i) v16 low##i = all16(0), high##i = all16(0);
#define LK_SCORE(i) \
    if (queries > i) { \
        v16 value = all16(q[i * head_dim + j]); \
        low##i = value * k_low + low##i; \
        high##i = value * k_high + high##i; \
    }
#define LK_STORE_SCORES(i) \
    if (queries > i) { \
        store16(scores + tile_positions * i, low##i * all16(scale)); \
        store16(scores + tile_positions * i + 16, high##i * all16(scale)); \
    }

/// scores [queries, 32] of a tile: k holds two groups of 16 positions, the second only when there is one.
LK_INLINE void score_tile(const int is_f16, const int queries, const float *q, size_t head_dim, float scale,
                          const void *k, size_t count, float *scores) {
    const size_t second = count > 16 ? 16 * head_dim : 0;  // the first again, for scores that nobody looks at
    LK_EACH_QUERY(LK_SCORES)
    for (size_t j = 0; j < head_dim; j++) {
        // The next tile's keys: a head's run in a page is too short for the CPU to guess far enough. A quarter of the time.
        if (is_f16) __builtin_prefetch((const uint16_t *)k + 32 * head_dim + 32 * j);
        v16 k_low = cache16(is_f16, k, 16 * j), k_high = cache16(is_f16, k, second + 16 * j);
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

/// Scores of one query become weights; positions from `visible` on get none. Returns what the sums so far are worth.
LK_INLINE float weigh(float *scores, size_t visible, float *state) {
    const v16i lanes = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    const int32_t seen = (int32_t)(visible < tile_positions ? visible : tile_positions);
    v16 low = select16(lanes < seen, load16(scores), all16(-INFINITY));
    v16 high = select16(lanes + 16 < seen, load16(scores + 16), all16(-INFINITY));
    float before = state[0], largest = largest_lane(__builtin_elementwise_max(low, high));
    largest = before > largest ? before : largest;
    // Against -INFINITY everywhere: exp(-inf - -inf) would be NaN where nothing was to be seen.
    float base = largest == -INFINITY ? 0 : largest;
    low = exp16(low - all16(base));
    high = exp16(high - all16(base));
    float kept = exp16(all16(before - base))[0];
    store16(scores, low);
    store16(scores + 16, high);
    state[0] = largest;
    state[1] = state[1] * kept + sum16(low + high);
    return kept;
}

#define LK_SUMS(i) v16 s##i##0 = all16(0), s##i##1 = s##i##0, s##i##2 = s##i##0, s##i##3 = s##i##0;
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
                          const void *v, size_t count, size_t head_dim, float *out) {
    LK_EACH_QUERY(LK_SUMS)
    LK_EACH_QUERY(LK_LOAD_SUMS)
    for (size_t p = 0; p < count; p++) {
        size_t at = p * head_dim;
        if (is_f16) {
            __builtin_prefetch((const uint16_t *)v + 32 * head_dim + at);
            if (parts > 2) __builtin_prefetch((const uint16_t *)v + 32 * head_dim + at + 32);
        }
        v16 v0 = cache16(is_f16, v, at), v1 = parts > 1 ? cache16(is_f16, v, at + 16) : v0;
        v16 v2 = parts > 2 ? cache16(is_f16, v, at + 32) : v0, v3 = parts > 3 ? cache16(is_f16, v, at + 48) : v0;
        LK_EACH_QUERY(LK_ADD_VALUE)
    }
    LK_EACH_QUERY(LK_STORE_SUMS)
}

LK_INLINE const void *moved(const int is_f16, const void *p, size_t values) {
    return (const uint8_t *)p + values * (is_f16 ? 2 : 4);
}

/// `queries` (1 to 6, a constant) queries and one tile.
LK_INLINE void attend_tile(const int is_f16, const int queries, const float *q, size_t head_dim, float scale,
                           const uint32_t *visible, size_t begin, const void *k, const void *v, size_t count, float *state,
                           float *out) {
    float scores[tile_queries * tile_positions] __attribute__((aligned(64))), kept[tile_queries];
    score_tile(is_f16, queries, q, head_dim, scale, k, count, scores);
    for (int i = 0; i < queries; i++)
        kept[i] = weigh(scores + tile_positions * i, visible[i] > begin ? visible[i] - begin : 0, state + 2 * i);
    size_t j = 0;
    for (; j + 64 <= head_dim; j += 64)
        sum_values(is_f16, queries, 4, scores, kept, moved(is_f16, v, j), count, head_dim, out + j);
    for (; j < head_dim; j += 16)
        sum_values(is_f16, queries, 1, scores, kept, moved(is_f16, v, j), count, head_dim, out + j);
}

LK_INLINE void attend_queries(const int is_f16, size_t queries, const float *q, size_t head_dim, float scale,
                              const uint32_t *visible, size_t begin, const void *k, const void *v, size_t count,
                              float *state, float *out) {
    for (; queries >= tile_queries; queries -= tile_queries) {
        attend_tile(is_f16, 6, q, head_dim, scale, visible, begin, k, v, count, state, out);
        q += tile_queries * head_dim;
        out += tile_queries * head_dim;
        state += 2 * tile_queries;
        visible += tile_queries;
    }
    switch (queries) {
    case 1: attend_tile(is_f16, 1, q, head_dim, scale, visible, begin, k, v, count, state, out); break;
    case 2: attend_tile(is_f16, 2, q, head_dim, scale, visible, begin, k, v, count, state, out); break;
    case 3: attend_tile(is_f16, 3, q, head_dim, scale, visible, begin, k, v, count, state, out); break;
    case 4: attend_tile(is_f16, 4, q, head_dim, scale, visible, begin, k, v, count, state, out); break;
    case 5: attend_tile(is_f16, 5, q, head_dim, scale, visible, begin, k, v, count, state, out); break;
    default: break;
    }
}

LK_TARGET static void LK_FORM(attend_f32)(size_t queries, const float *q, size_t head_dim, float scale,
                                          const uint32_t *visible, size_t begin, const void *k, const void *v,
                                          size_t count, float *state, float *out) {
    attend_queries(0, queries, q, head_dim, scale, visible, begin, k, v, count, state, out);
}

LK_TARGET static void LK_FORM(attend_f16)(size_t queries, const float *q, size_t head_dim, float scale,
                                          const uint32_t *visible, size_t begin, const void *k, const void *v,
                                          size_t count, float *state, float *out) {
    attend_queries(1, queries, q, head_dim, scale, visible, begin, k, v, count, state, out);
}

LK_TARGET static void LK_FORM(attention)(lk_type cache, const float *q, size_t queries, size_t head_dim, float scale,
                                         const uint32_t *visible, const void *k, const void *v, float *state, float *out) {
    if (head_dim % 16 != 0 || head_dim > tile_head_dim) {
        lk_attention_plain(cache, q, queries, head_dim, scale, visible, k, v, state, out);
        return;
    }
    float keys[tile_positions * tile_head_dim] __attribute__((aligned(64)));
    float values[tile_positions * tile_head_dim] __attribute__((aligned(64)));
    uint32_t positions = 0;
    for (size_t i = 0; i < queries; i++) positions = visible[i] > positions ? visible[i] : positions;
    const int is_f16 = cache == LK_F16;
    for (size_t begin = 0; begin < positions; begin += tile_positions) {
        size_t count = positions - begin < tile_positions ? positions - begin : tile_positions;
        const void *tile_k = moved(is_f16, k, begin * head_dim), *tile_v = moved(is_f16, v, begin * head_dim);
        if (is_f16 && queries > tile_queries) {
            for (size_t i = 0; i < (count > 16 ? 32 : 16) * head_dim; i += 16) store16(keys + i, cache16(1, tile_k, i));
            for (size_t i = 0; i < count * head_dim; i += 16) store16(values + i, cache16(1, tile_v, i));
            LK_FORM(attend_f32)(queries, q, head_dim, scale, visible, begin, keys, values, count, state, out);
        } else if (is_f16) {
            LK_FORM(attend_f16)(queries, q, head_dim, scale, visible, begin, tile_k, tile_v, count, state, out);
        } else {
            LK_FORM(attend_f32)(queries, q, head_dim, scale, visible, begin, tile_k, tile_v, count, state, out);
        }
    }
}

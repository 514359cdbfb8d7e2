// Attention in tiles of 64 positions, 16 lanes at a time, in f32; vector_attention_tiles.h puts them together. See
// vector.h; vector_gates.h must be there before. LK_TILE_QUERIES (1 to 6) queries at a time keep their scores, and then
// their sums, in registers: named variables, because clang keeps arrays of them in memory. A tile of bf16 is widened
// first, into the places that it would have in a cache of f32.

enum { tile_positions = 64, tile_head_dim = 256, tile_queries = LK_TILE_QUERIES, tile_queries_max = 48 };

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
LK_INLINE void score_tile(const int queries, const float *q, size_t head_dim, float scale, const float *k, size_t count,
                          float *scores) {
    // The first group again, for scores that are not used.
    const float *k_1 = k + (count > 16 ? 16 * head_dim : 0), *k_2 = k + (count > 32 ? 32 * head_dim : 0);
    const float *k_3 = k + (count > 48 ? 48 * head_dim : 0);
    LK_EACH_QUERY(LK_SCORES)
    for (size_t j = 0; j < head_dim; j++) {
        v16 k0 = load16(k + 16 * j), k1 = load16(k_1 + 16 * j), k2 = load16(k_2 + 16 * j), k3 = load16(k_3 + 16 * j);
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

/// The positions of a run that queries see: for query i those from hidden[i] on, or all where `hidden` is NULL, up to
/// visible[i]. Scores are capped (lk_soft_cap) unless `cap` is 0.
typedef struct lk_sight {
    const uint32_t *hidden, *visible;
    float cap;
} sight;

LK_INLINE sight sight_from(sight of, size_t query) {
    return (sight){of.hidden ? of.hidden + query : NULL, of.visible + query, of.cap};
}

/// Scores [queries, 64] become weights; positions that are not seen get none. `kept` [16] is what the sums so far are
/// worth.
LK_INLINE void weigh(const int queries, float *scores, const sight sees, size_t begin, float *state, float *kept) {
    const v16i lanes = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    float before[16] __attribute__((aligned(64))) = {0}, bases[16] __attribute__((aligned(64))) = {0};
#pragma clang loop unroll(full)
    for (int i = 0; i < queries; i++) {
        float *of = scores + tile_positions * i;
        const int32_t end = sees.visible[i] > begin ? (int32_t)(sees.visible[i] - begin) : 0;
        const int32_t start = sees.hidden && sees.hidden[i] > begin ? (int32_t)(sees.hidden[i] - begin) : 0;
        v16 a = load16(of), b = load16(of + 16), c = load16(of + 32), d = load16(of + 48);
        if (sees.cap != 0) {
            a = soft_cap16(a, sees.cap);
            b = soft_cap16(b, sees.cap);
            c = soft_cap16(c, sees.cap);
            d = soft_cap16(d, sees.cap);
        }
        if (end < tile_positions || start > 0) {
            const v16 nothing = all16(-INFINITY);
            a = select16((lanes < end) & (lanes >= start), a, nothing);
            b = select16((lanes + 16 < end) & (lanes + 16 >= start), b, nothing);
            c = select16((lanes + 32 < end) & (lanes + 32 >= start), c, nothing);
            d = select16((lanes + 48 < end) & (lanes + 48 >= start), d, nothing);
        }
        if (end < tile_positions || start > 0 || sees.cap != 0) {
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
LK_INLINE void sum_values(const int queries, const int parts, const float *weights, const float *kept, const float *v,
                          size_t count, size_t head_dim, float *out) {
    LK_EACH_QUERY(LK_SCORES)
    LK_EACH_QUERY(LK_LOAD_SUMS)
    for (size_t p = 0; p < count; p++, v += head_dim) {
        v16 v0 = load16(v), v1 = parts > 1 ? load16(v + 16) : v0;
        v16 v2 = parts > 2 ? load16(v + 32) : v0, v3 = parts > 3 ? load16(v + 48) : v0;
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
    score_tile(n, q + i * head_dim, head_dim, scale, k, count, scores + tile_positions * i); \
    weigh(n, scores + tile_positions * i, sight_from(sees, i), begin, state + 2 * i, kept + i)
#define LK_SUM_VALUES(n) \
    for (j = 0; j + 64 <= head_dim; j += 64) \
        sum_values(n, 4, scores + tile_positions * i, kept + i, v + j, count, head_dim, out + i * head_dim + j); \
    for (; j < head_dim; j += 16) \
        sum_values(n, 1, scores + tile_positions * i, kept + i, v + j, count, head_dim, out + i * head_dim + j)

/// Scores of up to 48 queries and a tile, as weights, and what the sums so far are worth.
LK_INLINE void score_queries(size_t queries, const float *q, size_t head_dim, float scale, const sight sees,
                             size_t begin, const float *k, size_t count, float *state, float *scores, float *kept) {
    for (size_t i = 0; i < queries; i += tile_queries) {
        LK_QUERIES(LK_SCORE_AND_WEIGH, queries - i)
    }
}

LK_INLINE void sum_queries(size_t queries, size_t head_dim, const float *v, size_t count, const float *scores,
                           const float *kept, float *out) {
    for (size_t i = 0, j; i < queries; i += tile_queries) {
        LK_QUERIES(LK_SUM_VALUES, queries - i)
    }
}

/// Widens `pairs` pairs of rows of 16 * width values of bf16, which lie value beside value, to rows one after the
/// other. `next` is asked for ahead: a head's run in a page is too short for the CPU to guess far enough.
LK_INLINE void widen_pairs(const float *from, size_t pairs, size_t width, const uint8_t *next, float *out) {
    for (size_t p = 0; p < pairs; p++, out += 16 * width)
        for (size_t i = 0; i < width; i++, from += 16, out += 16) {
            if (next) __builtin_prefetch(next, 0, 3), next += 64;
            v16u both = (v16u)load16(from);
            store16(out, (v16)(both << 16));
            store16(out + 16 * width, (v16)(both & 0xffff0000u));
        }
}

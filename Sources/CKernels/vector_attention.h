// Attention in tiles of 64 positions, 16 lanes at a time, in f32. See vector.h. LK_TILE_QUERIES (1 to 6) queries at a
// time keep their scores, and then their sums, in registers: named variables, because clang keeps arrays of them in
// memory. A tile of bf16 is widened first, into the places that it would have in a cache of f32.

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

/// Scores [queries, 64] become weights; positions from `visible` on get none. `kept` [16] is what the sums so far are
/// worth.
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
    weigh(n, scores + tile_positions * i, visible + i, begin, state + 2 * i, kept + i)
#define LK_SUM_VALUES(n) \
    for (j = 0; j + 64 <= head_dim; j += 64) \
        sum_values(n, 4, scores + tile_positions * i, kept + i, v + j, count, head_dim, out + i * head_dim + j); \
    for (; j < head_dim; j += 16) \
        sum_values(n, 1, scores + tile_positions * i, kept + i, v + j, count, head_dim, out + i * head_dim + j)

/// Scores of up to 48 queries and a tile, as weights, and what the sums so far are worth.
LK_INLINE void score_queries(size_t queries, const float *q, size_t head_dim, float scale, const uint32_t *visible,
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

// MARK: - A few queries

// They take a tile of bf16 as it lies: widened in registers, each pair of values serves up to 4 queries. The sums are
// those of the other way, to the bit. Where registers hold one query's scores (LK_TILE_QUERIES), all queries do so.
enum { direct_queries = tile_queries > 1 ? 8 : tile_queries_max, pair_queries = 4 };

#define LK_PAIR_START(i) v16 s##i##0 = all16(0), s##i##1 = s##i##0;
#define LK_PAIR_SCORE(i) \
    if (queries > i) { \
        const v16 one = all16(q[i * head_dim + j]), two = all16(q[i * head_dim + j + 1]); \
        s##i##0 = one * first0 + s##i##0; \
        s##i##0 = two * second0 + s##i##0; \
        if (groups > 1) s##i##1 = one * first1 + s##i##1; \
        if (groups > 1) s##i##1 = two * second1 + s##i##1; \
    }
#define LK_PAIR_STORE(i) \
    if (queries > i) { \
        store16(scores + tile_positions * i + begin, s##i##0 * all16(scale)); \
        if (groups > 1) store16(scores + tile_positions * i + begin + 16, s##i##1 * all16(scale)); \
    }
#define LK_PAIR_LOAD(i) \
    if (queries > i) { \
        s##i##0 = load16(out + i * head_dim + j) * all16(kept[i]); \
        if (groups > 1) s##i##1 = load16(out + i * head_dim + j + 16) * all16(kept[i]); \
    }
#define LK_PAIR_FIRST(i) \
    if (queries > i) { \
        const v16 one = all16(weights[tile_positions * i + p]); \
        s##i##0 = one * first0 + s##i##0; \
        if (groups > 1) s##i##1 = one * first1 + s##i##1; \
    }
#define LK_PAIR_SECOND(i) \
    if (queries > i) { \
        const v16 two = all16(weights[tile_positions * i + p + 1]); \
        s##i##0 = two * second0 + s##i##0; \
        if (groups > 1) s##i##1 = two * second1 + s##i##1; \
    }
#define LK_PAIR_KEEP(i) \
    if (queries > i) { \
        store16(out + i * head_dim + j, s##i##0); \
        if (groups > 1) store16(out + i * head_dim + j + 16, s##i##1); \
    }

LK_INLINE v16 firsts(const float *pairs) { return (v16)((v16u)load16(pairs) << 16); }
LK_INLINE v16 seconds(const float *pairs) { return (v16)((v16u)load16(pairs) & 0xffff0000u); }

/// Scores of `queries` (1 to 4, a constant) with `groups` (1 or 2, a constant) groups of 16 positions from `begin` on,
/// whose keys k points at; of those after the first the memory is not read where they are behind `count`.
LK_INLINE void score_pairs(const int queries, const int groups, const float *q, size_t head_dim, float scale,
                           const float *k, size_t begin, size_t count, const uint8_t *next, float *scores) {
    const float *more = k + (count > begin + 16 ? 8 * head_dim : 0);
    LK_EACH_QUERY(LK_PAIR_START)
    for (size_t j = 0; j < head_dim && begin < count; j += 2) {
        if (next) __builtin_prefetch(next + 32 * j, 0, 2);
        if (next && groups > 1) __builtin_prefetch(next + 32 * j + 32 * head_dim, 0, 2);
        const v16 first0 = firsts(k + 8 * j), second0 = seconds(k + 8 * j);
        const v16 first1 = groups > 1 ? firsts(more + 8 * j) : first0;
        const v16 second1 = groups > 1 ? seconds(more + 8 * j) : second0;
        LK_EACH_QUERY(LK_PAIR_SCORE)
    }
    LK_EACH_QUERY(LK_PAIR_STORE)
}

/// out = out * kept + sum of weights[p] * v[p], for 16 * groups values from j on of `queries` (1 to 4, a constant).
LK_INLINE void sum_pairs(const int queries, const int groups, const float *weights, const float *kept, const float *v,
                         size_t count, size_t head_dim, size_t j, const uint8_t *next, float *out) {
    LK_EACH_QUERY(LK_PAIR_START)
    LK_EACH_QUERY(LK_PAIR_LOAD)
    for (size_t p = 0; p < count; p += 2) {
        const float *pairs = v + p / 2 * head_dim + j;
        if (next) __builtin_prefetch(next + 2 * p * head_dim + 4 * j, 0, 2);
        if (next && groups > 1) __builtin_prefetch(next + 2 * p * head_dim + 4 * j + 64, 0, 2);
        const v16 first0 = firsts(pairs), second0 = seconds(pairs);
        const v16 first1 = groups > 1 ? firsts(pairs + 16) : first0;
        const v16 second1 = groups > 1 ? seconds(pairs + 16) : second0;
        LK_EACH_QUERY(LK_PAIR_FIRST)
        if (p + 1 < count) {
            LK_EACH_QUERY(LK_PAIR_SECOND)
        }
    }
    LK_EACH_QUERY(LK_PAIR_KEEP)
}

/// `queries` (1 to 4, a constant) and one tile. `next` is asked for ahead unless NULL, as are the values.
LK_INLINE void attend_pairs(const int queries, const float *q, size_t head_dim, float scale, const uint32_t *visible,
                            size_t begin, const float *k, const float *v, size_t count, const int asks,
                            const uint8_t *next, float *state, float *out) {
    const int groups = queries > 2 ? 1 : 2;
    float scores[pair_queries * tile_positions] __attribute__((aligned(64))), kept[16];
    for (size_t g = 0; g < tile_positions; g += 16 * groups)
        score_pairs(queries, groups, q, head_dim, scale, k + 8 * g / 16 * head_dim, g, count,
                    asks ? (const uint8_t *)v + 2 * g * head_dim : NULL, scores);
    weigh(queries, scores, visible, begin, state, kept);
    size_t j = 0;
    for (; j + 16 * groups <= head_dim; j += 16 * groups)
        sum_pairs(queries, groups, scores, kept, v, count, head_dim, j, asks ? next : NULL, out);
    if (j < head_dim) sum_pairs(queries, 1, scores, kept, v, count, head_dim, j, asks ? next : NULL, out);
}

#define LK_ATTEND_PAIRS(n) \
    attend_pairs(n, q + i * head_dim, head_dim, scale, visible + i, begin, k, v, count, i == 0, next, state + 2 * i, \
                 out + i * head_dim)

/// Up to `direct_queries` queries and one tile of bf16.
LK_INLINE void attend_directly(size_t queries, const float *q, size_t head_dim, float scale, const uint32_t *visible,
                               size_t begin, const float *k, const float *v, size_t count, const uint8_t *next,
                               float *state, float *out) {
    for (size_t i = 0; i < queries; i += pair_queries) {
        switch (queries - i) {
        case 1: LK_ATTEND_PAIRS(1); break;
        case 2: LK_ATTEND_PAIRS(2); break;
        case 3: LK_ATTEND_PAIRS(3); break;
        default: LK_ATTEND_PAIRS(4); break;
        }
    }
}

// MARK: - Tiles

/// Up to 48 queries and one tile of `count` positions, the first of them number `begin`.
LK_INLINE void attend_tile(const lk_type cache, size_t queries, const float *q, size_t head_dim, float scale,
                           const uint32_t *visible, size_t begin, const void *k, const void *v, size_t count,
                           const void *next, float *state, float *out) {
    float scores[tile_queries_max * tile_positions] __attribute__((aligned(64)));
    float kept[tile_queries_max + 16];  // weigh stores 16 of them at a time
    if (cache == LK_BF16 && queries <= direct_queries) {
        attend_directly(queries, q, head_dim, scale, visible, begin, k, v, count, next, state, out);
    } else if (cache == LK_BF16) {
        float wide[tile_positions * tile_head_dim] __attribute__((aligned(64)));
        widen_pairs(k, (count + 15) / 16 * head_dim / 2, 1, v, wide);
        score_queries(queries, q, head_dim, scale, visible, begin, wide, count, state, scores, kept);
        widen_pairs(v, (count + 1) / 2, head_dim / 16, next, wide);
        sum_queries(queries, head_dim, wide, count, scores, kept, out);
    } else {
        score_queries(queries, q, head_dim, scale, visible, begin, k, count, state, scores, kept);
        sum_queries(queries, head_dim, v, count, scores, kept, out);
    }
}

LK_TARGET static void LK_VARIANT(attend)(const lk_type cache, size_t queries, const float *q, size_t head_dim, float scale,
                                      const uint32_t *visible, const void *k, const void *v, const void *next,
                                      float *state, float *out) {
    const size_t tile_bytes = tile_positions * head_dim * (cache == LK_BF16 ? 2 : 4);
    const uint8_t *tile_k = k, *tile_v = v;
    size_t positions = 0;
    for (size_t i = 0; i < queries; i++) positions = visible[i] > positions ? visible[i] : positions;
    for (size_t begin = 0; begin < positions; begin += tile_positions, tile_k += tile_bytes, tile_v += tile_bytes) {
        const size_t left = positions - begin;
        if (left > tile_positions)
            attend_tile(cache, queries, q, head_dim, scale, visible, begin, tile_k, tile_v, tile_positions,
                        tile_k + tile_bytes, state, out);
        else
            attend_tile(cache, queries, q, head_dim, scale, visible, begin, tile_k, tile_v, left, next, state, out);
    }
}

LK_TARGET static void LK_VARIANT(attention)(lk_type cache, const float *q, size_t queries, size_t head_dim, float scale,
                                         const uint32_t *visible, const void *k, const void *v, const void *next,
                                         float *state, float *out) {
    if (head_dim % 16 != 0 || head_dim > tile_head_dim) {
        lk_attention_plain(cache, q, queries, head_dim, scale, visible, k, v, next, state, out);
        return;
    }
    for (size_t i = 0; i < queries; i += tile_queries_max) {
        size_t count = queries - i < tile_queries_max ? queries - i : tile_queries_max;
        if (cache == LK_BF16)
            LK_VARIANT(attend)(LK_BF16, count, q + i * head_dim, head_dim, scale, visible + i, k, v, next, state + 2 * i,
                            out + i * head_dim);
        else
            LK_VARIANT(attend)(LK_F32, count, q + i * head_dim, head_dim, scale, visible + i, k, v, next, state + 2 * i,
                            out + i * head_dim);
    }
}

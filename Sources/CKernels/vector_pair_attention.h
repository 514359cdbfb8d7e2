// Attention of a few queries over a cache of bf16. See vector.h; vector_attention.h must be there before.
//
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
LK_INLINE void attend_pairs(const int queries, const float *q, size_t head_dim, float scale, const sight sees,
                            size_t begin, const float *k, const float *v, size_t count, const int asks,
                            const uint8_t *next, float *state, float *out) {
    const int groups = queries > 2 ? 1 : 2;
    float scores[pair_queries * tile_positions] __attribute__((aligned(64))), kept[16];
    for (size_t g = 0; g < tile_positions; g += 16 * groups)
        score_pairs(queries, groups, q, head_dim, scale, k + 8 * g / 16 * head_dim, g, count,
                    asks ? (const uint8_t *)v + 2 * g * head_dim : NULL, scores);
    weigh(queries, scores, sees, begin, state, kept);
    size_t j = 0;
    for (; j + 16 * groups <= head_dim; j += 16 * groups)
        sum_pairs(queries, groups, scores, kept, v, count, head_dim, j, asks ? next : NULL, out);
    if (j < head_dim) sum_pairs(queries, 1, scores, kept, v, count, head_dim, j, asks ? next : NULL, out);
}

#define LK_ATTEND_PAIRS(n) \
    attend_pairs(n, q + i * head_dim, head_dim, scale, sight_from(sees, i), begin, k, v, count, i == 0, next, \
                 state + 2 * i, out + i * head_dim)

/// Up to `direct_queries` queries and one tile of bf16.
LK_INLINE void attend_directly(size_t queries, const float *q, size_t head_dim, float scale, const sight sees,
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

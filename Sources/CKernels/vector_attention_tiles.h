// The attention kernels: tiles of 64 positions, put together. See vector.h; vector_attention.h, vector_pair_attention.h
// and vector_int8_attention.h must be there before.

/// Up to 48 queries and one tile of `count` positions, the first of them number `begin`.
LK_INLINE void attend_tile(const lk_type cache, size_t queries, const float *q, size_t head_dim, float scale,
                           const sight sees, size_t begin, const void *k, const void *v, size_t count, const void *next,
                           float *state, float *out) {
    float scores[tile_queries_max * tile_positions] __attribute__((aligned(64)));
    float kept[tile_queries_max + 16];  // weigh stores 16 of them at a time
    if (cache == LK_BF16 && queries <= direct_queries) {
        attend_directly(queries, q, head_dim, scale, sees, begin, k, v, count, next, state, out);
    } else if (cache == LK_BF16) {
        float wide[tile_positions * tile_head_dim] __attribute__((aligned(64)));
        widen_pairs(k, (count + 15) / 16 * head_dim / 2, 1, v, wide);
        score_queries(queries, q, head_dim, scale, sees, begin, wide, count, state, scores, kept);
        widen_pairs(v, (count + 1) / 2, head_dim / 16, next, wide);
        sum_queries(queries, head_dim, wide, count, scores, kept, out);
    } else {
        score_queries(queries, q, head_dim, scale, sees, begin, k, count, state, scores, kept);
        sum_queries(queries, head_dim, v, count, scores, kept, out);
    }
}

/// Up to 48 queries and one run. Tiles that no query sees are not read.
LK_INLINE void attend(const lk_type cache, size_t queries, const float *q, size_t head_dim, float scale,
                      const sight sees, const uint8_t *k, const uint8_t *v, const uint8_t *next, float *state,
                      float *out) {
    const size_t tile_bytes = tile_positions * lk_cache_bytes(cache, head_dim);
    size_t first = sees.hidden ? sees.hidden[0] : 0, positions = 0;
    for (size_t i = 0; i < queries; i++) {
        if (sees.hidden && sees.hidden[i] < first) first = sees.hidden[i];
        if (sees.visible[i] > positions) positions = sees.visible[i];
    }
    int16_t rounded[tile_queries_max * tile_head_dim] __attribute__((aligned(64)));
    float steps[tile_queries_max];
    if (cache == LK_INT8) round_queries(queries, q, head_dim, rounded, steps);
    for (size_t begin = first / tile_positions * tile_positions; begin < positions; begin += tile_positions) {
        const uint8_t *tile_k = k + begin / tile_positions * tile_bytes, *tile_v = v + begin / tile_positions * tile_bytes;
        const size_t left = positions - begin, count = left < tile_positions ? left : tile_positions;
        const uint8_t *after = left > tile_positions ? tile_k + tile_bytes : next;
        if (cache == LK_INT8)
            attend_int8(queries, rounded, steps, head_dim, scale, sees, begin, tile_k, tile_v, count, after, state, out);
        else
            attend_tile(cache, queries, q, head_dim, scale, sees, begin, tile_k, tile_v, count, after, state, out);
    }
}

LK_INLINE void attend_all(const lk_type cache, const float *q, size_t queries, size_t head_dim, float scale,
                          const sight sees, const void *k, const void *v, const void *next, float *state, float *out) {
    for (size_t i = 0; i < queries; i += tile_queries_max) {
        const size_t count = queries - i < tile_queries_max ? queries - i : tile_queries_max;
        attend(cache, count, q + i * head_dim, head_dim, scale, sight_from(sees, i), k, v, next, state + 2 * i,
               out + i * head_dim);
    }
}

#define LK_ATTEND(cache) attend_all(cache, q, queries, head_dim, scale, sees, k, v, next, state, out)
static inline int has_attention_tiles(size_t head_dim) { return head_dim % 16 == 0 && head_dim <= tile_head_dim; }

LK_TARGET static void LK_VARIANT(attention)(lk_type cache, const float *q, size_t queries, size_t head_dim, float scale,
                                         const uint32_t *visible, const void *k, const void *v, const void *next,
                                         float *state, float *out) {
    const sight sees = {NULL, visible, 0};
    if (!has_attention_tiles(head_dim))
        lk_attention_plain(cache, q, queries, head_dim, scale, visible, k, v, next, state, out);
    else if (cache == LK_BF16) LK_ATTEND(LK_BF16);
    else if (cache == LK_INT8) LK_ATTEND(LK_INT8);
    else LK_ATTEND(LK_F32);
}

LK_TARGET static void LK_VARIANT(attention_limited)(lk_type cache, const float *q, size_t queries, size_t head_dim,
                                                 float scale, float cap, const uint32_t *hidden,
                                                 const uint32_t *visible, const void *k, const void *v,
                                                 const void *next, float *state, float *out) {
    const sight sees = {hidden, visible, cap};
    if (!has_attention_tiles(head_dim))
        lk_attention_limited_plain(cache, q, queries, head_dim, scale, cap, hidden, visible, k, v, next, state, out);
    else if (cache == LK_BF16) LK_ATTEND(LK_BF16);
    else if (cache == LK_INT8) LK_ATTEND(LK_INT8);
    else LK_ATTEND(LK_F32);
}

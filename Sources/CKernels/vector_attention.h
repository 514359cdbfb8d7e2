// Attention in tiles of positions, 16 lanes at a time. See vector.h. Keys and values of a tile are widened to f32 once
// and serve all queries.

enum { tile_positions = 32, tile_head_dim = 256 };

LK_INLINE v16 cache16(const int is_f16, const void *row, size_t i) {
    return is_f16 ? load16_f16((const uint16_t *)row + i) : load16((const float *)row + i);
}

LK_INLINE void widen_tile(const int is_f16, const uint8_t *rows, size_t stride_bytes, size_t count, size_t head_dim,
                          float *out) {
    const size_t line_values = is_f16 ? 32 : 16;
    for (size_t p = 0; p < count; p++, rows += stride_bytes, out += head_dim) {
        // Rows of one head lie apart in memory, too far for the CPU to guess: ask for the next tile's.
        for (size_t i = 0; i < head_dim; i += line_values)
            __builtin_prefetch(rows + tile_positions * stride_bytes + i * (64 / line_values));
        for (size_t i = 0; i < head_dim; i += 16) store16(out + i, cache16(is_f16, rows, i));
    }
}

LK_INLINE void score_tile(const float *q, const float *k, size_t count, size_t head_dim, float scale, float *scores) {
    size_t p = 0;
    for (; p + 4 <= count; p += 4, k += 4 * head_dim) {
        v16 s0 = all16(0), s1 = s0, s2 = s0, s3 = s0;
        for (size_t i = 0; i < head_dim; i += 16) {
            v16 v = load16(q + i);
            s0 = v * load16(k + i) + s0;
            s1 = v * load16(k + head_dim + i) + s1;
            s2 = v * load16(k + 2 * head_dim + i) + s2;
            s3 = v * load16(k + 3 * head_dim + i) + s3;
        }
        *(v4_anywhere *)(scores + p) = sum16x4(s0, s1, s2, s3) * (v4){scale, scale, scale, scale};
    }
    for (; p < count; p++, k += head_dim) {
        v16 sum = all16(0);
        for (size_t i = 0; i < head_dim; i += 16) sum = load16(q + i) * load16(k + i) + sum;
        scores[p] = sum16(sum) * scale;
    }
}

/// out = out * kept + sum of weights[p] * v[p], 64 values at a time.
LK_INLINE void weigh_tile(const float *weights, const float *v, size_t count, size_t head_dim, float kept, float *out) {
    size_t i = 0;
    for (; i + 64 <= head_dim; i += 64) {
        v16 s0 = load16(out + i) * all16(kept), s1 = load16(out + i + 16) * all16(kept);
        v16 s2 = load16(out + i + 32) * all16(kept), s3 = load16(out + i + 48) * all16(kept);
        for (size_t p = 0; p < count; p++) {
            v16 w = all16(weights[p]);
            const float *row = v + p * head_dim + i;
            s0 = w * load16(row) + s0;
            s1 = w * load16(row + 16) + s1;
            s2 = w * load16(row + 32) + s2;
            s3 = w * load16(row + 48) + s3;
        }
        store16(out + i, s0);
        store16(out + i + 16, s1);
        store16(out + i + 32, s2);
        store16(out + i + 48, s3);
    }
    for (; i < head_dim; i += 16) {
        v16 sum = load16(out + i) * all16(kept);
        for (size_t p = 0; p < count; p++) sum = all16(weights[p]) * load16(v + p * head_dim + i) + sum;
        store16(out + i, sum);
    }
}

LK_INLINE void attend(const int is_f16, const float *q, size_t queries, size_t head_dim, float scale, const uint8_t *k,
                      const uint8_t *v, size_t stride_bytes, size_t positions, float *state, float *out) {
    float keys[tile_positions * tile_head_dim], values[tile_positions * tile_head_dim], scores[tile_positions];
    for (size_t begin = 0; begin < positions; begin += tile_positions) {
        size_t count = positions - begin < tile_positions ? positions - begin : tile_positions;
        widen_tile(is_f16, k + begin * stride_bytes, stride_bytes, count, head_dim, keys);
        widen_tile(is_f16, v + begin * stride_bytes, stride_bytes, count, head_dim, values);
        for (size_t i = 0; i < queries; i++) {
            score_tile(q + i * head_dim, keys, count, head_dim, scale, scores);
            for (size_t p = count; p < tile_positions; p++) scores[p] = -INFINITY;
            float before = state[2 * i], largest = largest16(larger16(load16(scores), load16(scores + 16)));
            largest = before > largest ? before : largest;
            // Against -INFINITY everywhere: exp(-inf - -inf) would be NaN where nothing was to be seen.
            float base = largest == -INFINITY ? 0 : largest;
            v16 low = exp16(load16(scores) - all16(base)), high = exp16(load16(scores + 16) - all16(base));
            float kept = before == -INFINITY ? 0 : expf(before - base);
            store16(scores, low);
            store16(scores + 16, high);
            weigh_tile(scores, values, count, head_dim, kept, out + i * head_dim);
            state[2 * i] = largest;
            state[2 * i + 1] = state[2 * i + 1] * kept + sum16(low + high);
        }
    }
}

LK_TARGET static void LK_FORM(attention_f16)(const float *q, size_t queries, size_t head_dim, float scale,
                                             const uint16_t *k, const uint16_t *v, size_t stride, size_t positions,
                                             float *state, float *out) {
    if (head_dim % 16 != 0 || head_dim > tile_head_dim)
        lk_attention_f16_plain(q, queries, head_dim, scale, k, v, stride, positions, state, out);
    else
        attend(1, q, queries, head_dim, scale, (const uint8_t *)k, (const uint8_t *)v, stride * sizeof *k, positions,
               state, out);
}

LK_TARGET static void LK_FORM(attention_f32)(const float *q, size_t queries, size_t head_dim, float scale,
                                             const float *k, const float *v, size_t stride, size_t positions,
                                             float *state, float *out) {
    if (head_dim % 16 != 0 || head_dim > tile_head_dim)
        lk_attention_f32_plain(q, queries, head_dim, scale, k, v, stride, positions, state, out);
    else
        attend(0, q, queries, head_dim, scale, (const uint8_t *)k, (const uint8_t *)v, stride * sizeof *k, positions,
               state, out);
}

// Attention over packed sequences and its gradient, 16 lanes at a time, in tiles of 64 tokens and 64 positions counted
// from the sequence's start. Flash attention: Dao et al. 2022 (arXiv:2205.14135). See vector.h; vector_products.h must
// be there before.

/// out [64, width] from `count` rows of `columns` numbers, zeroes elsewhere.
LK_INLINE void load_tokens(const float *in, size_t ld, size_t count, size_t columns, size_t width, float *out) {
    copy_columns(in, ld, count, columns, width, out);
    memset(out + count * width, 0, (attention_tokens - count) * width * sizeof *out);
}

/// Two strips [width, 32] from [64, width]: strip s holds tokens 32*s and on side by side.
LK_INLINE void strips_of_tokens(const float *in, size_t width, float *out) {
    for (size_t t = 0; t < attention_tokens; t += 8)
        for (size_t i = 0; i < width; i += 8)
            transpose_8x8(in + t * width + i, width, out + (t / 32 * width + i) * 32 + t % 32, 32);
}

// No token sees a position after its own. `token` is that of the first row, `first` the tile's first position: products
// leave out what they know to be 0 by that.

/// C [rows, 64] = scale * A times two strips, of A's rows that may see something of the strip; the others' part of C
/// stays as it is.
LK_INLINE void times_strips(const float *a, size_t lda, size_t rows, size_t token, const float *strips, size_t width,
                            size_t inner, size_t first, float scale, float *c) {
    for (size_t s = 0; s < 2; s++) {
        const size_t skipped = first + 32 * s > token ? first + 32 * s - token : 0;
        if (skipped >= rows) return;
        lk_tile strip = {a + skipped * lda, lda, 1, strips + s * width * 32, 32, inner,
                         c + skipped * attention_tokens + 32 * s, attention_tokens, 32, scale, 0};
        run_strip(&strip, rows - skipped);
    }
}

/// C [tokens, columns] += weights [tokens, 64] times rows [positions, width].
LK_INLINE void add_of_positions(const float *weights, size_t tokens, size_t token, const float *rows, size_t width,
                                size_t positions, size_t first, float *c, size_t ldc, size_t columns) {
    for (size_t t = 0, count; t < tokens; t += count) {
        count = tokens - t < LK_TILE_ROWS ? tokens - t : LK_TILE_ROWS;
        const size_t end = token + t + count;
        if (end <= first) continue;
        const size_t seen = end - first < positions ? end - first : positions;
        for (size_t i = 0; i < columns; i += 32) {
            lk_tile strip = {weights + t * attention_tokens, attention_tokens, 1, rows + i, width, seen,
                             c + t * ldc + i, ldc, columns - i < 32 ? columns - i : 32, 1, 1};
            run_strip(&strip, count);
        }
    }
}

/// C [positions, columns] += the transpose of weights [tokens, 64] times rows [tokens, width].
LK_INLINE void add_of_tokens(const float *weights, size_t tokens, size_t token, const float *rows, size_t width,
                             size_t positions, size_t first, float *c, size_t ldc, size_t columns) {
    for (size_t p = 0, count; p < positions; p += count) {
        count = positions - p < LK_TILE_ROWS ? positions - p : LK_TILE_ROWS;
        const size_t skipped = first + p > token ? first + p - token : 0;
        if (skipped >= tokens) return;
        for (size_t i = 0; i < columns; i += 32) {
            lk_tile strip = {weights + skipped * attention_tokens + p, 1, attention_tokens, rows + skipped * width + i,
                             width, tokens - skipped, c + p * ldc + i, ldc, columns - i < 32 ? columns - i : 32, 1, 1};
            run_strip(&strip, count);
        }
    }
}

/// 1 when a token of [begin, end) sees a position of [first, first + 64).
static inline int sees_tile(const lk_packed_attention *a, size_t begin, size_t end, size_t first) {
    for (size_t t = begin; t < end; t++)
        if (a->prefix_end[t] > first || (t >= first && a->own[t] < first + attention_tokens)) return 1;
    return 0;
}

/// 1 when the token sees all of [first, first + 64).
static inline int sees_all(const lk_packed_attention *a, size_t token, size_t first) {
    return a->prefix_end[token] >= first + attention_tokens ||
           (a->own[token] <= first && token + 1 >= first + attention_tokens);
}

/// Whether the token sees positions `first` and the 15 after it.
LK_INLINE v16i seen16(const lk_packed_attention *a, size_t token, size_t first) {
    const v16i lanes = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    const int32_t prefix = (int32_t)a->prefix_end[token] - (int32_t)first;
    const int32_t own = (int32_t)a->own[token] - (int32_t)first, last = (int32_t)token - (int32_t)first;
    return (lanes < prefix) | ((lanes >= own) & (lanes <= last));
}

LK_CROSSWISE(most16x4, v16, v8, v4, LK_LARGER)
LK_CROSSWISE(total16x4, v16, v8, v4, LK_SUM)

/// The scores of tokens t...t + 3 (of `count` that there are, from `begin` on) become weights: their largest and their
/// sums so far take them in, and `kept` is what must be left of the sums before.
LK_INLINE void take_four(const lk_packed_attention *a, size_t begin, size_t t, size_t count, size_t first,
                         float *scores, float *largest, float *sums, float *kept) {
    v16 most[4], total[4];
    for (size_t r = 0; r < 4; r++) {
        const size_t token = begin + (t + r < count ? t + r : count - 1);
        float *row = scores + (t + r) * attention_tokens;
        if (!sees_all(a, token, first))
            for (size_t i = 0; i < attention_tokens; i += 16)
                store16(row + i, select16(seen16(a, token, first + i), load16(row + i), all16(-INFINITY)));
        most[r] = __builtin_elementwise_max(__builtin_elementwise_max(load16(row), load16(row + 16)),
                                            __builtin_elementwise_max(load16(row + 32), load16(row + 48)));
    }
    const v4 before = *(const v4_anywhere *)(largest + t);
    const v4 after = __builtin_elementwise_max(before, most16x4(most[0], most[1], most[2], most[3]));
    // Minus infinity where nothing was seen yet: then all weights are 0.
    const v4i seen = after > (v4){-INFINITY, -INFINITY, -INFINITY, -INFINITY};
    const v4 base = (v4)((v4i)after & seen);
    for (size_t r = 0; r < 4; r++) {
        float *row = scores + (t + r) * attention_tokens;
        total[r] = all16(0);
        for (size_t i = 0; i < attention_tokens; i += 16) {
            const v16 weight = exp16(load16(row + i) - all16(base[r]));
            store16(row + i, weight);
            total[r] += weight;
        }
    }
    const v4 change = before - base;
    const v16 factors = exp16(__builtin_shufflevector(change, change, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3));
    const v4 factor = __builtin_shufflevector(factors, factors, 0, 1, 2, 3);
    v4 sum = *(const v4_anywhere *)(sums + t) * factor;
    sum += total16x4(total[0], total[1], total[2], total[3]);
    *(v4_anywhere *)(largest + t) = after;
    *(v4_anywhere *)(sums + t) = sum;
    *(v4_anywhere *)(kept + t) = factor;
}

LK_INLINE void scale_row(float *row, size_t n, float factor) {
    size_t i = 0;
    for (; i + 16 <= n; i += 16) store16(row + i, load16(row + i) * all16(factor));
    for (; i < n; i++) row[i] *= factor;
}

/// Up to 64 tokens and up to attention_heads heads.
LK_INLINE void forward_tokens(const lk_packed_attention *a, size_t kv_head, size_t head, size_t heads, size_t start,
                              size_t begin, size_t end, float *out, float *lse, float *scratch) {
    const size_t dim = a->head_dim, width = lk_padded_head_dim(dim), tile = attention_tokens * width;
    const size_t row = a->heads * dim, kv_row = a->kv_heads * dim, count = end - begin;
    float *keys = scratch, *values = keys + tile, *rows = values + tile, *scores = rows + tile;
    float *states = scores + attention_tokens * attention_tokens;  // the largest and the sum of each token, by heads
    for (size_t h = 0; h < heads; h++) {
        float *largest = states + 2 * h * attention_tokens, *sums = largest + attention_tokens;
        for (size_t t = 0; t < attention_tokens; t++) {
            largest[t] = -INFINITY;
            sums[t] = 0;
        }
        for (size_t t = 0; t < count; t++) memset(out + (begin + t) * row + (head + h) * dim, 0, dim * sizeof *out);
    }
    for (size_t first = start; first < end; first += attention_tokens) {
        if (!sees_tile(a, begin, end, first)) continue;
        const size_t positions = end - first < attention_tokens ? end - first : attention_tokens;
        load_tokens(a->k + first * kv_row + kv_head * dim, kv_row, positions, dim, width, rows);
        strips_of_tokens(rows, width, keys);
        load_tokens(a->v + first * kv_row + kv_head * dim, kv_row, positions, dim, width, values);
        for (size_t h = 0; h < heads; h++) {
            const size_t at = begin * row + (head + h) * dim;
            float *largest = states + 2 * h * attention_tokens, *sums = largest + attention_tokens;
            float kept[attention_tokens];
            times_strips(a->q + at, row, count, begin, keys, width, dim, first, a->scale, scores);
            for (size_t t = 0; t < count; t += 4) take_four(a, begin, t, count, first, scores, largest, sums, kept);
            for (size_t t = 0; t < count; t++)
                if (kept[t] != 1) scale_row(out + at + t * row, dim, kept[t]);
            add_of_positions(scores, count, begin, values, width, positions, first, out + at, row, dim);
        }
    }
    for (size_t h = 0; h < heads; h++) {
        const float *largest = states + 2 * h * attention_tokens, *sums = largest + attention_tokens;
        for (size_t t = 0; t < count; t++) {
            scale_row(out + (begin + t) * row + (head + h) * dim, dim, 1 / sums[t]);
            lse[(begin + t) * a->heads + head + h] = largest[t] + logf(sums[t]);
        }
    }
}

LK_TARGET static void LK_VARIANT(packed_attention_forward)(const lk_packed_attention *a, size_t kv_head, size_t start,
                                                        size_t begin, size_t end, float *out, float *lse,
                                                        float *scratch) {
    const size_t group = a->heads / a->kv_heads;
    for (size_t h = 0; h < group; h += attention_heads)
        for (size_t t = begin; t < end; t += attention_tokens)
            forward_tokens(a, kv_head, kv_head * group + h, group - h < attention_heads ? group - h : attention_heads,
                           start, t, end - t < attention_tokens ? end : t + attention_tokens, out, lse, scratch);
}

/// scores [64] become the weights of one query's positions, and products [64], dout times values, their gradients.
LK_INLINE void weights_backward(const lk_packed_attention *a, size_t token, size_t first, float lse, float rest,
                                float *scores, float *products) {
    const int all = sees_all(a, token, first);
    for (size_t i = 0; i < attention_tokens; i += 16) {
        v16 weight = exp16(load16(scores + i) - all16(lse));
        if (!all) weight = select16(seen16(a, token, first + i), weight, all16(0));
        v16 gradient = weight * (load16(products + i) - all16(rest)) * all16(a->scale);
        if (!all) gradient = select16(seen16(a, token, first + i), gradient, all16(0));
        store16(scores + i, weight);
        store16(products + i, gradient);
    }
}

LK_INLINE float dot_of(const float *x, const float *y, size_t n) {
    v16 sums = all16(0);
    size_t i = 0;
    for (; i + 16 <= n; i += 16) sums = load16(x + i) * load16(y + i) + sums;
    float sum = sum16(sums);
    for (; i < n; i++) sum += x[i] * y[i];
    return sum;
}

/// The part of one head's gradients that 64 positions have, which `scratch` begins with: keys as rows, keys and values
/// as strips.
LK_INLINE void backward_positions(const lk_packed_attention *a, size_t kv_head, size_t head, size_t first, size_t end,
                                  const float *out, const float *lse, const float *dout, float *dq, float *dk,
                                  float *dv, float *scratch) {
    const size_t dim = a->head_dim, width = lk_padded_head_dim(dim), tile = attention_tokens * width;
    const size_t row = a->heads * dim, kv_row = a->kv_heads * dim;
    const size_t positions = end - first < attention_tokens ? end - first : attention_tokens;
    const float *key_rows = scratch, *keys = key_rows + tile, *values = keys + tile;
    float *q = scratch + 3 * tile, *g = q + tile, *scores = g + tile;
    float *products = scores + attention_tokens * attention_tokens;
    float *dk_at = dk + first * kv_row + kv_head * dim, *dv_at = dv + first * kv_row + kv_head * dim;
    for (size_t t = first, count; t < end; t += count) {
        count = end - t < attention_tokens ? end - t : attention_tokens;
        if (!sees_tile(a, t, t + count, first)) continue;
        const size_t at = t * row + head * dim;
        load_tokens(a->q + at, row, count, dim, width, q);
        load_tokens(dout + at, row, count, dim, width, g);
        times_strips(q, width, count, t, keys, width, dim, first, a->scale, scores);
        times_strips(g, width, count, t, values, width, dim, first, 1, products);
        for (size_t i = 0; i < count; i++) {
            const float rest = dot_of(dout + at + i * row, out + at + i * row, dim);
            weights_backward(a, t + i, first, lse[(t + i) * a->heads + head], rest, scores + i * attention_tokens,
                             products + i * attention_tokens);
        }
        add_of_tokens(scores, count, t, g, width, positions, first, dv_at, kv_row, dim);
        add_of_tokens(products, count, t, q, width, positions, first, dk_at, kv_row, dim);
        add_of_positions(products, count, t, key_rows, width, positions, first, dq + at, row, dim);
    }
}

LK_TARGET static void LK_VARIANT(packed_attention_backward)(const lk_packed_attention *a, size_t kv_head, size_t start,
                                                         size_t end, const float *out, const float *lse,
                                                         const float *dout, float *dq, float *dk, float *dv,
                                                         float *scratch) {
    const size_t dim = a->head_dim, width = lk_padded_head_dim(dim), tile = attention_tokens * width;
    const size_t kv_row = a->kv_heads * dim, group = a->heads / a->kv_heads;
    for (size_t t = start; t < end; t++) {
        memset(dq + (t * a->heads + kv_head * group) * dim, 0, group * dim * sizeof *dq);
        memset(dk + t * kv_row + kv_head * dim, 0, dim * sizeof *dk);
        memset(dv + t * kv_row + kv_head * dim, 0, dim * sizeof *dv);
    }
    for (size_t first = start; first < end; first += attention_tokens) {
        const size_t positions = end - first < attention_tokens ? end - first : attention_tokens;
        float *rows = scratch + 3 * tile;
        load_tokens(a->v + first * kv_row + kv_head * dim, kv_row, positions, dim, width, rows);
        strips_of_tokens(rows, width, scratch + 2 * tile);
        load_tokens(a->k + first * kv_row + kv_head * dim, kv_row, positions, dim, width, scratch);
        strips_of_tokens(scratch, width, scratch + tile);
        for (size_t h = kv_head * group; h < (kv_head + 1) * group; h++)
            backward_positions(a, kv_head, h, first, end, out, lse, dout, dq, dk, dv, scratch);
    }
}

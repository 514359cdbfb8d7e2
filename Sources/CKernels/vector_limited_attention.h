// Attention with windows and caps, 16 lanes at a time, one query after the other: it serves the page in which a window
// begins, and models that cap their scores. See vector.h; vector_gates.h must be there before.

enum { limited_positions = 128 };

/// q times sixteen keys that lie side by side.
LK_INLINE v16 limited_scores(const lk_type cache, const float *q, size_t head_dim, const uint8_t *k) {
    v16 a = all16(0), b = all16(0);
    if (cache == LK_BF16) {
        for (size_t j = 0; j < head_dim; j += 2, k += 64) {
            v16u both = (v16u)load16((const float *)k);
            a = all16(q[j]) * (v16)(both << 16) + a;
            b = all16(q[j + 1]) * (v16)(both & 0xffff0000u) + b;
        }
        return a + b;
    }
    for (size_t j = 0; j < head_dim; j++, k += 64) a = all16(q[j]) * load16((const float *)k) + a;
    return a;
}

/// Weights of the positions begin..<end, which lie in groups of sixteen from `begin` rounded down on; 0 for others of
/// these groups. The answer is what the sums so far are worth.
LK_INLINE float limited_weights(const lk_type cache, const float *q, size_t head_dim, float scale, float cap,
                                size_t begin, size_t end, const uint8_t *k, float *state, float *weights) {
    const v16i lanes = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    const size_t group_bytes = 16 * head_dim * (cache == LK_BF16 ? 2 : 4);
    v16 most = all16(-INFINITY);
    for (size_t g = begin / 16 * 16; g < end; g += 16) {
        v16 scores = limited_scores(cache, q, head_dim, k + g / 16 * group_bytes) * all16(scale);
        if (cap != 0) scores = soft_cap16(scores, cap);
        const v16i place = lanes + (int32_t)g;
        scores = select16((place >= (int32_t)begin) & (place < (int32_t)end), scores, all16(-INFINITY));
        most = __builtin_elementwise_max(most, scores);
        store16(weights + g % limited_positions, scores);
    }
    const float largest = largest_lane(most);
    const float base = state[0] > largest ? state[0] : largest;
    const float kept = state[0] == -INFINITY ? 0 : expf(state[0] - base);
    // Scores of minus infinity alone weigh nothing, and are not taken from themselves.
    const v16 bases = all16(base == -INFINITY ? 0 : base);
    v16 sum = all16(0);
    for (size_t g = begin / 16 * 16; g < end; g += 16) {
        v16 w = exp16(load16(weights + g % limited_positions) - bases);
        store16(weights + g % limited_positions, w);
        sum += w;
    }
    state[0] = base;
    state[1] = state[1] * kept + sum16(sum);
    return kept;
}

/// out = out * kept + sum of weights[p] * v[p], of sixteen values.
LK_INLINE v16 limited_sum(const lk_type cache, v16 sum, const float *weights, size_t begin, size_t end, size_t head_dim,
                          const uint8_t *v, size_t j) {
    if (cache == LK_F32) {
        for (size_t p = begin; p < end; p++)
            sum = all16(weights[p % limited_positions]) * load16((const float *)v + p * head_dim + j) + sum;
        return sum;
    }
    for (size_t p = begin / 2 * 2; p < end; p += 2) {
        v16u both = (v16u)load16((const float *)v + p / 2 * head_dim + j);
        // What is not seen may be anything, also not a number.
        if (p >= begin) sum = all16(weights[p % limited_positions]) * (v16)(both << 16) + sum;
        if (p + 1 < end) sum = all16(weights[(p + 1) % limited_positions]) * (v16)(both & 0xffff0000u) + sum;
    }
    return sum;
}

LK_INLINE void attend_limited(const lk_type cache, const float *q, size_t head_dim, float scale, float cap,
                              size_t begin, size_t end, const uint8_t *k, const uint8_t *v, float *state, float *out) {
    float weights[limited_positions] __attribute__((aligned(64)));
    for (size_t next; begin < end; begin = next) {
        next = (begin / limited_positions + 1) * limited_positions;
        const size_t here = next < end ? next : end;
        const float kept = limited_weights(cache, q, head_dim, scale, cap, begin, here, k, state, weights);
        for (size_t j = 0; j < head_dim; j += 16) {
            v16 sum = load16(out + j) * all16(kept);
            store16(out + j, limited_sum(cache, sum, weights, begin, here, head_dim, v, j));
        }
    }
}

LK_TARGET static void LK_VARIANT(attention_limited)(lk_type cache, const float *q, size_t queries, size_t head_dim,
                                                 float scale, float cap, const uint32_t *hidden,
                                                 const uint32_t *visible, const void *k, const void *v, float *state,
                                                 float *out) {
    if (head_dim % 16 != 0) {
        lk_attention_limited_plain(cache, q, queries, head_dim, scale, cap, hidden, visible, k, v, state, out);
        return;
    }
    for (size_t i = 0; i < queries; i++, q += head_dim, state += 2, out += head_dim) {
        if (cache == LK_BF16)
            attend_limited(LK_BF16, q, head_dim, scale, cap, hidden[i], visible[i], k, v, state, out);
        else
            attend_limited(LK_F32, q, head_dim, scale, cap, hidden[i], visible[i], k, v, state, out);
    }
}

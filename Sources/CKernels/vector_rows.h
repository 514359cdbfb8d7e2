// Norms, activations, softmax, argmax and quantised activations, 16 lanes at a time. See vector.h.

LK_TARGET static void LK_VARIANT(rmsnorm)(const float *x, const float *weight, float eps, size_t n, float *out) {
    v16 squares = all16(0);
    size_t i = 0;
    for (; i + 16 <= n; i += 16) {
        v16 v = load16(x + i);
        squares = v * v + squares;
    }
    float sum = sum16(squares);
    for (; i < n; i++) sum += x[i] * x[i];
    float inverse = 1 / sqrtf(sum / (float)n + eps);
    for (i = 0; i + 16 <= n; i += 16) store16(out + i, load16(x + i) * all16(inverse) * load16(weight + i));
    for (; i < n; i++) out[i] = x[i] * inverse * weight[i];
}

LK_TARGET static void LK_VARIANT(swiglu)(const float *gate, const float *up, size_t n, float *out) {
    size_t i = 0;
    for (; i + 16 <= n; i += 16) {
        v16 g = load16(gate + i);
        store16(out + i, g / (all16(1) + exp16(-g)) * load16(up + i));
    }
    lk_swiglu_plain(gate + i, up + i, n - i, out + i);
}

LK_TARGET static void LK_VARIANT(layernorm)(const float *x, const float *weight, const float *bias, float eps, size_t n,
                                         float *out) {
    v16 sums = all16(0), squares = all16(0);
    size_t i = 0;
    for (; i + 16 <= n; i += 16) sums += load16(x + i);
    float sum = sum16(sums);
    for (; i < n; i++) sum += x[i];
    const float mean = sum / (float)n;
    for (i = 0; i + 16 <= n; i += 16) {
        v16 v = load16(x + i) - all16(mean);
        squares = v * v + squares;
    }
    sum = sum16(squares);
    for (; i < n; i++) sum += (x[i] - mean) * (x[i] - mean);
    const float inverse = 1 / sqrtf(sum / (float)n + eps);
    for (i = 0; i + 16 <= n; i += 16)
        store16(out + i, (load16(x + i) - all16(mean)) * all16(inverse) * load16(weight + i) + load16(bias + i));
    for (; i < n; i++) out[i] = (x[i] - mean) * inverse * weight[i] + bias[i];
}

/// erf by 7.1.26 of Abramowitz & Stegun, within 1.5e-7.
LK_INLINE v16 gelu16(v16 g) {
    const v16 magnitude = (v16)((v16i)g & 0x7fffffff) * all16(0.70710678f);
    const v16 t = all16(1) / (magnitude * all16(0.3275911f) + all16(1));
    v16 p = t * all16(1.061405429f) + all16(-1.453152027f);
    p = p * t + all16(1.421413741f);
    p = p * t + all16(-0.284496736f);
    p = p * t + all16(0.254829592f);
    // 1 - erf of the magnitude; of the two sides of the curve, the lower is g times half of it.
    const v16 rest = p * t * exp16(-magnitude * magnitude) * all16(0.5f);
    return g * select16(g < all16(0), rest, all16(1) - rest);
}

LK_TARGET static void LK_VARIANT(gelu)(const float *x, const float *bias, size_t n, float *out) {
    size_t i = 0;
    for (; i + 16 <= n; i += 16) store16(out + i, gelu16(load16(x + i) + load16(bias + i)));
    if (i == n) return;
    // The same arithmetic for the last values: a value's result does not depend on where it stands.
    float rest[16] = {0};
    for (size_t j = i; j < n; j++) rest[j - i] = x[j] + bias[j];
    store16(rest, gelu16(load16(rest)));
    for (size_t j = i; j < n; j++) out[j] = rest[j - i];
}

LK_INLINE float largest_of(const float *x, size_t n) {
    v16 largest = all16(-INFINITY);
    size_t i = 0;
    for (; i + 16 <= n; i += 16) largest = larger16(load16(x + i), largest);
    float result = largest16(largest);
    for (; i < n; i++) result = x[i] > result ? x[i] : result;
    return result;
}

/// sum of exp(x - largest); keeps them in `out` unless it is NULL. Lanes are added up every 1,024 values: in a lane of
/// f32 that took a whole vocabulary the last terms would lose digits.
LK_INLINE double sum_of_exp(const float *x, size_t n, float largest, float *out) {
    double sum = 0;
    size_t i = 0;
    while (i + 16 <= n) {
        size_t end = n - i < 1024 ? n : i + 1024;
        v16 sums = all16(0);
        for (; i + 16 <= end; i += 16) {
            v16 e = exp16(load16(x + i) - all16(largest));
            if (out) store16(out + i, e);
            sums += e;
        }
        sum += sum16(sums);
    }
    for (; i < n; i++) {
        float e = expf(x[i] - largest);
        if (out) out[i] = e;
        sum += e;
    }
    return sum;
}

LK_TARGET static float LK_VARIANT(softmax)(float *x, size_t n) {
    float largest = largest_of(x, n);
    double sum = sum_of_exp(x, n, largest, x);
    float inverse = (float)(1 / sum);
    for (size_t i = 0; i < n; i++) x[i] *= inverse;
    return largest + (float)log(sum);
}

LK_TARGET static float LK_VARIANT(logsumexp)(const float *x, size_t n) {
    float largest = largest_of(x, n);
    return largest + (float)log(sum_of_exp(x, n, largest, NULL));
}

LK_TARGET static size_t LK_VARIANT(argmax)(const float *x, size_t n) {
    float largest = largest_of(x, n);
    size_t i = 0;
    while (i < n && x[i] != largest) i++;
    return i < n ? i : 0;
}

/// As the plain variant, to the bit.
LK_INLINE void quantize_block(const float *x, lk_q8_block *out) {
    const v16 rounder = all16(12582912.0f);
    v16 a = load16(x), b = load16(x + 16);
    // Magnitudes compare as integers, NaN and infinity above all others.
    v16i magnitude = (v16i)a & 0x7fffffff, other = (v16i)b & 0x7fffffff;
    magnitude = __builtin_elementwise_max(magnitude, other);
    int32_t largest = __builtin_reduce_max(magnitude);
    int is_finite = largest < 0x7f800000;
    float scale = is_finite ? lk_float_from_bits((uint32_t)largest) / 127 : NAN;
    float inverse = is_finite && scale > 0 ? 1 / scale : 0;
    if (!(inverse <= 3.402823466e38f)) inverse = scale = 0;
    v16i qa = (v16i)(a * all16(inverse) + rounder) - (v16i)rounder;
    v16i qb = (v16i)(b * all16(inverse) + rounder) - (v16i)rounder;
    if (!is_finite) qa = qb = (v16i)all16(0);
    *(v16b_anywhere *)out->q = __builtin_convertvector(qa, v16b);
    *(v16b_anywhere *)(out->q + 16) = __builtin_convertvector(qb, v16b);
    out->sum[0] = __builtin_reduce_add(qa);
    out->sum[1] = __builtin_reduce_add(qb);
    out->scale = scale;
    out->sum_scaled = scale * (float)(out->sum[0] + out->sum[1]);
}

LK_INLINE v16i magnitudes32(const float *x) {
    return __builtin_elementwise_max((v16i)load16(x) & 0x7fffffff, (v16i)load16(x + 16) & 0x7fffffff);
}

/// Rounds 32 values to `block` and gives the sums of its halves, lane by lane.
LK_INLINE void round32(const float *x, float inverse, lk_q8_block *block, v16i *a, v16i *b) {
    const v16 rounder = all16(12582912.0f);
    *a = (v16i)(load16(x) * all16(inverse) + rounder) - (v16i)rounder;
    *b = (v16i)(load16(x + 16) * all16(inverse) + rounder) - (v16i)rounder;
    *(v16b_anywhere *)block->q = __builtin_convertvector(*a, v16b);
    *(v16b_anywhere *)(block->q + 16) = __builtin_convertvector(*b, v16b);
}

/// Four blocks, [4, 32] to out[0], out[stride]...: what has to be brought together across lanes is, for all of them at
/// once.
LK_INLINE void quantize_four(const float *x, lk_q8_block *out, size_t stride) {
    v4i largest = largest16x4i(magnitudes32(x), magnitudes32(x + 32), magnitudes32(x + 64), magnitudes32(x + 96));
    v4 scale = (v4)largest / 127;
    v4 inverse = 1 / scale;
    // From zeroes, from subnormals, from infinities and NaN: one by one.
    v4i ordinary = (largest < 0x7f800000) & (inverse <= 3.402823466e38f);
    if (__builtin_reduce_and(ordinary) == 0) {
        for (size_t i = 0; i < 4; i++) quantize_block(x + 32 * i, out + i * stride);
        return;
    }
    v16i a0, a1, a2, a3, b0, b1, b2, b3;
    round32(x, inverse[0], out, &a0, &b0);
    round32(x + 32, inverse[1], out + stride, &a1, &b1);
    round32(x + 64, inverse[2], out + 2 * stride, &a2, &b2);
    round32(x + 96, inverse[3], out + 3 * stride, &a3, &b3);
    v4i first = sum16x4i(a0, a1, a2, a3), second = sum16x4i(b0, b1, b2, b3);
    v4 scaled = scale * __builtin_convertvector(first + second, v4);
    for (size_t i = 0; i < 4; i++) {
        lk_q8_block *block = out + i * stride;
        block->scale = scale[i];
        block->sum_scaled = scaled[i];
        block->sum[0] = first[i];
        block->sum[1] = second[i];
    }
}

LK_TARGET static void LK_VARIANT(quantize_rows)(const float *x, size_t rows, size_t n, lk_q8_block *out) {
    size_t i = 0;
    for (; i + 128 <= rows * n; i += 128) quantize_four(x + i, out + i / 32, 1);
    for (; i < rows * n; i += 32) quantize_block(x + i, out + i / 32);
}

LK_TARGET static void LK_VARIANT(swiglu_q8)(const float *gate, const float *up, size_t rows, lk_q8_block *out,
                                         size_t stride) {
    float products[128] __attribute__((aligned(64)));
    size_t r = 0;
    for (; r + 4 <= rows; r += 4, gate += 128, up += 128) {
        LK_VARIANT(swiglu)(gate, up, 128, products);
        quantize_four(products, out + r * stride, stride);
    }
    for (; r < rows; r++, gate += 32, up += 32) {
        LK_VARIANT(swiglu)(gate, up, 32, products);
        quantize_block(products, out + r * stride);
    }
}

LK_TARGET static void LK_VARIANT(gelu_q8)(const float *x, const float *bias, size_t rows, lk_q8_block *out, size_t stride) {
    for (size_t r = 0; r < rows; r++, x += 32) {
        float values[32] __attribute__((aligned(64)));
        store16(values, gelu16(load16(x) + load16(bias)));
        store16(values + 16, gelu16(load16(x + 16) + load16(bias + 16)));
        quantize_block(values, out + r * stride);
    }
}

/// Writes sixteen values, from number `i` on, as int16; their sum.
LK_INLINE int32_t round16_wide(const float *x, float inverse, size_t i, lk_q16_block *out) {
    const v16 rounder = all16(12582912.0f);
    const v16 scaled = load16(x + i) * all16(inverse);  // a statement of its own: rounded twice, as the plain variant does
    const v16i rounded = (v16i)(scaled + rounder) - (v16i)rounder;
    const v16i pairs = __builtin_shufflevector(rounded, rounded, 0, 2, 1, 3, 4, 6, 5, 7, 8, 10, 9, 11, 12, 14, 13, 15);
    const v16i high = (rounded + 128) >> 8;
    *(v16h_anywhere *)(out->q + i) = __builtin_convertvector(pairs, v16h);
    *(v16b_anywhere *)(out->high + i) = __builtin_convertvector(high, v16b);
    *(v16b_anywhere *)(out->low + i) = __builtin_convertvector(rounded - high * 256, v16b);
    return __builtin_reduce_add(rounded);
}

/// As the plain variant, to the bit.
LK_TARGET static void LK_VARIANT(quantize_rows_q16)(const float *x, size_t rows, size_t n, lk_q16_block *out) {
    for (lk_q16_block *end = out + rows * n / 32; out < end; out++, x += 32) {
        const float largest = lk_float_from_bits((uint32_t)__builtin_reduce_max(magnitudes32(x)));
        const float scale = largest / 32512, inverse = 1 / scale;
        if (!(largest <= 3.402823466e38f) || !(inverse <= 3.402823466e38f)) {
            lk_quantize_rows_q16_plain(x, 1, 32, out);
            continue;
        }
        out->sum[0] = round16_wide(x, inverse, 0, out);
        out->sum[1] = round16_wide(x, inverse, 16, out);
        out->scale = scale;
        out->sum_scaled = scale * (float)(out->sum[0] + out->sum[1]);
    }
}

/// As the plain variant, to the bit.
LK_TARGET static void LK_VARIANT(bf16_from_f32)(const float *x, uint16_t *out, size_t n) {
    size_t i = 0;
    for (; i + 16 <= n; i += 16) {
        v16 v = load16(x + i);
        v16u bits = (v16u)v, rounded = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
        v16i is_nan = v != v;
        rounded = (rounded & ~(v16u)is_nan) | ((bits >> 16 | 0x40) & (v16u)is_nan);
        *(v16h_anywhere *)(out + i) = __builtin_convertvector(rounded, v16h);
    }
    lk_bf16_from_f32_plain(x + i, out + i, n - i);
}

// Gradients of norms, activations and the loss, 16 lanes at a time. See vector.h; vector_rows.h must be there before.

LK_TARGET static float LK_VARIANT(rmsnorm_backward)(const float *x, const float *weight, float eps, size_t n,
                                                 const float *dy, float *dx, int add) {
    v16 squares = all16(0), products = all16(0);
    size_t i = 0;
    for (; i + 16 <= n; i += 16) {
        v16 v = load16(x + i);
        squares = v * v + squares;
        products = load16(weight + i) * load16(dy + i) * v + products;
    }
    float square = sum16(squares), product = sum16(products);
    for (; i < n; i++) {
        square += x[i] * x[i];
        product += weight[i] * dy[i] * x[i];
    }
    const float inverse = 1 / sqrtf(square / (float)n + eps), along = product / (float)n * inverse * inverse;
    for (i = 0; i + 16 <= n; i += 16) {
        v16 gradient = all16(inverse) * (load16(weight + i) * load16(dy + i) - all16(along) * load16(x + i));
        store16(dx + i, add ? load16(dx + i) + gradient : gradient);
    }
    for (; i < n; i++) {
        float gradient = inverse * (weight[i] * dy[i] - along * x[i]);
        dx[i] = add ? dx[i] + gradient : gradient;
    }
    return inverse;
}

LK_TARGET static void LK_VARIANT(rmsnorm_weight_gradient)(const float *x, size_t ldx, const float *inverses,
                                                       const float *dy, size_t ldy, size_t rows, size_t begin,
                                                       size_t end, float *dweight) {
    for (size_t i = begin; i < end; i += 16) {
        const size_t count = end - i < 16 ? end - i : 16;
        v16 sum = all16(0);
        for (size_t r = 0; r < rows; r++) {
            float a[16] = {0}, b[16] = {0};
            const float *from_x = x + r * ldx + i, *from_dy = dy + r * ldy + i;
            if (count < 16) {
                memcpy(a, from_x, count * sizeof *a);
                memcpy(b, from_dy, count * sizeof *b);
                from_x = a;
                from_dy = b;
            }
            sum = load16(from_dy) * load16(from_x) * all16(inverses[r]) + sum;
        }
        for (size_t c = 0; c < count; c++) dweight[i + c] += sum[c];
    }
}

LK_INLINE void swiglu_backward16(v16 g, v16 u, v16 d, v16 *dgate, v16 *dup) {
    v16 sigmoid = all16(1) / (all16(1) + exp16(-g));
    *dgate = d * u * sigmoid * (all16(1) + g * (all16(1) - sigmoid));
    *dup = d * g * sigmoid;
}

LK_TARGET static void LK_VARIANT(swiglu_backward)(const float *gate, const float *up, const float *dout, size_t n,
                                               float *dgate, float *dup) {
    size_t i = 0;
    for (; i + 16 <= n; i += 16) {
        v16 dg, du;
        swiglu_backward16(load16(gate + i), load16(up + i), load16(dout + i), &dg, &du);
        store16(dgate + i, dg);
        store16(dup + i, du);
    }
    if (i == n) return;
    // The same arithmetic for the last values: a value's result does not depend on where it stands.
    float g[16] = {0}, u[16] = {0}, d[16] = {0};
    memcpy(g, gate + i, (n - i) * sizeof *g);
    memcpy(u, up + i, (n - i) * sizeof *u);
    memcpy(d, dout + i, (n - i) * sizeof *d);
    v16 dg, du;
    swiglu_backward16(load16(g), load16(u), load16(d), &dg, &du);
    store16(g, dg);
    store16(u, du);
    memcpy(dgate + i, g, (n - i) * sizeof *g);
    memcpy(dup + i, u, (n - i) * sizeof *u);
}

/// As sum_of_exp, in parts of 4,096 that are added up in double: a vocabulary is long.
LK_INLINE double sum_of_many_exp(const float *x, size_t n, float largest, float *out) {
    double sum = 0;
    for (size_t i = 0; i < n; i += 4096)
        sum += sum_of_exp(x + i, n - i < 4096 ? n - i : 4096, largest, out ? out + i : NULL);
    return sum;
}

LK_TARGET static void LK_VARIANT(cross_entropy_f32)(float *logits, size_t rows, size_t vocabulary,
                                                 const int32_t *targets, const float *weights, float *losses) {
    for (size_t r = 0; r < rows; r++, logits += vocabulary) {
        const float largest = largest_of(logits, vocabulary), target = logits[targets[r]];
        const double sum = sum_of_many_exp(logits, vocabulary, largest, logits);
        losses[r] = (float)(largest + log(sum) - target);
        const float factor = (float)(weights[r] / sum);
        for (size_t i = 0; i < vocabulary; i++) logits[i] *= factor;
        logits[targets[r]] -= weights[r];
    }
}

LK_TARGET static void LK_VARIANT(cross_entropy_loss_f32)(const float *logits, size_t rows, size_t vocabulary,
                                                      const int32_t *targets, float *losses) {
    for (size_t r = 0; r < rows; r++, logits += vocabulary) {
        const float largest = largest_of(logits, vocabulary);
        losses[r] = (float)(largest + log(sum_of_many_exp(logits, vocabulary, largest, NULL)) - logits[targets[r]]);
    }
}

// The products of the backward pass, the reference. Sums run in double.
#include "panels.h"
#include "training.h"

static float bf16_value(uint16_t value) { return lk_float_from_bits((uint32_t)value << 16); }

static float rounded_to_bf16(float value) {
    uint16_t rounded;
    lk_bf16_from_f32_plain(&value, &rounded, 1);
    return bf16_value(rounded);
}

/// One input's weights, some outputs at a time in `scratch`; dy is f32, or else bf16.
static void backward(const lk_panel_matrix *w, size_t begin, size_t end, const float *dy, const uint16_t *dy16,
                     size_t ldy, size_t rows, float *dx, size_t ldx, int add, float *scratch) {
    enum { outputs_at_once = 1536 };
    for (size_t i = 0; i < (end - begin) * panel_block; i++)
        for (size_t first = 0; first < w->outputs; first += outputs_at_once) {
            size_t count = w->outputs - first < outputs_at_once ? w->outputs - first : outputs_at_once;
            for (size_t o = 0; o < count; o++) {
                float value = lk_panel_value(w, first + o, begin * panel_block + i);
                scratch[o] = dy ? value : rounded_to_bf16(value);
            }
            for (size_t r = 0; r < rows; r++) {
                double sum = 0;
                for (size_t o = 0; o < count; o++)
                    sum += (double)scratch[o] * (dy ? dy[r * ldy + first + o] : bf16_value(dy16[r * ldy + first + o]));
                float *to = dx + r * ldx + i;
                *to = (add || first > 0 ? *to : 0) + (float)sum;
            }
        }
}

void lk_panel_backward_f32_plain(const lk_panel_matrix *w, size_t begin, size_t end, const float *dy, size_t ldy,
                                 size_t rows, float *dx, size_t ldx, int add, float *scratch) {
    backward(w, begin, end, dy, NULL, ldy, rows, dx, ldx, add, scratch);
}

void lk_panel_backward_bf16_plain(const lk_panel_matrix *w, size_t begin, size_t end, const uint16_t *dy, size_t ldy,
                                  size_t rows, float *dx, size_t ldx, int add, float *scratch) {
    backward(w, begin, end, NULL, dy, ldy, rows, dx, ldx, add, scratch);
}

void lk_weight_gradient_f32_plain(const float *dy, size_t ldy, const float *x, size_t ldx, size_t rows, size_t begin,
                                  size_t end, size_t inputs, float *dw, size_t ldw, float *scratch) {
    (void)scratch;
    for (size_t o = begin; o < end; o++)
        for (size_t i = 0; i < inputs; i++) {
            double sum = 0;
            for (size_t r = 0; r < rows; r++) sum += (double)dy[r * ldy + o] * x[r * ldx + i];
            dw[o * ldw + i] += (float)sum;
        }
}

void lk_product_f32_plain(const float *a, size_t lda, const float *b, size_t ldb, size_t rows, size_t inner,
                          size_t columns, float *c, size_t ldc, float scale, int add) {
    for (size_t r = 0; r < rows; r++)
        for (size_t i = 0; i < columns; i++) {
            double sum = 0;
            for (size_t k = 0; k < inner; k++) sum += (double)a[r * lda + k] * b[k * ldb + i];
            c[r * ldc + i] = (add ? c[r * ldc + i] : 0) + (float)(scale * sum);
        }
}

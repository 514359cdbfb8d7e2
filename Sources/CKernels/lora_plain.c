// The second half of a low-rank product, the reference.
#include "variants.h"

void lk_lora_expand_plain(const float *b, size_t rank, size_t outputs, const float *t, size_t ldt, size_t rows, float *y,
                          size_t ldy) {
    for (size_t r = 0; r < rows; r++)
        for (size_t o = 0; o < outputs; o++) {
            const float *column = b + o / 32 * rank * 32 + o % 32;
            float sum = 0;
            for (size_t k = 0; k < rank; k++) sum += column[k * 32] * t[r * ldt + k];
            y[r * ldy + o] += sum;
        }
}

#ifndef LK_KERNELS_SAMPLING_H
#define LK_KERNELS_SAMPLING_H
// What a sampler does with every token of the vocabulary. Any thread; buffers of one call must not overlap.
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// weights[i] = expf((logits[i] - largest) * scale), the bits that the C library gives; 0 where the exponent is -30 or
/// less or no number, or where the weight is below `least`. Answers the sum of all weights, in eight sums of every
/// eighth, and says in `positive` how many are not 0.
double lk_sample_weights(const float *logits, size_t n, float largest, float scale, float least, float *weights,
                         size_t *positive);
/// The obvious loop, which the faster ones are tested against.
double lk_sample_weights_plain(const float *logits, size_t n, float largest, float scale, float least, float *weights,
                               size_t *positive);

/// Writes the places of the weights that are above 0 and at least `least`, in order, and answers how many there are.
/// ids: room for n + 16.
size_t lk_sample_keep(const float *weights, size_t n, float least, int32_t *ids);
size_t lk_sample_keep_plain(const float *weights, size_t n, float least, int32_t *ids);

#ifdef __cplusplus
}
#endif
#endif

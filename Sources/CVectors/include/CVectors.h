// The hot loops of nearest-neighbour search over vectors of 8-bit codes: plain C, and AVX2 and AVX-512 variants beside
// it, chosen at run time. No allocation, no state; any thread.
//
// A vector is scale × (code − 128), codes 0 to 255 standing for −128 to 127. Codes lie in blocks of 32 vectors, and in
// a block in groups of four dimensions: group g holds the codes of dimensions 4g to 4g+3 of vector 0, then of vector 1,
// …: 128 bytes. Dimensions beyond the last are 128, which is zero. One load then feeds 16 vectors, and no sum goes
// across lanes.
#ifndef CVECTORS_H
#define CVECTORS_H
#include <stddef.h>
#include <stdint.h>

enum {
    LK_VECTOR_BLOCK = 32,      // vectors
    LK_VECTOR_GROUP = 4,       // dimensions
    LK_VECTOR_QUERIES = 4,     // queries of lk_vector_scores4
};

/// A query's codes, −127 to 127, `groups` × 4 of them, the last ones 0; and 128 times their sum.
typedef struct {
    const int8_t *codes;
    int32_t bias;
} lk_vector_query;

/// scores[v] = scales[v] * sum_d (codes[v,d] − 128) * query[d], for the 32 vectors of a block: the dot product but for
/// the query's own scale. Returns the largest of them. `groups` is at most 8192, so that 32 bits hold every sum.
float lk_vector_scores(const uint8_t *codes, const float *scales, lk_vector_query query, size_t groups, float *scores);

/// The same for four queries at once: scores [4, 32]. Reads the codes once.
void lk_vector_scores4(const uint8_t *codes, const float *scales, const lk_vector_query *queries, size_t groups,
                       float *scores);

/// codes[d] = round(x[d] / scale), −127 to 127; returns the scale, max|x| / 127, or 0 for a vector of zeros (its codes
/// are 0). NaN and infinities are the caller's to refuse.
float lk_vector_quantize(const float *x, size_t n, int8_t *codes);

/// sum_d a[d] * b[d] in F32.
float lk_vector_dot_f32(const float *a, const float *b, size_t n);

/// Gives memory that was freed back to the system, where the C library would keep it. Takes milliseconds for gigabytes.
void lk_vector_trim(void);

/// "plain", "avx2" or "avx512": what runs here, the fastest that lk_isa_may_use (CInstructionSet) allows at the first
/// call.
const char *lk_vector_isa(void);

/// The variants, for tests: NULL where this CPU does not have the instructions.
typedef struct {
    const char *isa;
    float (*scores)(const uint8_t *, const float *, lk_vector_query, size_t, float *);
    void (*scores4)(const uint8_t *, const float *, const lk_vector_query *, size_t, float *);
    float (*dot_f32)(const float *, const float *, size_t);
} lk_vector_variants;

const lk_vector_variants *lk_vector_variants_for(const char *isa);
#endif

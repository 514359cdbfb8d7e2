#ifndef LK_CKERNELS_H
#define LK_CKERNELS_H
// The hot loops of the engine. Every function has a plain variant, the reference, and faster variants beside it
// that are chosen once at run time by what the CPU offers.
//
// Rules that hold for all of them: any thread may call; nothing is allocated, kept or freed; inputs and outputs
// must not overlap unless a comment says "in place"; pointers need no more alignment than their type, except
// weights, which may lie at any byte (they are read straight from a mapped file). Counts are the caller's to
// check: the kernels trust them. Matrices are row-major, and floats are IEEE f32.
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Element types of tensors, with the numbers that GGUF gives them.
typedef enum lk_type {
    LK_F32 = 0, LK_F16 = 1, LK_Q4_0 = 2, LK_Q4_1 = 3, LK_Q5_0 = 6, LK_Q5_1 = 7, LK_Q8_0 = 8,
    LK_Q2_K = 10, LK_Q3_K = 11, LK_Q4_K = 12, LK_Q5_K = 13, LK_Q6_K = 14, LK_IQ4_NL = 20, LK_IQ4_XS = 23,
    LK_BF16 = 30, LK_MXFP4 = 39,
    LK_NF4 = 1000,  // not GGUF's: in panels alone (CKernelsTraining.h)
    LK_INT8 = 1001,  // nor this: in a cache of keys and values alone
} lk_type;

// MARK: - Rows of weights

/// Values in one block of `type`: 1, 32 or 256. 0 for a type that is not in the list above.
size_t lk_block_size(lk_type type);

/// Bytes of a row of `n` values. 0 when the type is unknown, `n` is not a whole number of blocks, or the product
/// does not fit.
size_t lk_row_bytes(lk_type type, size_t n);

/// out[i] = value i of the row, in f32. `n` is a multiple of the block size.
void lk_dequantize_row(lk_type type, const void *row, float *out, size_t n);

/// Writes x as blocks of LK_Q8_0: one scale for 32 values, their largest magnitude / 127. `n` is a multiple of 32.
void lk_q8_0_from_f32(const float *x, size_t n, void *out);

/// out[i] = x[i] rounded to IEEE f16, nearest even. Out of range becomes infinity. The way back is
/// lk_dequantize_row(LK_F16, ...).
void lk_f16_from_f32(const float *x, uint16_t *out, size_t n);

// MARK: - Matrix products
// W is [outputs, n] and starts at `w`, its rows one after another. x is [rows, n]. Threads share a product by each
// taking a part [out_begin, out_end) of the outputs; `w` and `y` stay the start of the whole. A result is the same to
// the bit however the outputs are shared and however many other rows there are, but not between instruction sets.

/// y[r*ldy + o] = sum_i W[o,i] * x[r*n + i] for o in [out_begin, out_end), all in f32, for every type. The exact
/// path: each weight row is decoded once and serves all rows of x.
void lk_matmul_f32(lk_type type, const void *w, size_t out_begin, size_t out_end, const float *x, size_t rows,
                   size_t n, float *y, size_t ldy);

/// 32 activations as int8 with one scale: value i is scale * q[i]. Only lk_quantize_rows writes these and only
/// lk_panel_matmul_q8 reads them.
typedef struct lk_q8_block {
    float scale;
    float sum_scaled;  // scale * the sum of q, for weights with a minimum
    int32_t sum[2];    // sums of q[0...15] and q[16...31], for weights with an offset
    int8_t q[32];
} lk_q8_block;

/// Quantises x [rows, n] to out [rows, n / 32]: symmetric, one scale per 32 values (largest magnitude / 127), to
/// nearest.
/// `n` is a multiple of 32.
void lk_quantize_rows(const float *x, size_t rows, size_t n, lk_q8_block *out);

/// 32 activations as int16 with one scale, for products where the rounding of int8 costs too much. Only
/// lk_quantize_rows_q16 writes these and only lk_panel_matmul_q16 reads them.
typedef struct lk_q16_block {
    float scale;
    float sum_scaled;  // as in lk_q8_block
    int32_t sum[2];
    int16_t q[32];  // of four inputs in the order 0, 2, 1, 3: pairs meet every other byte of a quad
    int8_t high[32], low[32];  // the same in the order of inputs: 256 * high + low
} lk_q16_block;

/// As lk_quantize_rows, with largest magnitude / 32512, the most whose two bytes both fit int8.
void lk_quantize_rows_q16(const float *x, size_t rows, size_t n, lk_q16_block *out);

// MARK: - Panels
// Weights are put once into panels of 32 outputs, in the order in which products read them, from front to back; a panel
// takes as many bits as the rows it came from. panels.h has the layout. Outputs that are missing from the last panel
// are filled up with zeroes.

/// A matrix [outputs, inputs] in panels.
typedef struct lk_panel_matrix {
    lk_type type;
    const uint8_t *panels;  // on a boundary of 64 bytes
    size_t outputs, inputs;
} lk_panel_matrix;

/// Bytes of one panel of rows of `n` values, a multiple of 64; 0 where this length has no panels: one that is not
/// a multiple of 32.
size_t lk_panel_bytes(lk_type type, size_t n);

/// The number of panels for this number of outputs.
size_t lk_panels(size_t outputs);

/// Writes panel number `panel` of the matrix w [outputs, n], row-major in blocks of `type`, to `out`, which is on a
/// boundary of 64 bytes.
void lk_pack_panel(lk_type type, const void *w, size_t outputs, size_t n, size_t panel, void *out);

/// out[i] = value i of row `output`, as lk_dequantize_row gives it.
void lk_panel_row(const lk_panel_matrix *w, size_t output, float *out);

/// Products with the outputs of panels [begin, end): y[r*ldy + o] = sum_i W[32*begin + o, i] * x[r, i], added to what y
/// holds when `add` is not 0. Threads share a product by each taking some panels. A row's result is the same to the bit
/// whatever other rows and panels are computed with it.
///
/// In f32, the exact path. x: [rows, inputs].
void lk_panel_matmul_f32(const lk_panel_matrix *w, size_t begin, size_t end, const float *x, size_t rows, float *y,
                         size_t ldy, int add);

/// 1 when lk_panel_matmul_q8 serves weights of `type`, otherwise 0.
int lk_has_q8(lk_type type);

/// With activations from lk_quantize_rows: products in int8, sums of up to 32 in int32, the rest in f32.
/// x: [rows, inputs / 32].
void lk_panel_matmul_q8(const lk_panel_matrix *w, size_t begin, size_t end, const lk_q8_block *x, size_t rows, float *y,
                        size_t ldy, int add);

/// The same with activations from lk_quantize_rows_q16, for the types that lk_has_q8 names.
void lk_panel_matmul_q16(const lk_panel_matrix *w, size_t begin, size_t end, const lk_q16_block *x, size_t rows,
                         float *y, size_t ldy, int add);

/// out[i] = x[i] rounded to bf16, nearest even.
void lk_bf16_from_f32(const float *x, uint16_t *out, size_t n);

/// 1 when lk_panel_matmul_bf16 serves weights of `type` and this CPU has instructions for it, otherwise 0.
int lk_has_bf16(lk_type type);

/// With activations from lk_bf16_from_f32: weights rounded to bf16, products and sums in f32. x: [rows, inputs]. Types
/// that lk_has_bf16 does not name are decoded anew in each call, which pays for many rows.
void lk_panel_matmul_bf16(const lk_panel_matrix *w, size_t begin, size_t end, const uint16_t *x, size_t rows, float *y,
                          size_t ldy, int add);

// MARK: - Low-rank changes of a product
// y += B (A x), LoRA (Hu et al. 2021, arXiv:2106.09685), with A [rank, inputs] and B [outputs, rank]. The first half,
// t = A x, is lk_matmul_f32.

/// y[r*ldy + o] += sum_k B[o,k] * t[r*ldt + k] for o in [0, outputs), all in f32. `b` holds B in panels of 32 outputs,
/// [(outputs + 31) / 32, rank, 32], the last filled up with zeroes; `rank` is how many columns of t there are for it,
/// and any scale is part of B. Threads share a product by each taking some panels. A row's result is the same to the
/// bit whatever other rows and panels are computed with it.
void lk_lora_expand(const float *b, size_t rank, size_t outputs, const float *t, size_t ldt, size_t rows, float *y,
                    size_t ldy);

// MARK: - One row at a time

/// out[i] = x[i] * weight[i] / sqrt(mean(x^2) + eps). RMSNorm (Zhang & Sennrich 2019, arXiv:1910.07467). In place
/// is fine: out may be x.
void lk_rmsnorm(const float *x, const float *weight, float eps, size_t n, float *out);

/// out[i] = silu(gate[i]) * up[i], silu(g) = g / (1 + exp(-g)). SwiGLU (Shazeer 2020, arXiv:2002.05202). out may be
/// gate or up.
void lk_swiglu(const float *gate, const float *up, size_t n, float *out);

/// The same for 32 outputs of some rows, quantised: gate, up: [rows, 32]; out[r*stride] = the quantised 32 of row r.
void lk_swiglu_q8(const float *gate, const float *up, size_t rows, lk_q8_block *out, size_t stride);

/// out[i] = gelu(gate[i]) * up[i], with the approximation by tanh: gelu(g) = g * (1 + tanh(sqrt(2 / pi) * (g + 0.044715
/// g^3))) / 2. GeGLU (Shazeer 2020, arXiv:2002.05202) as Gemma has it. out may be gate or up.
void lk_geglu(const float *gate, const float *up, size_t n, float *out);

/// The same for 32 outputs of some rows, quantised, as lk_swiglu_q8 has it.
void lk_geglu_q8(const float *gate, const float *up, size_t rows, lk_q8_block *out, size_t stride);

/// x[i] = cap * tanh(x[i] / cap), in place; cap > 0. Within 4e-7 * cap.
void lk_soft_cap(float *x, size_t n, float cap);

/// out[i] = (x[i] - mean(x)) / sqrt(variance(x) + eps) * weight[i] + bias[i], the variance over n. LayerNorm (Ba et al.
/// 2016, arXiv:1607.06450). out may be x.
void lk_layernorm(const float *x, const float *weight, const float *bias, float eps, size_t n, float *out);

/// out[i] = g * (1 + erf(g / sqrt 2)) / 2 with g = x[i] + bias[i]. GELU (Hendrycks & Gimpel 2016, arXiv:1606.08415),
/// not its approximation by tanh; within 3e-7 * |g|. out may be x.
void lk_gelu(const float *x, const float *bias, size_t n, float *out);

/// The same for 32 outputs of some rows, quantised: x: [rows, 32], bias: [32]; out[r*stride] = the quantised 32 of row
/// r.
void lk_gelu_q8(const float *x, const float *bias, size_t rows, lk_q8_block *out, size_t stride);

/// x[i] += y[i].
void lk_add(float *x, const float *y, size_t n);

/// Turns the first `rotary_dim` values of each head by the angles of one position, in place. x: [heads, head_dim];
/// cos, sin: [rotary_dim / 2]. RoPE (Su et al. 2021, arXiv:2104.09864). The pair of angle i is (2i, 2i+1) in the
/// interleaved order, that of the paper and of GGUF files of the llama architecture, whose weights were permuted
/// to it; it is (i, i + rotary_dim/2) in the half order, that of Hugging Face weights and of GGUF qwen2 and qwen3.
void lk_rope_interleaved(float *x, size_t heads, size_t head_dim, size_t rotary_dim, const float *cos,
                         const float *sin);
void lk_rope_half(float *x, size_t heads, size_t head_dim, size_t rotary_dim, const float *cos, const float *sin);

/// x becomes softmax(x), in place; the answer is log(sum(exp(x))), so log p[i] = x[i] - answer for the old x.
/// n >= 1.
float lk_softmax(float *x, size_t n);

/// log(sum(exp(x))), x untouched. n >= 1.
float lk_logsumexp(const float *x, size_t n);

/// Index of the largest value, the first of equals. NaN never wins; 0 when n is 0 or all are NaN.
size_t lk_argmax(const float *x, size_t n);

// MARK: - Attention
// Online softmax (Milakov & Gimelshein 2018, arXiv:1805.02867; Dao et al. 2022, arXiv:2205.14135): start, then one
// call for each run of positions (a page of the cache, or all of it), then finish.
//
// queries: the vectors that look at the same key/value head: the query heads of its group, for one token or for several
// cache: LK_BF16 (of an even head_dim), LK_F32 or LK_INT8, the type of k and v
// q: [queries, head_dim] f32, contiguous
// visible: [queries], how many positions of the run each query sees, from the first on
// k: sixteen positions side by side, [positions / 16, head_dim, 16]; in bf16 pairs of dimensions, [positions / 16,
//   head_dim / 2, 16, 2]; in int8 the same pairs, the last one filled up, and behind each group of sixteen their scales,
//   [16] f32. Written by lk_put_key. The last group is read whole, so its memory must be there
// v: [positions, head_dim]; in bf16 pairs of positions, [positions / 2, head_dim, 2]; in int8 the same pairs, of
//   head_dim rounded up to an even number, with the scales behind each group of sixteen positions. Written by
//   lk_put_value. The last pair's memory, and in int8 the last group's, must be there, whatever it holds
// next: keys of the run that the caller reads after this one, which are asked for ahead; NULL where none is known. A
//   hint: nothing is read through it
// state: [queries, 2] f32, running maximum and running sum
// out: [queries, head_dim] f32, the weighted sum so far; after finish the answer
//
// A query's result depends on its own row and on how positions were cut into runs, not on the queries beside it, as
// long as runs other than the last are multiples of 64. With a cache of bf16 and instructions for it, queries and
// weights are rounded to bf16 too; with one of int8 the faster variants round them to int16, with a scale for each query
// and each 64 of its weights. Products and sums are f32, or exact. A finish without a single position gives zeroes.

/// Bytes of one position's key, or value, of one head. A run of int8 is whole groups of sixteen positions.
size_t lk_cache_bytes(lk_type cache, size_t head_dim);

void lk_attention_start(size_t queries, size_t head_dim, float *state, float *out);
void lk_attention(lk_type cache, const float *q, size_t queries, size_t head_dim, float scale, const uint32_t *visible,
                  const void *k, const void *v, const void *next, float *state, float *out);
/// The same where a query sees neither all positions from the first on nor their plain scores: position p counts for
/// query i where hidden[i] <= p < visible[i], and its score becomes cap * tanh(score / cap) unless cap is 0. Tiles of 64
/// positions that all queries have left behind are not read. With a cache of bf16 queries and weights are not rounded.
void lk_attention_limited(lk_type cache, const float *q, size_t queries, size_t head_dim, float scale, float cap,
                          const uint32_t *hidden, const uint32_t *visible, const void *k, const void *v,
                          const void *next, float *state, float *out);
/// Takes in what another start and other runs gave: `more_state` and `more`, before their finish.
void lk_attention_join(size_t queries, size_t head_dim, const float *more_state, const float *more, float *state,
                       float *out);
void lk_attention_finish(size_t queries, size_t head_dim, const float *state, float *out);

/// Write the key and the value of one position, [head_dim] f32, to its place in a run: in int8 as 127ths of the largest
/// magnitude, which is the scale. Threads may write different positions.
void lk_put_key(lk_type cache, const float *key, size_t head_dim, size_t position, void *k);
void lk_put_value(lk_type cache, const float *value, size_t head_dim, size_t position, void *v);

// MARK: - Which variant runs

struct lk_training_variants;

/// The variants of the kernels that differ between instruction sets, one table for each. The functions above call the
/// active table; tests call the others to compare them.
typedef struct lk_variants {
    const char *isa;  // "plain", "avx2", "avx-vnni", "avx512-vnni", "avx512-bf16" or "neon-dotprod"
    void (*dequantize_row)(lk_type, const void *, float *, size_t);
    void (*matmul_f32)(lk_type, const void *, size_t, size_t, const float *, size_t, size_t, float *, size_t);
    void (*panel_matmul_f32)(const lk_panel_matrix *, size_t, size_t, const float *, size_t, float *, size_t, int);
    void (*panel_matmul_q8)(const lk_panel_matrix *, size_t, size_t, const lk_q8_block *, size_t, float *, size_t, int);
    void (*panel_matmul_q16)(const lk_panel_matrix *, size_t, size_t, const lk_q16_block *, size_t, float *, size_t,
                             int);
    /// The plain variant where the instruction set has nothing faster than f32.
    void (*panel_matmul_bf16)(const lk_panel_matrix *, size_t, size_t, const uint16_t *, size_t, float *, size_t, int);
    void (*bf16_from_f32)(const float *, uint16_t *, size_t);
    void (*quantize_rows)(const float *, size_t, size_t, lk_q8_block *);
    void (*quantize_rows_q16)(const float *, size_t, size_t, lk_q16_block *);
    void (*lora_expand)(const float *, size_t, size_t, const float *, size_t, size_t, float *, size_t);
    void (*rmsnorm)(const float *, const float *, float, size_t, float *);
    void (*swiglu)(const float *, const float *, size_t, float *);
    void (*swiglu_q8)(const float *, const float *, size_t, lk_q8_block *, size_t);
    void (*geglu)(const float *, const float *, size_t, float *);
    void (*geglu_q8)(const float *, const float *, size_t, lk_q8_block *, size_t);
    void (*soft_cap)(float *, size_t, float);
    void (*layernorm)(const float *, const float *, const float *, float, size_t, float *);
    void (*gelu)(const float *, const float *, size_t, float *);
    void (*gelu_q8)(const float *, const float *, size_t, lk_q8_block *, size_t);
    float (*softmax)(float *, size_t);
    float (*logsumexp)(const float *, size_t);
    size_t (*argmax)(const float *, size_t);
    void (*attention)(lk_type, const float *, size_t, size_t, float, const uint32_t *, const void *, const void *,
                      const void *, float *, float *);
    void (*attention_limited)(lk_type, const float *, size_t, size_t, float, float, const uint32_t *, const uint32_t *,
                              const void *, const void *, const void *, float *, float *);
    /// The limits that products are measured against, beside `multiply_adds` of the training table. The answers have no
    /// meaning.
    /// Reads n bytes, a multiple of 256 on a boundary of 64, and nothing else.
    uint32_t (*read_all)(const void *, size_t);
    /// Products of bytes and their sums in registers alone, `round_products` in a round.
    int32_t (*multiply_bytes)(size_t rounds);
    size_t round_products;
    const struct lk_training_variants *training;  // CKernelsTraining.h
} lk_variants;

/// The table of that instruction set, or NULL when this CPU or build does not offer it.
const lk_variants *lk_variants_for(const char *isa);

/// The instruction set in use: the fastest that lk_isa_may_use (CInstructionSet) allows at the first call.
const char *lk_isa(void);

// MARK: - Waiting

/// Asks for the line at `p`, up to the second-level cache. Any address will do: nothing is read.
static inline void lk_prefetch(const void *p) { __builtin_prefetch(p, 0, 2); }

/// One turn of a loop that waits for another thread.
static inline void lk_spin(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ __volatile__("isb");
#endif
}

// MARK: - Rows of weights from f32

/// Writes n values as a row of `type`, rounded as llama.cpp's reference does: F32, F16, BF16, Q8_0, Q4_0 or Q4_1; 0 for
/// any other type, and nothing is written. `n` is a multiple of the block size. (lk_q8_0_from_f32 rounds against the
/// scale as it will be read, which is closer, and not what files of others hold.)
int lk_row_from_f32(lk_type type, const float *x, size_t n, void *out);

#ifdef __cplusplus
}
#endif

#include "CKernelsSampling.h"
#include "CKernelsTraining.h"
#endif

// Vectors of 32 bytes for panel_q8.h: a part is half a panel, 16 outputs. A file that includes this defines LK_VNNI, 1
// where one instruction adds four products to a sum and 0 where AVX2 takes three, LK_TARGET, LK_WIDE, and
// LK_MATMUL.
#include "variants_x86.h"
#include "panels.h"
#include "unpack_avx2.h"
#include "panel_activations.h"

#define LK_INLINE LK_TARGET static inline __attribute__((always_inline))

typedef struct { __m256i a, b; } quad;  // outputs 0...7 and 8...15 of the side
typedef struct { __m256i a, b; } ints;
typedef struct { __m256 a, b; } floats;

LK_INLINE __m256i load(const uint8_t *p) { return _mm256_load_si256((const __m256i *)p); }

/// From 32 bits to 32 bytes, `value` where the bit is set.
LK_INLINE __m256i bits_at(const uint8_t *p, const int value) {
    const __m256i byte_of = _mm256_setr_epi8(0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 3, 3,
                                             3, 3, 3, 3, 3, 3);
    const __m256i bit_of = _mm256_set1_epi64x((int64_t)0x8040201008040201ull);
    __m256i spread = _mm256_shuffle_epi8(_mm256_set1_epi32((int32_t)lk_read_u32(p)), byte_of);
    return _mm256_and_si256(_mm256_cmpeq_epi8(_mm256_and_si256(spread, bit_of), bit_of), _mm256_set1_epi8((char)value));
}

/// Two bits of each byte, from bit `from` on, at bit `to`.
LK_INLINE __m256i two_bits(__m256i bytes, const int from, const int to) {
    __m256i moved = from < to ? _mm256_slli_epi16(bytes, to - from) : _mm256_srli_epi16(bytes, from - to);
    return _mm256_and_si256(moved, _mm256_set1_epi8((char)(3 << to)));
}

/// Whether values are taken as signed: three instructions want pairs of products to fit into 16 bits.
LK_INLINE int is_signed(const lk_type type) { return !LK_VNNI && !LK_WIDE && lk_panel_offset(type) == 128; }

LK_INLINE quad quad_at(const lk_type type, const uint8_t *values, const int j, const int side) {
    const int bits = lk_panel_value_bits(type);
    if (bits == 8) {
        const __m256i sign = _mm256_set1_epi8(is_signed(type) ? -128 : 0);
        const uint8_t *p = values + 128 * j + 64 * side;
        return (quad){_mm256_xor_si256(load(p), sign), _mm256_xor_si256(load(p + 32), sign)};
    }
    if (bits <= 3) {
        const uint8_t *p = values + 64 * (j / 2);
        const int from = j % 2 * 4 + side * 2;
        quad two = {two_bits(load(p), from, 0), two_bits(load(p + 32), from, 0)};
        if (bits == 2) return two;
        const uint8_t *third = values + 256 + 16 * j + 8 * side;
        return (quad){_mm256_or_si256(two.a, bits_at(third, 4)), _mm256_or_si256(two.b, bits_at(third + 4, 4))};
    }
    const __m256i nibble = _mm256_set1_epi8(15);
    __m256i a = load(values + 64 * j), b = load(values + 64 * j + 32);
    if (side) {
        a = _mm256_srli_epi16(a, 4);
        b = _mm256_srli_epi16(b, 4);
    }
    quad q = {_mm256_and_si256(a, nibble), _mm256_and_si256(b, nibble)};
    if (lk_panel_book(type) != NULL) {
        __m256i book = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)lk_panel_book(type)));
        book = _mm256_xor_si256(book, _mm256_set1_epi8(is_signed(type) ? -128 : 0));
        return (quad){_mm256_shuffle_epi8(book, q.a), _mm256_shuffle_epi8(book, q.b)};
    }
    if (bits == 5) {
        q.a = _mm256_or_si256(q.a, bits_at(values + 512 + 16 * j + 8 * side, 16));
        q.b = _mm256_or_si256(q.b, bits_at(values + 516 + 16 * j + 8 * side, 16));
    }
    if (bits == 6) {
        const uint8_t *more = values + 512 + 64 * (j / 2);
        q.a = _mm256_or_si256(q.a, two_bits(load(more), j % 2 * 4 + side * 2, 4));
        q.b = _mm256_or_si256(q.b, two_bits(load(more + 32), j % 2 * 4 + side * 2, 4));
    }
    return q;
}

LK_INLINE floats halves_at(const uint8_t *p) {
    return (floats){_mm256_cvtph_ps(_mm_load_si128((const __m128i *)p)),
                  _mm256_cvtph_ps(_mm_load_si128((const __m128i *)(p + 16)))};
}

LK_INLINE floats bytes_at(const uint8_t *p, const int has_sign) {
    __m128i a = _mm_loadl_epi64((const __m128i *)p), b = _mm_loadl_epi64((const __m128i *)(p + 8));
    if (has_sign)
        return (floats){_mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(a)), _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(b))};
    return (floats){_mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(a)), _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(b))};
}

LK_INLINE floats product(floats a, floats b) { return (floats){_mm256_mul_ps(a.a, b.a), _mm256_mul_ps(a.b, b.b)}; }

/// Nibbles of 16 bytes, the low ones or those at `shift` 4.
LK_INLINE floats nibbles_at(const uint8_t *p, const int shift) {
    const __m128i all = _mm_srli_epi16(_mm_load_si128((const __m128i *)p), shift);
    const __m128i nibbles = _mm_and_si128(all, _mm_set1_epi8(15));
    return (floats){_mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(nibbles)),
                    _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_srli_si128(nibbles, 8)))};
}

LK_INLINE floats scales_at(const lk_type type, const uint8_t *head, const uint8_t *block, const int b, const int half,
                           const int side) {
    if (type == LK_MXFP4) {
        const __m256i d = load(block + 32 * side), zero = _mm256_setzero_si256();
        const __m256i low = _mm256_unpacklo_epi16(zero, d), high = _mm256_unpackhi_epi16(zero, d);
        return (floats){_mm256_castsi256_ps(_mm256_permute2x128_si256(low, high, 0x20)),
                        _mm256_castsi256_ps(_mm256_permute2x128_si256(low, high, 0x31))};
    }
    if (!lk_panel_is_super(type)) return halves_at(block + 32 * side);
    const floats d = halves_at(head + 32 * side);
    if (type == LK_IQ4_XS) return product(d, bytes_at(head + 64 + 32 * b + 16 * side, 1));
    if (type == LK_Q2_K) return product(d, nibbles_at(block + 32 * half + 16 * side, 0));
    if (lk_panel_has_halves(type)) return product(d, bytes_at(block + 32 * half + 16 * side, 1));
    return product(d, bytes_at(block + 16 * side, 0));
}

LK_INLINE floats minima_at(const lk_type type, const uint8_t *head, const uint8_t *block, const int half,
                          const int side) {
    if (!lk_panel_is_super(type)) return halves_at(block + 64 + 32 * side);
    const floats factor = type == LK_Q2_K ? nibbles_at(block + 32 * half + 16 * side, 4)
                                          : bytes_at(block + 32 + 16 * side, 0);
    const floats m = product(halves_at(head + 64 + 32 * side), factor);
    const __m256 zero = _mm256_setzero_ps();
    return (floats){_mm256_sub_ps(zero, m.a), _mm256_sub_ps(zero, m.b)};
}

LK_INLINE quad quad_from(const uint8_t *p) { return (quad){load(p), load(p + 32)}; }

LK_INLINE void put_quad(uint8_t *p, quad q) {
    _mm256_store_si256((__m256i *)p, q.a);
    _mm256_store_si256((__m256i *)(p + 32), q.b);
}

LK_INLINE floats floats_from(const float *p) { return (floats){_mm256_loadu_ps(p), _mm256_loadu_ps(p + 8)}; }

LK_INLINE void put_floats(float *p, floats v) {
    _mm256_storeu_ps(p, v.a);
    _mm256_storeu_ps(p + 8, v.b);
}

LK_INLINE floats scaled(floats v, float x) { return product(v, (floats){_mm256_set1_ps(x), _mm256_set1_ps(x)}); }

LK_INLINE floats multiply_add(floats v, floats w, floats sum) {
    return (floats){_mm256_fmadd_ps(v.a, w.a, sum.a), _mm256_fmadd_ps(v.b, w.b, sum.b)};
}

LK_INLINE floats add_scaled(floats v, float x, floats sum) {
    return multiply_add(v, (floats){_mm256_set1_ps(x), _mm256_set1_ps(x)}, sum);
}

LK_INLINE __m256i lanes_of(const void *p) { return _mm256_set1_epi32((int32_t)lk_read_u32(p)); }

// Without VNNI pairs of products are added in 16 bits: of values up to 15 a whole block's, of values up to 63 those of
// two quads. Of Q8_0 one quad's fit, when the weight's sign moves to x.
LK_INLINE int adds_in_16_bits(const lk_type type) {
    return !LK_VNNI && !LK_WIDE && lk_panel_value_bits(type) <= 4 && lk_panel_book(type) == NULL;
}
LK_INLINE int two_quads(const lk_type type) {
    const int bits = lk_panel_value_bits(type);
    return !LK_VNNI && !LK_WIDE && (bits == 5 || bits == 6 || type == LK_MXFP4);
}

/// The offset is subtracted at the end where the sums begin in 16 bits.
LK_INLINE ints start_at(const lk_type type, int32_t sum) {
    const __m256i zero = _mm256_setzero_si256();
    if (lk_panel_offset(type) == 0 || is_signed(type) || adds_in_16_bits(type)) return (ints){zero, zero};
    const __m256i all = _mm256_set1_epi32(-lk_panel_offset(type) * sum);
    return (ints){all, all};
}

// Each addition stays where it is: made into a tree, they would want more registers than there are.
#define KEEP_ORDER(v) __asm__("" : "+x"((v).a), "+x"((v).b))

#if LK_WIDE
LK_INLINE quad evens_of(quad q) {
    const __m256i mask = _mm256_set1_epi16(255);
    return (quad){_mm256_and_si256(q.a, mask), _mm256_and_si256(q.b, mask)};
}

LK_INLINE quad odds_of(quad q) { return (quad){_mm256_srli_epi16(q.a, 8), _mm256_srli_epi16(q.b, 8)}; }

LK_INLINE ints add_pairs(ints sums, quad q, const int16_t *p) {
    const __m256i x = lanes_of(p);
#if LK_VNNI
    return (ints){_mm256_dpwssd_avx_epi32(sums.a, q.a, x), _mm256_dpwssd_avx_epi32(sums.b, q.b, x)};
#else
    sums.a = _mm256_add_epi32(sums.a, _mm256_madd_epi16(q.a, x));
    sums.b = _mm256_add_epi32(sums.b, _mm256_madd_epi16(q.b, x));
    KEEP_ORDER(sums);
    return sums;
#endif
}
#endif

LK_INLINE ints add_quad(const lk_type type, ints sums, quad q, const activation *p) {
#if LK_WIDE
    (void)type;
    return add_pairs(add_pairs(sums, evens_of(q), p), odds_of(q), p + 2);
#elif LK_VNNI
    const __m256i x = lanes_of(p);
    (void)type;
    return (ints){_mm256_dpbusd_avx_epi32(sums.a, q.a, x), _mm256_dpbusd_avx_epi32(sums.b, q.b, x)};
#else
    const __m256i x = lanes_of(p);
    if (adds_in_16_bits(type)) {
        sums.a = _mm256_add_epi16(sums.a, _mm256_maddubs_epi16(q.a, x));
        sums.b = _mm256_add_epi16(sums.b, _mm256_maddubs_epi16(q.b, x));
        KEEP_ORDER(sums);
        return sums;
    }
    const __m256i ones = _mm256_set1_epi16(1);
    __m256i a = _mm256_maddubs_epi16(_mm256_abs_epi8(q.a), _mm256_sign_epi8(x, q.a));
    __m256i b = _mm256_maddubs_epi16(_mm256_abs_epi8(q.b), _mm256_sign_epi8(x, q.b));
    sums.a = _mm256_add_epi32(sums.a, _mm256_madd_epi16(a, ones));
    sums.b = _mm256_add_epi32(sums.b, _mm256_madd_epi16(b, ones));
    KEEP_ORDER(sums);
    return sums;
#endif
}

#define LK_OPAQUE(q) __asm__("" : "+x"((q).a), "+x"((q).b))

LK_INLINE ints add_plain_quad(ints sums, quad q, const activation *p) {
#if LK_VNNI
    return add_quad(LK_Q8_0, sums, q, p);
#else
    const __m256i x = lanes_of(p), ones = _mm256_set1_epi16(1);
    return (ints){_mm256_add_epi32(sums.a, _mm256_madd_epi16(_mm256_maddubs_epi16(q.a, x), ones)),
                  _mm256_add_epi32(sums.b, _mm256_madd_epi16(_mm256_maddubs_epi16(q.b, x), ones))};
#endif
}

LK_INLINE ints add_quads(const lk_type type, ints sums, quad q, const activation *p, quad q2, const activation *p2) {
    (void)type;
    const __m256i ones = _mm256_set1_epi16(1), x = lanes_of(p), x2 = lanes_of(p2);
    __m256i a = _mm256_add_epi16(_mm256_maddubs_epi16(q.a, x), _mm256_maddubs_epi16(q2.a, x2));
    __m256i b = _mm256_add_epi16(_mm256_maddubs_epi16(q.b, x), _mm256_maddubs_epi16(q2.b, x2));
    sums.a = _mm256_add_epi32(sums.a, _mm256_madd_epi16(a, ones));
    sums.b = _mm256_add_epi32(sums.b, _mm256_madd_epi16(b, ones));
    KEEP_ORDER(sums);
    return sums;
}

LK_INLINE floats sums_of(const lk_type type, ints v, int32_t sum) {
    if (adds_in_16_bits(type)) {
        const __m256i ones = _mm256_set1_epi16(1);
        v = (ints){_mm256_madd_epi16(v.a, ones), _mm256_madd_epi16(v.b, ones)};
        if (lk_panel_offset(type) != 0) {
            const __m256i all = _mm256_set1_epi32(lk_panel_offset(type) * sum);
            v = (ints){_mm256_sub_epi32(v.a, all), _mm256_sub_epi32(v.b, all)};
        }
    }
    return (floats){_mm256_cvtepi32_ps(v.a), _mm256_cvtepi32_ps(v.b)};
}

/// Registers for sums, weights and activations.
LK_INLINE int strip_rows(const lk_type type) { return LK_VNNI || adds_in_16_bits(type) ? 6 : 4; }

/// With VNNI, values of 4 and 8 bits are unpacked as fast as they are read again.
LK_INLINE size_t direct_rows(const lk_type type) {
    const int bits = lk_panel_value_bits(type);
    return !LK_VNNI ? 1 : bits == 4 || bits == 8 ? 6 : 3;
}

LK_INLINE size_t unasked_rows(const lk_type type) { return (void)type, 1; }

#define LK_PARTS 2
#define LK_TILE 6
#define LK_SUMS_FIT 0
#define LK_AHEAD 4096
#include "panel_q8.h"

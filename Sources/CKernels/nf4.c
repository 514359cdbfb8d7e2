// NF4 with scales that are quantised again (Dettmers et al. 2023, arXiv:2305.14314), as bitsandbytes 0.50 computes it
// on a CPU, and its panels. See panels.h.
#include "panels.h"
#include <math.h>

const float lk_nf4_values[16] = {
    -1.0f, -0.6961928009986877f, -0.5250730514526367f, -0.39491748809814453f,
    -0.28444138169288635f, -0.18477343022823334f, -0.09105003625154495f, 0.0f,
    0.07958029955625534f, 0.16093020141124725f, 0.24611230194568634f, 0.33791524171829224f,
    0.44070982933044434f, 0.5626170039176941f, 0.7229568362236023f, 1.0f,
};

// The signed dynamic map of 8 bits (Dettmers 2015, arXiv:1511.04561) above zero, without the 1 at its end: for e =
// 0...6 the 2^e midpoints of [0.1, 1] cut into 2^e equal parts, times 10^(e - 6), in the roundings of f32.
static const float dynamic_map[127] = {
    5.50000038e-07f, 3.25000019e-06f, 7.7499999e-06f, 2.12499981e-05f, 4.37499984e-05f, 6.62500024e-05f,
    8.87499991e-05f, 0.000156250011f, 0.000268750038f, 0.000381250022f, 0.000493750034f, 0.000606250076f,
    0.00071875006f, 0.000831249985f, 0.000943750085f, 0.00128124992f, 0.00184375001f, 0.00240624999f,
    0.00296874996f, 0.00353124971f, 0.00409374991f, 0.00465624966f, 0.00521875033f, 0.00578125007f,
    0.00634374982f, 0.00690625003f, 0.00746874977f, 0.00803124998f, 0.00859375019f, 0.00915624946f,
    0.00971874967f, 0.0114062503f, 0.0142187504f, 0.0170312505f, 0.0198437516f, 0.0226562507f,
    0.0254687499f, 0.028281251f, 0.0310937501f, 0.0339062512f, 0.0367187522f, 0.0395312496f,
    0.0423437469f, 0.0451562516f, 0.047968749f, 0.05078125f, 0.053593751f, 0.0564062484f,
    0.0592187531f, 0.0620312504f, 0.0648437515f, 0.0676562563f, 0.0704687461f, 0.0732812509f,
    0.0760937482f, 0.078906253f, 0.0817187577f, 0.0845312476f, 0.0873437524f, 0.0901562497f,
    0.0929687545f, 0.0957812592f, 0.0985937491f, 0.107031256f, 0.12109375f, 0.135156244f,
    0.149218753f, 0.163281247f, 0.177343756f, 0.19140625f, 0.205468744f, 0.219531253f,
    0.233593747f, 0.247656241f, 0.26171875f, 0.275781274f, 0.289843738f, 0.303906262f,
    0.317968726f, 0.33203125f, 0.346093744f, 0.360156238f, 0.374218762f, 0.388281226f,
    0.40234375f, 0.416406244f, 0.430468738f, 0.444531262f, 0.458593726f, 0.47265625f,
    0.486718714f, 0.500781238f, 0.514843702f, 0.528906226f, 0.54296875f, 0.557031274f,
    0.571093798f, 0.585156262f, 0.599218726f, 0.61328125f, 0.627343774f, 0.641406298f,
    0.655468762f, 0.669531226f, 0.68359375f, 0.697656274f, 0.711718798f, 0.725781262f,
    0.739843726f, 0.75390625f, 0.767968774f, 0.782031238f, 0.796093762f, 0.810156226f,
    0.82421875f, 0.838281274f, 0.852343738f, 0.866406262f, 0.880468726f, 0.89453125f,
    0.908593774f, 0.922656238f, 0.936718762f, 0.950781226f, 0.96484375f, 0.978906274f,
    0.992968738f,
};

float lk_nf4_scale(uint8_t code) {
    if (code >= 128) return code == 255 ? 1 : dynamic_map[code - 128];
    return code == 127 ? 0 : -dynamic_map[126 - code];
}

void lk_nf4_quantise(const float *x, size_t n, uint8_t *codes, float *largest) {
    for (size_t first = 0; first < n; first += 64) {
        const size_t count = n - first < 64 ? n - first : 64;
        float most = 0;
        for (size_t i = 0; i < count; i++) {
            const float magnitude = fabsf(x[first + i]);
            most = magnitude > most || magnitude != magnitude ? magnitude : most;
        }
        largest[first / 64] = most;
        const float inverse = 1 / (most < 1e-38f ? 1e-38f : most);
        uint8_t q[64] = {0};
        for (size_t b = 0; b < 15; b++) {
            // A value in the middle belongs to the lower of two.
            const float middle = (lk_nf4_values[b] + lk_nf4_values[b + 1]) / 2;
            for (size_t i = 0; i < count; i++) q[i] += x[first + i] * inverse > middle;
        }
        for (size_t i = 0; i < count; i += 2) codes[(first + i) / 2] = (uint8_t)(q[i] << 4 | q[i + 1]);
    }
}

/// The code nearest to x, the lower of two. bitsandbytes asks a table of 65,536 places of [-1, 1], so that is what is
/// rounded first.
static uint8_t scale_code(float x) {
    float place = (x + 1) * 0.5f * 65535;
    place += 0.5f;  // a statement of its own: rounded twice
    const float value = (float)(floorf(place) / 65535.0 * 2 - 1);
    size_t low = 0, high = 255;
    while (high - low > 1) {
        const size_t middle = (low + high) / 2;
        if (lk_nf4_scale((uint8_t)middle) <= value) low = middle;
        else high = middle;
    }
    return (uint8_t)(value - lk_nf4_scale((uint8_t)low) <= lk_nf4_scale((uint8_t)high) - value ? low : high);
}

float lk_nf4_quantise_scales(const float *largest, size_t blocks, uint8_t *scales, float *groups) {
    double sum = 0;
    for (size_t i = 0; i < blocks; i++) sum += largest[i];
    const float mean = (float)(sum / (double)blocks);
    for (size_t first = 0; first < blocks; first += nf4_group) {
        const size_t count = blocks - first < nf4_group ? blocks - first : nf4_group;
        float most = 0;
        for (size_t i = 0; i < count; i++) {
            const float magnitude = fabsf(largest[first + i] - mean);
            most = magnitude > most || magnitude != magnitude ? magnitude : most;
        }
        groups[first / nf4_group] = most;
        const float inverse = most > 0 ? 1 / most : 0;
        for (size_t i = 0; i < count; i++) scales[first + i] = scale_code((largest[first + i] - mean) * inverse);
    }
    return mean;
}

void lk_nf4_pack_panel(const lk_nf4_matrix *w, size_t panel, void *out) {
    const size_t n = w->inputs, first = panel * panel_outputs, block = first * n / 64;
    const size_t outputs = w->outputs - first < panel_outputs ? w->outputs - first : panel_outputs;
    const size_t blocks = (w->outputs * n + 63) / 64, groups = (blocks + nf4_group - 1) / nf4_group;
    uint8_t *to = out;
    memset(to, 0, lk_panel_stride(LK_NF4, n));
    for (size_t c = 0; c < outputs; c++)
        for (size_t i = 0; i < n; i++) {
            const size_t at = (first + c) * n + i, lane = 4 * (c % 16) + i % 4;
            const int q = w->codes[at / 2] >> (at % 2 ? 0 : 4) & 15;
            to[i / 32 * lk_panel_block_bytes(LK_NF4) + 64 * (i % 32 / 4) + lane] |= (uint8_t)(c < 16 ? q : q << 4);
        }
    uint8_t *tail = to + lk_nf4_tail_at(n), *scales = tail + lk_nf4_head_bytes(n);
    const uint32_t place = (uint32_t)(block % nf4_group);
    memcpy(tail, &w->offset, 4);
    memcpy(tail + 4, &place, 4);
    for (size_t g = 0; g < lk_nf4_groups(n) && block / nf4_group + g < groups; g++)
        memcpy(tail + 8 + 4 * g, w->groups + block / nf4_group + g, 4);
    for (size_t c = 0; c < outputs; c++)
        for (size_t i = 0; i < n; i += 32)
            scales[lk_nf4_block_of(n, c, i) * panel_outputs + c] = w->scales[((first + c) * n + i) / 64];
}

// What a machine reaches at most, which products are measured against. See vector.h.

/// Reads n bytes, a multiple of 256 on a boundary of 64, and nothing else. The answer depends on all of them.
LK_TARGET static uint32_t LK_VARIANT(read_all)(const void *p, size_t n) {
    v16u a = {0}, b = a, c = a, d = a;
    for (const v16u *from = p, *end = from + n / sizeof *from; from < end; from += 4) {
        a ^= from[0];
        b ^= from[1];
        c ^= from[2];
        d ^= from[3];
    }
    a = (a ^ b) ^ (c ^ d);
    uint32_t all = 0;
    for (int i = 0; i < 16; i++) all ^= a[i];
    return all;
}

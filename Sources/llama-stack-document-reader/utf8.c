#include "utf8.h"

#include <string.h>

#include "arena.h"

// The bytes of the letter at `at`, 0 when there is none.
static size_t letter(const unsigned char *at, const unsigned char *end) {
    unsigned char first = *at;
    if (first < 0x80) return 1;
    size_t size = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    if (first < 0xC2 || first > 0xF4 || (size_t)(end - at) < size) return 0;
    // Longer than it has to be, a half of UTF-16, or beyond the last.
    unsigned char low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
    unsigned char high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
    if (at[1] < low || at[1] > high) return 0;
    for (size_t i = 2; i < size; i++) {
        if ((at[i] & 0xC0) != 0x80) return 0;
    }
    return size;
}

static const unsigned char *past_ascii(const unsigned char *at, const unsigned char *end) {
    for (uint64_t eight; end - at >= 8; at += 8) {
        memcpy(&eight, at, sizeof eight);
        if (eight & 0x8080808080808080) break;
    }
    while (at < end && *at < 0x80) at++;
    return at;
}

utf8_counts utf8_count(span text) {
    utf8_counts counts = {0, 0};
    const unsigned char *at = (const unsigned char *)text.bytes, *end = at + text.size;
    while ((at = past_ascii(at, end)) < end) {
        size_t size = letter(at, end);
        if (size) counts.letters++;
        else counts.invalid++;
        at += size ? size : 1;
    }
    return counts;
}

span utf8_repaired(span text) {
    size_t invalid = utf8_count(text).invalid, length = 0;
    if (invalid == 0) return text;
    char *to = arena_take(text.size + 2 * invalid);
    const unsigned char *at = (const unsigned char *)text.bytes, *end = at + text.size;
    while (at < end) {
        size_t size = letter(at, end);
        memcpy(to + length, size ? (const char *)at : "\xEF\xBF\xBD", size ? size : 3);
        length += size ? size : 3;
        at += size ? size : 1;
    }
    return (span){to, length};
}

size_t utf8_encode(uint32_t scalar, char *to) {
    if (scalar > 0x10FFFF || (scalar >= 0xD800 && scalar < 0xE000)) scalar = 0xFFFD;
    if (scalar < 0x80) return (to[0] = (char)scalar, 1);
    size_t size = scalar < 0x800 ? 2 : scalar < 0x10000 ? 3 : 4;
    for (size_t i = size - 1; i > 0; i--) {
        to[i] = (char)(0x80 | (scalar & 0x3F));
        scalar >>= 6;
    }
    to[0] = (char)((0xF00 >> size) | scalar);
    return size;
}

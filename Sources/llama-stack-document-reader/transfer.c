#include "transfer.h"

#include "arena.h"

static int hex(char digit) {
    if (digit >= '0' && digit <= '9') return digit - '0';
    digit |= 0x20;
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

static int base64(char letter) {
    if (letter >= 'A' && letter <= 'Z') return letter - 'A';
    if (letter >= 'a' && letter <= 'z') return letter - 'a' + 26;
    if (letter >= '0' && letter <= '9') return letter - '0' + 52;
    return letter == '+' || letter == '-' ? 62 : letter == '/' || letter == '_' ? 63 : -1;
}

static size_t decode_base64(span from, char *to) {
    size_t length = 0;
    unsigned bits = 0, count = 0;
    for (size_t i = 0; i < from.size; i++) {
        int value = base64(from.bytes[i]);
        if (value < 0) continue;
        bits = bits << 6 | (unsigned)value;
        if ((count += 6) >= 8) to[length++] = (char)(bits >> (count -= 8));
    }
    return length;
}

static size_t decode_quoted(span from, char *to, int is_header) {
    size_t length = 0;
    const char *at = from.bytes, *end = at + from.size;
    while (at < end) {
        if (*at == '=' && end - at >= 3 && hex(at[1]) >= 0 && hex(at[2]) >= 0) {
            to[length++] = (char)(hex(at[1]) << 4 | hex(at[2]));
            at += 3;
        } else if (*at == '=' && end - at >= 2 && at[1] == '\n') {
            at += 2;
        } else if (*at == '=' && end - at >= 3 && at[1] == '\r' && at[2] == '\n') {
            at += 3;
        } else {
            to[length++] = *at == '_' && is_header ? ' ' : *at;
            at++;
        }
    }
    return length;
}

span transfer_decode(span from, carried as, int is_header) {
    if (as == CARRIED_PLAIN) return from;
    char *to = arena_take(from.size + 1);
    return (span){to, as == CARRIED_BASE64 ? decode_base64(from, to) : decode_quoted(from, to, is_header)};
}

#include "guard_parts.h"

#include <stdatomic.h>

static void put(line *to, char byte) {
    if (to->size < sizeof to->bytes) to->bytes[to->size++] = byte;
}

void line_text(line *to, const char *text) {
    while (*text) put(to, *text++);
}

void line_number(line *to, uint64_t number) {
    if (number >= 10) line_number(to, number / 10);
    put(to, (char)('0' + number % 10));
}

void line_hexadecimal(line *to, uint64_t number) {
    if (number >= 16) line_hexadecimal(to, number / 16);
    put(to, "0123456789abcdef"[number % 16]);
}

void line_foreign(line *to, const char *text) {
    for (; *text; text++) {
        unsigned char byte = (unsigned char)*text;
        put(to, byte < 0x20 || byte == 0x7f || byte == '"' || byte == '\\' ? '?' : *text);
    }
}

pg_output guard_output(void) {
    static pg_output output;
    static atomic_int is_open;  // 0: no, 1: is being opened, 2: yes
    int before = 0;
    if (atomic_compare_exchange_strong(&is_open, &before, 1)) {
        output = pg_output_to(2);
        atomic_store(&is_open, 2);
    }
    return atomic_load(&is_open) == 2 ? output : pg_output_to(2);
}

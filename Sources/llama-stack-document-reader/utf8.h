// UTF-8 that may be broken.
#ifndef UTF8_H
#define UTF8_H
#include "document.h"

typedef struct {
    size_t letters;  // of more than one byte
    size_t invalid;  // bytes that belong to none
} utf8_counts;

utf8_counts utf8_count(span text);
/// The same where all is valid, else a copy with U+FFFD for each byte that is not.
span utf8_repaired(span text);
/// Writes at most 4 bytes; U+FFFD for what is no scalar.
size_t utf8_encode(uint32_t scalar, char *to);

#endif

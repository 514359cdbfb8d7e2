// The headers of a message or of a part of one (RFC 5322, RFC 2045, RFC 2047).
#ifndef HEADER_H
#define HEADER_H
#include "document.h"
#include "transfer.h"

typedef struct {
    span type;      // "text/plain"; empty: not named
    span charset, boundary;
    carried how;
    span body;
} mail_part;

/// Takes a part apart. Writes the headers that people read when `is_shown`.
mail_part header_read(span part, int is_shown);

#endif

// Text in whatever encoding it came.
#ifndef ENCODINGS_H
#define ENCODINGS_H
#include "document.h"

typedef struct {
    span text;             // UTF-8
    const char *encoding;  // what it came in
    int is_guess;          // nothing said so
} decoded;

/// Before the first document: opens a converter for each encoding, as that reads files.
void encodings_setup(void);

/// By its byte order mark; else by the charset that was declared; else by what the file says itself; else UTF-8 when it
/// is, or a guess. Bytes that mean nothing become U+FFFD. Ends the document when its encoding is not known.
decoded encodings_decode(span content, span charset, form as);

#endif

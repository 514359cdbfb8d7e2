// One document from its bytes to its text.
#ifndef READING_H
#define READING_H
#include <setjmp.h>

#include "document.h"

typedef struct {
    size_t memory_bytes;  // of what its parsing takes
    size_t text_bytes;
} reading_limits;

typedef struct {
    form as;
    span charset;  // as the media type declares it; may be empty
    span content;
    void (*give_back)(void);  // the memory of `charset` and `content`, when nothing is in it that is needed

    outcome how;
    span text;             // until it is sent
    const char *encoding;  // NULL: not told
    int is_guess;
    char reason[200];
    jmp_buf end;
} reading;

void document_read(reading *wanted, const reading_limits *limits);
/// Gives back what a large document took, its text too.
void document_forget(const reading *read);

#endif

// What encodings are called.
#ifndef LABELS_H
#define LABELS_H
#include <stddef.h>

typedef struct {
    const char *name;   // what we say: the Encoding Standard's, in lower case
    const char *iconv;  // what the C library calls it
} encoding;

/// NULL when it names none that we can read.
const encoding *encoding_of_label(const char *label, size_t size);
size_t encoding_count(void);
const encoding *encoding_at(size_t index);

#endif

// How the elements of HTML are shown, as far as text goes.
#ifndef ELEMENTS_H
#define ELEMENTS_H
#include <stddef.h>

typedef enum {
    SHOWN_INLINE,
    SHOWN_LINK,    // a space parts it from another one beside it
    SHOWN_APART,   // a space around it
    SHOWN_CELL,    // a tab around it
    SHOWN_ROW,     // a line of its own, whatever its cells hold
    SHOWN_BLOCK,   // lines of its own
    SHOWN_VERBATIM,  // the same, and its lines stay lines
    SHOWN_NOT,
} shown;

/// `name` is in lower case; one that HTML does not know is inline.
shown element_shown(const char *name, size_t size);

#endif

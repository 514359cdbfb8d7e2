// Where a page may be cut, so that what follows is parsed apart from what came before.
#ifndef HTMLCUT_H
#define HTMLCUT_H
#include <gumbo.h>

#include "document.h"
#include "elements.h"

enum {
    // The start tags of the elements that are open at a cut.
    OPEN_TAGS_BYTES_MAX = 64 << 10,
};

typedef struct {
    const char *place;  // of the start tag that the next part begins with; NULL: there is no cut
    char tags[OPEN_TAGS_BYTES_MAX];
    size_t tags_size;
} html_cut;

/// Finds the start tag of a block behind `least` before which the parser's state is the elements around it: the next
/// part is read as `tags` and the rest from there on. `how` says how each tag that gumbo knows is shown.
///
/// Only what stood before a tag has decided on where it is in the tree, so it does not matter that the page was parsed
/// up to some place in its middle.
void html_find_cut(const GumboOutput *page, const char *least, const shown how[], html_cut *cut);

#endif

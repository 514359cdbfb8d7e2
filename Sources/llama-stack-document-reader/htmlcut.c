#include "htmlcut.h"

#include <string.h>

static const GumboVector *children(const GumboNode *node) {
    switch (node->type) {
    case GUMBO_NODE_DOCUMENT: return &node->v.document.children;
    // What a template holds is outside of the page.
    case GUMBO_NODE_ELEMENT: return &node->v.element.children;
    default: return NULL;
    }
}

// Whether the parser has put it elsewhere than within what is open.
static int is_moved(const GumboNode *node) {
    const int moves = GUMBO_INSERTION_FOSTER_PARENTED | GUMBO_INSERTION_ADOPTION_AGENCY_CLONED
        | GUMBO_INSERTION_ADOPTION_AGENCY_MOVED | GUMBO_INSERTION_RECONSTRUCTED_FORMATTING_ELEMENT;
    return (node->parse_flags & moves) != 0;
}

static int is_block(const GumboNode *node, const shown how[]) {
    const GumboElement *element = &node->v.element;
    if (node->type != GUMBO_NODE_ELEMENT || is_moved(node) || element->tag_namespace != GUMBO_NAMESPACE_HTML) return 0;
    // One without a place is the parser's own.
    if (element->tag >= GUMBO_TAG_UNKNOWN || !element->original_tag.data) return 0;
    if (node->parse_flags & (GUMBO_INSERTION_BY_PARSER | GUMBO_INSERTION_IMPLIED)) return 0;
    return how[element->tag] == SHOWN_BLOCK || how[element->tag] == SHOWN_ROW;
}

// The next node in the tree's order; `depth` goes along.
static const GumboNode *next(const GumboNode *node, int is_inside, size_t *depth) {
    const GumboVector *within = is_inside ? children(node) : NULL;
    if (within && within->length > 0) {
        (*depth)++;
        return within->data[0];
    }
    for (; node->parent; node = node->parent, (*depth)--) {
        const GumboVector *row = children(node->parent);
        if (node->index_within_parent + 1 < row->length) return row->data[node->index_within_parent + 1];
    }
    return NULL;
}

static int append(html_cut *cut, const char *bytes, size_t size) {
    if (size > sizeof cut->tags - cut->tags_size) return 0;
    memcpy(cut->tags + cut->tags_size, bytes, size);
    cut->tags_size += size;
    return 1;
}

static int append_tag(html_cut *cut, const GumboElement *element) {
    enum { TAG_BYTES_MAX = 256 };
    GumboStringPiece tag = element->original_tag;
    if (tag.data && tag.length <= TAG_BYTES_MAX && tag.length > 1 && tag.data[1] != '/') {
        return append(cut, tag.data, tag.length);
    }
    const char *name = gumbo_normalized_tagname(element->tag);
    return *name && append(cut, "<", 1) && append(cut, name, strlen(name)) && append(cut, ">", 1);
}

// The outermost first. Without recursion: they may be ten thousand.
static int append_around(html_cut *cut, const GumboNode *node, size_t depth) {
    static const GumboNode *around[NESTING_MAX + 2];
    size_t count = 0;
    if (depth > NESTING_MAX) return 0;
    for (node = node->parent; node && node->type == GUMBO_NODE_ELEMENT; node = node->parent) around[count++] = node;
    while (count > 0) {
        if (!append_tag(cut, &around[--count]->v.element)) return 0;
    }
    return 1;
}

void html_find_cut(const GumboOutput *page, const char *least, const shown how[], html_cut *cut) {
    const GumboNode *best = NULL;
    size_t depth = 0, best_depth = SIZE_MAX;
    int is_inside = 1;
    for (const GumboNode *at = page->document; (at = next(at, is_inside, &depth));) {
        is_inside = !is_moved(at);
        if (depth > best_depth || !is_block(at, how) || at->v.element.original_tag.data < least) continue;
        (best = at, best_depth = depth);
    }
    (cut->place = NULL, cut->tags_size = 0);
    if (!best) return;
    // How tables stand within paragraphs.
    int is_strict = page->document->v.document.doc_type_quirks_mode != GUMBO_DOCTYPE_QUIRKS;
    if (is_strict && !append(cut, "<!DOCTYPE html>", 15)) return;
    if (append_around(cut, best, best_depth)) cut->place = best->v.element.original_tag.data;
}

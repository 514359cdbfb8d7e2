// Memory of one document's parsing: taken piece by piece, given back at once. So a tree of any depth is freed without
// recursion, and a document that would take more than it may ends by itself.
#ifndef ARENA_H
#define ARENA_H
#include <stddef.h>

/// Sets the limit for one document; `bytes` is kept from one document to the next.
void arena_limit(size_t bytes);
/// Zeroed where `size` came from calloc only. Ends the document at the limit.
void *arena_take(size_t size);
void *arena_resize(void *old, size_t size);
/// Gives back what was taken last; of anything else nothing is given back before arena_reset.
void arena_give(void *piece);
void arena_reset(void);

typedef struct {
    void *block;
    char *top;
    size_t used;
} arena_place;

arena_place arena_here(void);
/// Gives back everything that was taken since then.
void arena_return(arena_place place);

#endif

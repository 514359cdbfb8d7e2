#include "arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "document.h"

enum { BLOCK_BYTES = 1 << 20, BLOCKS_KEPT_BYTES = 8 << 20, CHECK_EVERY = 1024 };

typedef struct block {
    struct block *before;
    size_t size;
    char bytes[];
} block;

static block *last;
static char *top, *end;
static size_t used, limit = SIZE_MAX;
static unsigned until_check = CHECK_EVERY;

void arena_limit(size_t bytes) { limit = bytes; }

static void add_block(size_t size) {
    size_t bytes = used < BLOCK_BYTES ? BLOCK_BYTES : used < 64 * (size_t)BLOCK_BYTES ? used : 64 * (size_t)BLOCK_BYTES;
    if (bytes < size) bytes = size;
    if (bytes > limit - used) bytes = size;
    block *added = bytes <= limit - used ? malloc(sizeof *added + bytes) : NULL;
    if (!added) document_end(OUTCOME_TOO_LARGE, "reading it takes more than %zu bytes of memory", limit);
    *added = (block){.before = last, .size = bytes};
    used += bytes;
    (last = added, top = added->bytes, end = added->bytes + bytes);
}

// Before each piece stands its size.
void *arena_take(size_t size) {
    size_t bytes = sizeof(size_t) + ((size + 7) & ~(size_t)7);
    if (bytes < size) document_end(OUTCOME_TOO_LARGE, "reading it takes more than %zu bytes of memory", limit);
    if (--until_check == 0) {
        until_check = CHECK_EVERY;
        document_check_time();
    }
    if ((size_t)(end - top) < bytes) add_block(bytes);
    char *piece = top + sizeof(size_t);
    *(size_t *)top = bytes;
    top += bytes;
    return piece;
}

static size_t bytes_of(void *piece) { return *(size_t *)((char *)piece - sizeof(size_t)); }

static int is_last(void *piece) { return (char *)piece - sizeof(size_t) + bytes_of(piece) == top; }

void *arena_resize(void *old, size_t size) {
    if (!old) return arena_take(size);
    size_t room = bytes_of(old) - sizeof(size_t);
    if (size <= room) return old;
    arena_give(old);
    void *piece = arena_take(size);
    if (piece != old) memcpy(piece, old, room);
    return piece;
}

void arena_give(void *piece) {
    if (piece && is_last(piece)) top = (char *)piece - sizeof(size_t);
}

arena_place arena_here(void) { return (arena_place){last, top, used}; }

void arena_return(arena_place place) {
    while (last != place.block) {
        block *before = last->before;
        free(last);
        last = before;
    }
    (top = place.top, used = place.used);
    end = last ? last->bytes + last->size : NULL;
}

void arena_reset(void) {
    while (last && (last->before || last->size > BLOCKS_KEPT_BYTES)) {
        block *before = last->before;
        free(last);
        last = before;
    }
    used = last ? last->size : 0;
    top = last ? last->bytes : NULL;
    end = last ? last->bytes + last->size : NULL;
}

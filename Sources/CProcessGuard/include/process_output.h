// Writes to a descriptor without ever waiting for its reader, and without a flag that another process would notice:
// what is left of a server when its log is a full pipe, a stopped terminal, a full disk or nothing at all.
#ifndef PROCESS_OUTPUT_H
#define PROCESS_OUTPUT_H
#include <stddef.h>

typedef enum {
    PG_WAY_PLAIN,        // a file: writes wait for the disk alone
    PG_WAY_NONBLOCKING,  // a pipe or terminal, opened by us with O_NONBLOCK
    PG_WAY_SOCKET,       // has a flag for one write
    PG_WAY_POLLED,       // can't be opened again: asked before each write, which is small enough to fit then
} pg_way;

typedef struct {
    int descriptor;
    pg_way way;
} pg_output;

/// Opens /dev/null at each of the descriptors 0 to 2 that is closed, so that no file which is opened later gets one of
/// these numbers and what was meant for the log. Reading and writing there fail as on a closed one. Opens one more, of
/// the next number, by which pg_watch_end() knows of a library that closes what is not its own. To be called first in
/// main.
void pg_open_standard_descriptors(void);

/// A way to write to `descriptor`. A pipe or terminal is opened once more, because O_NONBLOCK belongs to what was
/// opened, which other processes share. It stays open for ever.
pg_output pg_output_to(int descriptor);

/// Writes what fits now. Any thread, any signal handler.
/// \returns how many bytes were taken; when it is fewer than `size`, `*error` is an errno (EAGAIN: the reader is behind).
size_t pg_output_write(pg_output output, const void *bytes, size_t size, int *error);

#endif

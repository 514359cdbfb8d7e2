// The pages of the playground, as they were written: HTML, CSS and ES modules, part of the program.
#ifndef PLAYGROUND_H
#define PLAYGROUND_H

#include <stddef.h>

typedef struct {
    /// From the folder of the pages, as in "tabs/chat.js".
    const char *path;
    const unsigned char *bytes;
    size_t count;
} playground_file;

/// All of them; theirs are the bytes of the program, for as long as it runs.
const playground_file *playground_files(size_t *count);

#endif

// What this process gives up before it reads the first byte of a document.
#ifndef CAGE_H
#define CAGE_H

/// From here on only memory, its socket and its clock: no file, no network, no other process. A kernel without filters
/// leaves it with its limits alone.
void cage_close(void);

#endif

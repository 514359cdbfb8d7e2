// The stream that libedit draws on: what it writes, with each stand-in as the characters that it stands for.
#ifndef CEDIT_SCREEN_H
#define CEDIT_SCREEN_H

#include <stdio.h>

#include "clusters.h"

/// NULL for want of memory. To be closed with fclose; the descriptor stays open.
FILE *cedit_screen(const cedit_clusters *clusters, int descriptor);

/// All of it, past signals and a descriptor that does not wait.
void cedit_put(int descriptor, const char *bytes, size_t count);

#endif

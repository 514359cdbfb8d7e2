// Writes elements as a reader sees them: where lines begin, cells end, and nothing is shown.
#ifndef FLOW_H
#define FLOW_H
#include <stddef.h>

#include "elements.h"

typedef struct {
    unsigned hidden, verbatim;  // elements that are open
    size_t link_end;            // where the last link ended; SIZE_MAX: nowhere yet
    size_t row_start, cell_start;
} flow;

void flow_begin(flow *at);
void flow_open(flow *at, shown how);
void flow_close(flow *at, shown how);
void flow_text(flow *at, const char *bytes, size_t size);

#endif

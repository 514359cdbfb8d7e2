#include "flow.h"

#include <stdint.h>

#include "lines.h"

void flow_begin(flow *at) {
    *at = (flow){.link_end = SIZE_MAX, .row_start = SIZE_MAX, .cell_start = SIZE_MAX};
}

static gap around(shown how) {
    switch (how) {
    case SHOWN_APART: return GAP_SPACE;
    case SHOWN_CELL: return GAP_CELL;
    case SHOWN_ROW: case SHOWN_BLOCK: case SHOWN_VERBATIM: return GAP_LINE;
    default: return GAP_NONE;
    }
}

// A block that a cell begins with stays beside the cell before.
static void part(const flow *at, shown how) {
    gap wanted = around(how);
    if (at->hidden == 0 && !(wanted == GAP_LINE && at->cell_start == lines_place())) lines_gap(wanted);
}

void flow_open(flow *at, shown how) {
    part(at, how);
    if (how == SHOWN_ROW) at->row_start = lines_place();
    if (how == SHOWN_CELL) at->cell_start = lines_place();
    if (how == SHOWN_LINK && at->link_end == lines_place()) lines_gap(GAP_SPACE);
    at->hidden += how == SHOWN_NOT;
    at->verbatim += how == SHOWN_VERBATIM;
}

void flow_close(flow *at, shown how) {
    at->hidden -= how == SHOWN_NOT;
    at->verbatim -= how == SHOWN_VERBATIM;
    if (how == SHOWN_LINK) at->link_end = lines_place();
    if (how == SHOWN_CELL) {
        at->cell_start = SIZE_MAX;
        // And so does one that it ends with.
        int has_text = at->row_start != SIZE_MAX && at->row_start != lines_place();
        if (at->hidden == 0 && has_text) lines_narrow(GAP_CELL);
    }
    part(at, how);
}

void flow_text(flow *at, const char *bytes, size_t size) {
    if (at->hidden == 0) lines_append(bytes, size, at->verbatim > 0);
}

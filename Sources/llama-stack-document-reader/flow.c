#include "flow.h"

#include <stdint.h>

#include "lines.h"

void flow_begin(flow *at) { *at = (flow){.link_end = SIZE_MAX}; }

static gap around(shown how) {
    switch (how) {
    case SHOWN_APART: return GAP_SPACE;
    case SHOWN_CELL: return GAP_CELL;
    case SHOWN_BLOCK: case SHOWN_VERBATIM: return GAP_LINE;
    default: return GAP_NONE;
    }
}

void flow_open(flow *at, shown how) {
    if (at->hidden == 0) lines_gap(around(how));
    if (how == SHOWN_LINK && at->link_end == lines_place()) lines_gap(GAP_SPACE);
    at->hidden += how == SHOWN_NOT;
    at->verbatim += how == SHOWN_VERBATIM;
}

void flow_close(flow *at, shown how) {
    at->hidden -= how == SHOWN_NOT;
    at->verbatim -= how == SHOWN_VERBATIM;
    if (how == SHOWN_LINK) at->link_end = lines_place();
    if (at->hidden == 0) lines_gap(around(how));
}

void flow_text(flow *at, const char *bytes, size_t size) {
    if (at->hidden == 0) lines_append(bytes, size, at->verbatim > 0);
}

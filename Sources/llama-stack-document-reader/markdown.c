#include "markdown.h"

#include <cmark-gfm-core-extensions.h>
#include <cmark-gfm.h>
#include <string.h>
#include <strings.h>

#include "arena.h"
#include "flow.h"
#include "html.h"
#include "lines.h"

// In the extensions' library, and in no header of theirs.
extern cmark_node_type CMARK_NODE_TABLE_ROW, CMARK_NODE_TABLE_CELL;

static void *zeroed(size_t count, size_t size) {
    if (size && count > SIZE_MAX / size) document_end(OUTCOME_TOO_LARGE, "reading it takes more memory than there is");
    return memset(arena_take(count * size), 0, count * size);
}

static cmark_mem memory = {zeroed, arena_resize, arena_give};

void markdown_setup(void) { cmark_gfm_core_extensions_ensure_registered(); }

static shown how(cmark_node *node) {
    cmark_node_type type = cmark_node_get_type(node);
    if (type == CMARK_NODE_LINK || type == CMARK_NODE_IMAGE) return SHOWN_LINK;
    if (type == CMARK_NODE_TABLE_CELL) return SHOWN_CELL;
    if (type == CMARK_NODE_TABLE_ROW) return SHOWN_ROW;
    return (type & CMARK_NODE_TYPE_MASK) == CMARK_NODE_TYPE_BLOCK ? SHOWN_BLOCK : SHOWN_INLINE;
}

static span literal(cmark_node *node) {
    const char *text = cmark_node_get_literal(node);
    return (span){text ? text : "", text ? strlen(text) : 0};
}

// `<br>` and its like within a line; of others the tag goes and the text stays.
static void read_tag(span tag) {
    const char *name = tag.bytes + 1, *end = tag.bytes + tag.size;
    if (name < end && *name == '/') name++;
    char lower[16];
    size_t size = 0;
    while (name + size < end && size < sizeof lower && ((name[size] | 0x20) >= 'a' && (name[size] | 0x20) <= 'z')) {
        lower[size] = (char)(name[size] | 0x20);
        size++;
    }
    switch (element_shown(lower, size)) {
    case SHOWN_APART: lines_gap(GAP_SPACE); break;
    case SHOWN_CELL: lines_gap(GAP_CELL); break;
    case SHOWN_ROW: case SHOWN_BLOCK: case SHOWN_VERBATIM: lines_gap(GAP_LINE); break;
    default: break;
    }
}

static void read_leaf(flow *text, cmark_node *node) {
    switch (cmark_node_get_type(node)) {
    case CMARK_NODE_TEXT: case CMARK_NODE_CODE: {
        span words = literal(node);
        flow_text(text, words.bytes, words.size);
        break;
    }
    case CMARK_NODE_SOFTBREAK: lines_gap(GAP_SPACE); break;
    case CMARK_NODE_LINEBREAK: lines_gap(GAP_LINE); break;
    case CMARK_NODE_CODE_BLOCK: {
        span code = literal(node);
        lines_append_verbatim(code.bytes, code.size);
        break;
    }
    case CMARK_NODE_HTML_BLOCK:
        lines_gap(GAP_LINE);
        html_read_fragment(literal(node));
        lines_gap(GAP_LINE);
        break;
    case CMARK_NODE_HTML_INLINE: read_tag(literal(node)); break;
    default: break;
    }
}

void markdown_read(span document) {
    cmark_parser *parser = cmark_parser_new_with_mem(CMARK_OPT_DEFAULT, &memory);
    static const char *const extensions[] = {"table", "strikethrough", "tasklist"};
    for (size_t i = 0; i < sizeof extensions / sizeof *extensions; i++) {
        cmark_syntax_extension *extension = cmark_find_syntax_extension(extensions[i]);
        if (extension) cmark_parser_attach_syntax_extension(parser, extension);
    }
    cmark_parser_feed(parser, document.bytes, document.size);
    cmark_iter *iterator = cmark_iter_new(cmark_parser_finish(parser));
    flow text;
    flow_begin(&text);
    for (cmark_event_type event; (event = cmark_iter_next(iterator)) != CMARK_EVENT_DONE;) {
        cmark_node *node = cmark_iter_get_node(iterator);
        if (event == CMARK_EVENT_EXIT) {
            flow_close(&text, how(node));
        } else {
            // A leaf has no exit.
            flow_open(&text, how(node));
            read_leaf(&text, node);
        }
    }
}

#define _GNU_SOURCE
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
extern cmark_node_type CMARK_NODE_TABLE, CMARK_NODE_TABLE_ROW, CMARK_NODE_TABLE_CELL;

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

static cmark_parser *new_parser(void) {
    cmark_parser *parser = cmark_parser_new_with_mem(CMARK_OPT_DEFAULT, &memory);
    static const char *const extensions[] = {"table", "strikethrough", "tasklist"};
    for (size_t i = 0; i < sizeof extensions / sizeof *extensions; i++) {
        cmark_syntax_extension *extension = cmark_find_syntax_extension(extensions[i]);
        if (extension) cmark_parser_attach_syntax_extension(parser, extension);
    }
    return parser;
}

static void walk(cmark_node *root) {
    cmark_iter *iterator = cmark_iter_new(root);
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

// ---- in parts -------------------------------------------------------------------------------------------------------

// The tree of a document takes twenty times its size, so a large one is parsed in parts. A block that is within no
// other begins where nothing else is open: the next part begins with the last of them.
enum { PART_BYTES = 256 << 10, DEFINITIONS_BYTES_MAX = 64 << 10 };

// What a part is parsed behind: lines that define links of the whole document, and the two that a table began with, of
// which the part has further rows.
static span definitions, table_head;
static int definition_lines, lines_before;

static int is_definition(span line) {
    size_t indent = 0;
    while (indent < line.size && line.bytes[indent] == ' ') indent++;
    return indent < 4 && indent < line.size && line.bytes[indent] == '[' && memmem(line.bytes, line.size, "]:", 2);
}

static span line_at(const char *at, const char *end) {
    const char *newline = memchr(at, '\n', (size_t)(end - at));
    return (span){at, (size_t)((newline ? newline : end) - at)};
}

// A line that looks like one and is none becomes a block, which is left out.
static void find_definitions(span document) {
    char *to = arena_take(DEFINITIONS_BYTES_MAX);
    (definitions = (span){to, 0}, definition_lines = 0);
    for (const char *at = document.bytes, *end = at + document.size; at < end;) {
        span line = line_at(at, end);
        // What it leads to may be on the next.
        if (line.size > 2 && memcmp(line.bytes + line.size - 2, "]:", 2) == 0 && line.bytes + line.size < end) {
            line.size += 1 + line_at(line.bytes + line.size + 1, end).size;
        }
        at = line.bytes + line.size + 1;
        if (!is_definition(line) || line.size + 2 > DEFINITIONS_BYTES_MAX - definitions.size) continue;
        memcpy(to + definitions.size, line.bytes, line.size);
        memcpy(to + definitions.size + line.size, "\n\n", 2);
        (definitions.size += line.size + 2, definition_lines += 2 + (memchr(line.bytes, '\n', line.size) != NULL));
    }
}

// Where a line of a part begins, as the parser counts.
static const char *line_start(span text, int line) {
    const char *at = text.bytes, *end = at + text.size;
    line -= lines_before;
    for (; line > 1 && at < end; at++) line -= *at == '\n' || (*at == '\r' && !(at + 1 < end && at[1] == '\n'));
    return at;
}

// The last of some blocks that begins on a line behind all the others; NULL: there is none.
static cmark_node *last_apart(cmark_node *parent) {
    cmark_node *last = cmark_node_last_child(parent), *before;
    while (last && (before = cmark_node_previous(last))) {
        if (cmark_node_get_start_line(before) < cmark_node_get_start_line(last)) return last;
        last = before;
    }
    return NULL;
}

static cmark_node *parse(span part) {
    cmark_parser *parser = new_parser();
    cmark_parser_feed(parser, definitions.bytes, definitions.size);
    cmark_parser_feed(parser, table_head.bytes, table_head.size);
    cmark_parser_feed(parser, part.bytes, part.size);
    lines_before = definition_lines + (table_head.size > 0 ? 2 : 0);
    cmark_node *document = cmark_parser_finish(parser), *first;
    while ((first = cmark_node_first_child(document)) && cmark_node_get_start_line(first) <= definition_lines) {
        cmark_node_unlink(first);
    }
    if (table_head.size > 0 && first && cmark_node_first_child(first)) cmark_node_unlink(cmark_node_first_child(first));
    return document;
}

static void walk_until(cmark_node *block, const cmark_node *end) {
    for (; block != end; block = cmark_node_next(block)) walk(block);
}

// What is longer than a part. Items of a list are read as they would be together, rows of a table too, and so are the
// lines of a text but for marks that span them. Answers the bytes that were read, 0 when the part must be longer.
static size_t read_long(cmark_node *block, span part) {
    cmark_node_type type = cmark_node_get_type(block);
    cmark_node *item = type == CMARK_NODE_LIST ? last_apart(block) : NULL;
    if (item) {
        walk_until(cmark_node_first_child(block), item);
        return (size_t)(line_start(part, cmark_node_get_start_line(item)) - part.bytes);
    }
    // Code and HTML take little more than their size, and the lines of an item mean something else without it.
    if (type == CMARK_NODE_CODE_BLOCK || type == CMARK_NODE_HTML_BLOCK || type == CMARK_NODE_LIST) return 0;
    if (type == CMARK_NODE_TABLE && table_head.size == 0) {
        int line = cmark_node_get_start_line(cmark_node_first_child(block));
        table_head.bytes = line_start(part, line);
        table_head.size = (size_t)(line_start(part, line + 2) - table_head.bytes);
    } else if (type != CMARK_NODE_TABLE) {
        table_head.size = 0;
    }
    walk(block);
    return part.size;
}

// The same for a part that ends with a line.
static size_t read_part(span part, int is_last) {
    cmark_node *document = parse(part), *first = cmark_node_first_child(document);
    cmark_node *left = is_last ? NULL : last_apart(document);
    if (!is_last && first && !cmark_node_next(first)) return read_long(first, part);
    table_head.size = 0;
    walk_until(first, left);
    if (!left) return part.size;
    return (size_t)(line_start(part, cmark_node_get_start_line(left)) - part.bytes);
}

void markdown_read(span document) {
    definitions.size = table_head.size = 0;
    definition_lines = 0;
    int is_long = document.size > 2 * PART_BYTES;
    if (is_long) find_definitions(document);
    for (size_t size = is_long ? PART_BYTES : document.size; document.size > 0;) {
        int is_last = document.size <= size;
        span part = {document.bytes, is_last ? document.size : size};
        const char *newline = is_last ? NULL : memrchr(part.bytes, '\n', part.size);
        if (newline) part.size = (size_t)(newline + 1 - part.bytes);
        arena_place here = arena_here();
        size_t done = read_part(part, is_last);
        arena_return(here);
        size = done == 0 ? 2 * size : PART_BYTES;
        (document.bytes += done, document.size -= done);
        if (!is_last) lines_gap(GAP_LINE);
    }
}

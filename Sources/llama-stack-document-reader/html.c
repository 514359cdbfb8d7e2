#include "html.h"

#include <gumbo.h>
#include <string.h>
#include <strings.h>

#include "arena.h"
#include "flow.h"
#include "htmlcut.h"

static void *take(void *unused, size_t size) { return ((void)unused, arena_take(size)); }
static void give(void *unused, void *piece) { ((void)unused, arena_give(piece)); }

// How each tag that gumbo knows is shown.
static shown known[GUMBO_TAG_LAST];

static void learn_tags(void) {
    static int is_done;
    for (int tag = 0; !is_done && tag < GUMBO_TAG_UNKNOWN; tag++) {
        const char *name = gumbo_normalized_tagname((GumboTag)tag);
        known[tag] = element_shown(name, strlen(name));
    }
    is_done = 1;
}

static shown how(const GumboElement *element) {
    if (element->tag != GUMBO_TAG_UNKNOWN) return known[element->tag];
    GumboStringPiece name = element->original_tag;
    gumbo_tag_from_original_text(&name);
    char lower[32];
    if (name.length >= sizeof lower) return SHOWN_INLINE;
    for (size_t i = 0; i < name.length; i++) {
        lower[i] = name.data[i] >= 'A' && name.data[i] <= 'Z' ? (char)(name.data[i] | 0x20) : name.data[i];
    }
    return element_shown(lower, name.length);
}

// Of elements whose content is a text for the parser: what a page means that closes one in its start tag (`<iframe/>`,
// which no browser takes for closed), and what is for those that have no frames.
static int is_page_within(const GumboElement *element) {
    GumboStringPiece tag = element->original_tag;
    if (element->tag == GUMBO_TAG_NOFRAMES || element->tag == GUMBO_TAG_NOEMBED) return 1;
    return element->tag == GUMBO_TAG_IFRAME && tag.length > 2 && tag.data[tag.length - 2] == '/';
}

enum { PAGES_WITHIN_MAX = 64 };

typedef struct {
    span pages[PAGES_WITHIN_MAX];
    int count;
} waiting_pages;

static void open_element(flow *text, const GumboElement *element, waiting_pages *waiting) {
    flow_open(text, how(element));
    if (!is_page_within(element) || element->children.length == 0 || waiting->count == PAGES_WITHIN_MAX) return;
    const GumboNode *child = element->children.data[0];
    if (child->type == GUMBO_NODE_TEXT) {
        const char *page = child->v.text.text;
        waiting->pages[waiting->count++] = (span){page, strlen(page)};
    }
}

typedef struct {
    const GumboNode *node;
    unsigned next;
} step;

// Where it stands in the page; NULL: nowhere.
static const char *place(const GumboNode *node) {
    int is_element = node->type == GUMBO_NODE_ELEMENT || node->type == GUMBO_NODE_TEMPLATE;
    return is_element ? node->v.element.original_tag.data : node->v.text.original_text.data;
}

// What stands at or behind `end` is left out; NULL: nothing is. Without recursion: a page may nest as deep as it likes.
static void walk(const GumboNode *root, const char *end, waiting_pages *waiting) {
    flow text;
    flow_begin(&text);
    size_t depth = 0, capacity = 64;
    step *path = arena_take(capacity * sizeof *path);
    path[depth++] = (step){root, 0};
    while (depth > 0) {
        step *here = &path[depth - 1];
        const GumboVector *children = here->node->type == GUMBO_NODE_DOCUMENT ? &here->node->v.document.children
                                                                             : &here->node->v.element.children;
        if (here->next == children->length) {
            if (here->node->type != GUMBO_NODE_DOCUMENT) flow_close(&text, how(&here->node->v.element));
            depth--;
            continue;
        }
        const GumboNode *child = children->data[here->next++];
        if (end && place(child) >= end) continue;
        switch (child->type) {
        case GUMBO_NODE_TEXT: case GUMBO_NODE_WHITESPACE: case GUMBO_NODE_CDATA:
            flow_text(&text, child->v.text.text, strlen(child->v.text.text));
            break;
        case GUMBO_NODE_ELEMENT: case GUMBO_NODE_TEMPLATE:
            document_check_depth(depth, "elements");
            if (depth == capacity) path = arena_resize(path, (capacity *= 2) * sizeof *path);
            open_element(&text, &child->v.element, waiting);
            path[depth++] = (step){child, 0};
            break;
        default: break;
        }
    }
}

static GumboOutput *parse(span page, GumboTag context) {
    GumboOptions options = kGumboDefaultOptions;
    (options.allocator = take, options.deallocator = give, options.max_errors = 0);
    options.fragment_context = context;
    return gumbo_parse_with_options(&options, page.bytes, page.size);
}

static void read_within(waiting_pages *waiting) {
    // A page within a page may hold more.
    for (int i = 0; i < waiting->count; i++) walk(parse(waiting->pages[i], GUMBO_TAG_BODY)->document, NULL, waiting);
}

// The tree of a page takes sixteen times its size and more, so a large one is parsed in parts: up to the start of a
// block, and the rest behind the tags that are open there.
enum { PART_BYTES = 256 << 10 };

static html_cut cut;

// Reads up to a cut and answers the bytes that it has read; 0 when there is no cut.
static size_t read_part(span page, size_t size, GumboTag context) {
    size_t before = cut.tags_size;
    char *part = arena_take(before + size);
    memcpy(part, cut.tags, before);
    memcpy(part + before, page.bytes, size);
    GumboOutput *output = parse((span){part, before + size}, context);
    const char *end = NULL;
    if (size < page.size) {
        static html_cut found;
        html_find_cut(output, part + before + size / 2, known, &found);
        if (!found.place) return 0;
        (end = found.place, size = (size_t)(end - part) - before);
        (cut.tags_size = found.tags_size, memcpy(cut.tags, found.tags, found.tags_size));
    }
    waiting_pages waiting = {.count = 0};
    walk(output->document, end, &waiting);
    read_within(&waiting);
    return size;
}

static void read_in_parts(span page, GumboTag context) {
    cut.tags_size = 0;
    for (size_t size = PART_BYTES; page.size > 0;) {
        arena_place here = arena_here();
        size_t done = read_part(page, size < page.size ? size : page.size, context);
        arena_return(here);
        size = done == 0 ? 2 * size : PART_BYTES;
        (page.bytes += done, page.size -= done);
    }
}

static int is_letter(char byte) { return (byte | 0x20) >= 'a' && (byte | 0x20) <= 'z'; }

// Whether a tag begins with the name of an element that no later start tag closes.
static int is_lasting(const char *name, size_t size) {
    static const char *const lasting[] = {
        "div", "span", "section", "article", "blockquote", "center", "ul", "ol", "b", "i", "em", "strong", "font",
    };
    for (size_t i = 0; i < sizeof lasting / sizeof *lasting; i++) {
        size_t length = strlen(lasting[i]);
        if (size <= length || strncasecmp(name, lasting[i], length) != 0) continue;
        if (name[length] == '>' || name[length] == ' ' || name[length] == '/') return 1;
    }
    return 0;
}

// Such elements in a row are inside each other, and the parser looks through all of them at each next one: the square
// of their number. The tree would be refused for its depth anyway.
static void check_rows(span page) {
    size_t row = 0;
    for (const char *at = page.bytes, *end = at + page.size; (at = memchr(at, '<', (size_t)(end - at))); at++) {
        if (end - at < 2) return;
        if (at[1] != '/' && !is_letter(at[1])) continue;
        row = is_lasting(at + 1, (size_t)(end - at - 1)) ? row + 1 : 0;
        document_check_depth(row, "elements");
    }
}

static void read_all(span page, GumboTag context) {
    learn_tags();
    check_rows(page);
    if (page.size > 2 * PART_BYTES) {
        read_in_parts(page, context);
        return;
    }
    waiting_pages waiting = {.count = 0};
    walk(parse(page, context)->document, NULL, &waiting);
    read_within(&waiting);
}

void html_read(span page) { read_all(page, GUMBO_TAG_LAST); }

void html_read_fragment(span part) { read_all(part, GUMBO_TAG_BODY); }

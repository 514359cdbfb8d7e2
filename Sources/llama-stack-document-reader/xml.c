#define _GNU_SOURCE
#include "xml.h"

#include <libxml/HTMLparser.h>
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <libxml/SAX2.h>
#include <string.h>

#include "arena.h"
#include "flow.h"
#include "html.h"
#include "lines.h"
#include "utf8.h"

enum { ENTITIES_MAX = 256, ENTITY_BYTES_MAX = 256, HAS_TEXT = 1, IN_TEXT = 2 };

// One document at a time.
static struct {
    size_t depth;
    unsigned char elements[NESTING_MAX + 1];
    flow text;
    struct {
        const char *name, *content;
    } entities[ENTITIES_MAX];
    int entity_count;
    xmlEntity entity;
    char letters[8];
} now;

static const char *copy(const xmlChar *text) {
    size_t size = strlen((const char *)text) + 1;
    return memcpy(arena_take(size), text, size);
}

// ---- entities: only those that are a plain text ---------------------------------------------------------------------

static void declare_entity(
    void *unused, const xmlChar *name, int type, const xmlChar *public_id, const xmlChar *system_id, xmlChar *content) {
    (void)unused, (void)public_id, (void)system_id;
    if (type != XML_INTERNAL_GENERAL_ENTITY || !content || now.entity_count == ENTITIES_MAX) return;
    if (strlen((const char *)content) > ENTITY_BYTES_MAX || strpbrk((const char *)content, "&<%")) return;
    now.entities[now.entity_count].name = copy(name);
    now.entities[now.entity_count++].content = copy(content);
}

static xmlEntityPtr entity(void *unused, const xmlChar *name) {
    (void)unused;
    const char *content = NULL;
    for (int i = 0; i < now.entity_count && !content; i++) {
        if (strcmp(now.entities[i].name, (const char *)name) == 0) content = now.entities[i].content;
    }
    const htmlEntityDesc *known = content ? NULL : htmlEntityLookup(name);
    if (known) {
        now.letters[utf8_encode(known->value, now.letters)] = 0;
        content = now.letters;
    }
    if (!content) return NULL;
    // Of this type it is taken as it is.
    now.entity = (xmlEntity){.type = XML_ENTITY_DECL, .etype = XML_INTERNAL_PREDEFINED_ENTITY};
    now.entity.name = name;
    now.entity.content = (xmlChar *)content;
    now.entity.length = (int)strlen(content);
    return &now.entity;
}

static xmlParserInputPtr nothing(const char *url, const char *id, xmlParserCtxtPtr context) {
    return ((void)url, (void)id, (void)context, NULL);
}

// ---- XML by its values ----------------------------------------------------------------------------------------------

static void enter(void) {
    document_check_depth(now.depth, "elements");
    now.elements[++now.depth] = 0;
}

// The parser leaves a written ampersand as a reference.
static void write_value(const char *at, const char *end) {
    while (at < end) {
        const char *reference = memmem(at, (size_t)(end - at), "&#38;", 5);
        if (!reference) {
            lines_append(at, (size_t)(end - at), 0);
            return;
        }
        lines_append(at, (size_t)(reference - at) + 1, 0);
        at = reference + 5;
    }
}

static void open_element(
    void *unused, const xmlChar *name, const xmlChar *prefix, const xmlChar *space, int space_count,
    const xmlChar **spaces, int count, int defaulted, const xmlChar **attributes) {
    (void)unused, (void)prefix, (void)space, (void)space_count, (void)spaces, (void)defaulted;
    int is_in_text = now.elements[now.depth] & (HAS_TEXT | IN_TEXT);
    enter();
    if (is_in_text) {
        now.elements[now.depth] = IN_TEXT;
    } else {
        lines_gap(GAP_LINE);
        lines_append((const char *)name, strlen((const char *)name), 0);
        lines_gap(GAP_SPACE);
    }
    for (int i = 0; i < count; i++) {
        const xmlChar **attribute = &attributes[i * 5];
        lines_gap(GAP_SPACE);
        lines_append((const char *)attribute[0], strlen((const char *)attribute[0]), 0);
        lines_gap(GAP_SPACE);
        write_value((const char *)attribute[3], (const char *)attribute[4]);
        lines_gap(GAP_SPACE);
    }
}

static void close_element(void *unused, const xmlChar *name, const xmlChar *prefix, const xmlChar *space) {
    (void)unused, (void)name, (void)prefix, (void)space;
    if (!(now.elements[now.depth] & IN_TEXT)) lines_gap(GAP_LINE);
    now.depth -= now.depth > 0;
}

static void write_text(void *unused, const xmlChar *text, int size) {
    (void)unused;
    size_t before = lines_place();
    lines_append((const char *)text, (size_t)size, 0);
    if (lines_place() != before) now.elements[now.depth] |= HAS_TEXT;
}

// ---- pages and drawings ---------------------------------------------------------------------------------------------

static void open_shown(
    void *unused, const xmlChar *name, const xmlChar *prefix, const xmlChar *space, int space_count,
    const xmlChar **spaces, int count, int defaulted, const xmlChar **attributes) {
    (void)unused, (void)prefix, (void)space, (void)space_count, (void)spaces, (void)count, (void)defaulted;
    (void)attributes;
    flow_open(&now.text, element_shown((const char *)name, strlen((const char *)name)));
}

static void close_shown(void *unused, const xmlChar *name, const xmlChar *prefix, const xmlChar *space) {
    (void)unused, (void)prefix, (void)space;
    flow_close(&now.text, element_shown((const char *)name, strlen((const char *)name)));
}

static void write_shown(void *unused, const xmlChar *text, int size) {
    (void)unused;
    flow_text(&now.text, (const char *)text, (size_t)size);
}

// ---- the parser -----------------------------------------------------------------------------------------------------

static void silent(void *unused, const char *message, ...) { (void)unused, (void)message; }

void xml_setup(void) {
    xmlInitParser();
    xmlSetExternalEntityLoader(nothing);
    xmlSetGenericErrorFunc(NULL, silent);
    // It parses without recursion; the smaller limit is for those that build trees.
    xmlParserMaxDepth = NESTING_MAX + 8;
}

// The next bytes of a text.
static int hand_over(void *left, char *to, int room) {
    span *text = left;
    size_t count = text->size < (size_t)room ? text->size : (size_t)room;
    memcpy(to, text->bytes, count);
    (text->bytes += count, text->size -= count);
    return (int)count;
}

// Whether it was well-formed.
static int parse(span text, int is_shown, int options) {
    xmlParserCtxtPtr context = xmlNewParserCtxt();
    if (!context || text.size > INT32_MAX) {
        document_end(OUTCOME_TOO_LARGE, "reading it takes more memory than there is");
    }
    xmlSAXHandler *handler = context->sax;
    xmlSAXVersion(handler, 2);
    handler->startElementNs = is_shown ? open_shown : open_element;
    handler->endElementNs = is_shown ? close_shown : close_element;
    handler->characters = handler->ignorableWhitespace = is_shown ? write_shown : write_text;
    handler->cdataBlock = handler->characters;
    handler->entityDecl = declare_entity;
    handler->getEntity = entity;
    handler->getParameterEntity = NULL;
    handler->resolveEntity = NULL;
    handler->externalSubset = NULL;
    handler->reference = NULL;
    handler->comment = NULL;
    handler->processingInstruction = NULL;
    handler->warning = handler->error = handler->fatalError = NULL;
    handler->serror = NULL;
    (now.depth = 0, now.elements[0] = 0, now.entity_count = 0);
    flow_begin(&now.text);
    // Its own declaration is not asked: the text is UTF-8 by now.
    options |= XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_IGNORE_ENC;
    // Handed over in pieces: from memory, the parser makes a copy of it all.
    xmlDocPtr tree = xmlCtxtReadIO(context, hand_over, NULL, &text, NULL, "UTF-8", options);
    int is_whole = context->wellFormed;
    xmlFreeDoc(tree);
    xmlFreeParserCtxt(context);
    return is_whole;
}

// What is broken is read as far as it can be.
static void parse_broken(span text, int is_shown) {
    if (!parse(text, is_shown, XML_PARSE_RECOVER) && lines_place() == 0) {
        document_end(OUTCOME_UNREADABLE, "it is not well-formed XML");
    }
}

void xml_read(span text) { parse_broken(text, 0); }

void xml_read_drawing(span text) { parse_broken(text, 1); }

void xml_read_page(span text) {
    if (parse(text, 1, 0)) return;
    lines_restart();
    html_read(text);
}

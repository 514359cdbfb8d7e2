#include "elements.h"

#include <stdlib.h>
#include <string.h>

// In the order of strcmp.
static const struct {
    const char *name;
    shown how;
} elements[] = {
    {"a", SHOWN_LINK}, {"address", SHOWN_BLOCK}, {"annotation", SHOWN_NOT}, {"annotation-xml", SHOWN_NOT},
    {"article", SHOWN_BLOCK}, {"aside", SHOWN_BLOCK}, {"audio", SHOWN_APART}, {"blockquote", SHOWN_BLOCK},
    {"body", SHOWN_BLOCK}, {"br", SHOWN_BLOCK}, {"button", SHOWN_APART}, {"canvas", SHOWN_APART},
    {"caption", SHOWN_BLOCK}, {"center", SHOWN_BLOCK}, {"col", SHOWN_APART}, {"datalist", SHOWN_APART},
    {"dd", SHOWN_BLOCK}, {"desc", SHOWN_BLOCK}, {"details", SHOWN_BLOCK}, {"dialog", SHOWN_BLOCK},
    {"dir", SHOWN_BLOCK}, {"div", SHOWN_BLOCK}, {"dl", SHOWN_BLOCK}, {"dt", SHOWN_BLOCK}, {"embed", SHOWN_APART},
    {"fieldset", SHOWN_BLOCK}, {"figcaption", SHOWN_BLOCK}, {"figure", SHOWN_BLOCK}, {"footer", SHOWN_BLOCK},
    {"foreignobject", SHOWN_BLOCK}, {"form", SHOWN_BLOCK}, {"frameset", SHOWN_BLOCK}, {"h1", SHOWN_BLOCK},
    {"h2", SHOWN_BLOCK}, {"h3", SHOWN_BLOCK}, {"h4", SHOWN_BLOCK}, {"h5", SHOWN_BLOCK}, {"h6", SHOWN_BLOCK},
    {"head", SHOWN_BLOCK}, {"header", SHOWN_BLOCK}, {"hgroup", SHOWN_BLOCK}, {"hr", SHOWN_BLOCK},
    {"html", SHOWN_BLOCK}, {"iframe", SHOWN_NOT}, {"img", SHOWN_APART}, {"input", SHOWN_APART},
    {"label", SHOWN_APART}, {"legend", SHOWN_BLOCK}, {"li", SHOWN_BLOCK}, {"listing", SHOWN_VERBATIM},
    {"main", SHOWN_BLOCK}, {"marquee", SHOWN_BLOCK}, {"menu", SHOWN_BLOCK}, {"metadata", SHOWN_NOT},
    {"meter", SHOWN_APART}, {"nav", SHOWN_BLOCK}, {"noembed", SHOWN_NOT}, {"noframes", SHOWN_NOT},
    {"noscript", SHOWN_NOT}, {"object", SHOWN_APART}, {"ol", SHOWN_BLOCK}, {"optgroup", SHOWN_BLOCK},
    {"option", SHOWN_BLOCK}, {"output", SHOWN_APART}, {"p", SHOWN_BLOCK}, {"plaintext", SHOWN_VERBATIM},
    {"pre", SHOWN_VERBATIM}, {"progress", SHOWN_APART}, {"rp", SHOWN_APART}, {"rt", SHOWN_APART},
    {"script", SHOWN_NOT}, {"search", SHOWN_BLOCK}, {"section", SHOWN_BLOCK}, {"select", SHOWN_APART},
    {"style", SHOWN_NOT}, {"summary", SHOWN_BLOCK}, {"svg", SHOWN_APART}, {"table", SHOWN_BLOCK},
    {"tbody", SHOWN_BLOCK}, {"td", SHOWN_CELL}, {"template", SHOWN_NOT}, {"text", SHOWN_BLOCK},
    {"textarea", SHOWN_VERBATIM}, {"tfoot", SHOWN_BLOCK}, {"th", SHOWN_CELL}, {"thead", SHOWN_BLOCK},
    {"title", SHOWN_BLOCK}, {"tr", SHOWN_ROW}, {"ul", SHOWN_BLOCK}, {"video", SHOWN_APART},
    {"xmp", SHOWN_VERBATIM},
};

enum { COUNT = sizeof elements / sizeof *elements };

shown element_shown(const char *name, size_t size) {
    int first = 0, last = COUNT - 1;
    while (first <= last) {
        int middle = (first + last) / 2;
        int order = strncmp(name, elements[middle].name, size);
        // A name may hold a zero byte.
        size_t length = strlen(elements[middle].name);
        if (order == 0 && length != size) order = length > size ? -1 : 1;
        if (order == 0) return elements[middle].how;
        if (order < 0) {
            last = middle - 1;
        } else {
            first = middle + 1;
        }
    }
    return SHOWN_INLINE;
}

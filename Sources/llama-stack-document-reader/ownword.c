#define _GNU_SOURCE
#include "ownword.h"

#include <string.h>
#include <strings.h>

// Browsers look at 1,024 bytes; pages with long comments before it are about.
enum { LOOKED_AT_BYTES = 4096 };

static int is_space(char byte) { return byte == ' ' || (byte >= '\t' && byte <= '\r'); }

static span nothing(void) { return (span){"", 0}; }

// `= "value"`, with or without quotes.
static span value(const char *at, const char *end) {
    while (at < end && is_space(*at)) at++;
    if (at == end || *at != '=') return nothing();
    do at++;
    while (at < end && is_space(*at));
    if (at == end) return nothing();
    char quote = *at == '"' || *at == '\'' ? *at++ : 0;
    const char *start = at;
    while (at < end && (quote ? *at != quote : !is_space(*at) && !strchr(";>\"'/", *at))) at++;
    // A content="text/html; charset=x" ends with the quote of `content`; "charset=x;" at what follows.
    for (const char *cut = start; cut < at; cut++) {
        if (*cut == ';') at = cut;
    }
    return (span){start, (size_t)(at - start)};
}

static span after(const char *name, const char *at, const char *end) {
    size_t size = strlen(name);
    for (; (size_t)(end - at) > size; at++) {
        if (strncasecmp(at, name, size) != 0) continue;
        span found = value(at + size, end);
        if (found.size) return found;
    }
    return nothing();
}

static const char *find(const char *at, const char *end, const char *what) {
    const char *found = memmem(at, (size_t)(end - at), what, strlen(what));
    return found ? found : end;
}

static span of_declaration(span content) {
    const char *end = content.bytes + (content.size < LOOKED_AT_BYTES ? content.size : LOOKED_AT_BYTES);
    const char *at = content.bytes;
    while (at < end && is_space(*at)) at++;
    if (end - at < 6 || memcmp(at, "<?xml", 5) != 0 || !is_space(at[5])) return nothing();
    return after("encoding", at, find(at, end, "?>"));
}

static span of_meta(span content) {
    const char *end = content.bytes + (content.size < LOOKED_AT_BYTES ? content.size : LOOKED_AT_BYTES);
    for (const char *at = content.bytes; (at = find(at, end, "<")) < end;) {
        if (end - at >= 4 && memcmp(at, "<!--", 4) == 0) {
            // "<!-->" is whole.
            at = find(at + 2, end, "-->");
        } else if (end - at > 6 && strncasecmp(at, "<meta", 5) == 0 && (is_space(at[5]) || at[5] == '/')) {
            const char *close = find(at, end, ">");
            span found = after("charset", at + 5, close);
            if (found.size) return found;
            at = close;
        } else {
            at++;
        }
    }
    return nothing();
}

span own_word(span content, form as) {
    switch (as) {
    case FORM_HTML: {
        span found = of_meta(content);
        return found.size ? found : of_declaration(content);
    }
    case FORM_XHTML: {
        span found = of_declaration(content);
        return found.size ? found : of_meta(content);
    }
    case FORM_XML: case FORM_SVG: return of_declaration(content);
    default: return nothing();
    }
}

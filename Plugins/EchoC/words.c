#include "words.h"

static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

size_t word_end(const text *t, size_t from) {
    while (from < t->size && !is_space(t->data[from])) from++;
    while (from < t->size && is_space(t->data[from])) from++;
    return from;
}

bool content_text(lsp_bytes content, text *out) {
    if (*content.data == '{') return false;
    const uint8_t *at = content.data, *end = at + content.size;
    bool first = true;
    for (; at < end; at++) {
        if (*at == '{') return false;
        if (*at != '"') continue;
        const uint8_t *start = at++;
        while (*at != '"') at += *at == '\\' ? 2 : 1;
        if (!first) text_adds(out, " ");
        first = false;
        json_decode((lsp_bytes){start, (size_t)(at + 1 - start)}, out);
    }
    return true;
}

long long words_count(const text *t) {
    long long words = 0;
    for (size_t end = 0; end < t->size; words++) end = word_end(t, end);
    return words;
}

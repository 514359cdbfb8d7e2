#include "lines.h"

#include <stdlib.h>
#include <string.h>

#include "document.h"

static char *text;
static size_t length, capacity, length_max;
static gap pending;

enum { KEPT_BYTES = 4 << 20 };

void lines_begin(size_t size_max) {
    if (capacity > KEPT_BYTES) {
        free(text);
        (text = NULL, capacity = 0);
    }
    (length = 0, length_max = size_max, pending = GAP_NONE);
}

void lines_restart(void) { (length = 0, pending = GAP_NONE); }

void lines_gap(gap wanted) {
    if (wanted > pending) pending = wanted;
}

void lines_narrow(gap most) {
    if (pending > most) pending = most;
}

static void need(size_t more) {
    if (more > length_max - length) document_end(OUTCOME_TOO_LARGE, "it holds more than %zu bytes of text", length_max);
    if (more <= capacity - length) return;
    size_t larger = capacity ? capacity : 65536;
    while (larger < length + more) larger *= 2;
    char *grown = realloc(text, larger);
    if (!grown) document_end(OUTCOME_TOO_LARGE, "its text takes more memory than there is");
    (text = grown, capacity = larger);
}

// Before a word.
static void close_gap(size_t more) {
    need(more + 1);
    if (pending != GAP_NONE && length > 0) text[length++] = " \t\n"[pending - 1];
    pending = GAP_NONE;
}

static int is_space(const unsigned char *at, const unsigned char *end, size_t *size) {
    *size = 1;
    if (*at <= 0x20) return 1;
    *size = 2;
    return *at == 0xC2 && end - at > 1 && at[1] == 0xA0;
}

void lines_append(const char *bytes, size_t size, int keeps_lines) {
    const unsigned char *at = (const unsigned char *)bytes, *end = at + size;
    while (at < end) {
        size_t space;
        if (is_space(at, end, &space)) {
            lines_gap(*at == '\n' && keeps_lines ? GAP_LINE : *at == '\t' && keeps_lines ? GAP_CELL : GAP_SPACE);
            at += space;
            continue;
        }
        const unsigned char *word = at;
        while (at < end && !is_space(at, end, &space)) at++;
        close_gap((size_t)(at - word));
        memcpy(text + length, word, (size_t)(at - word));
        length += (size_t)(at - word);
    }
}

void lines_append_verbatim(const char *bytes, size_t size) {
    while (size > 0 && (bytes[size - 1] == '\n' || bytes[size - 1] == '\r')) size--;
    if (size == 0) return;
    lines_gap(GAP_LINE);
    close_gap(size);
    memcpy(text + length, bytes, size);
    length += size;
    lines_gap(GAP_LINE);
}

size_t lines_place(void) { return length; }

const char *lines_text(size_t *size) {
    *size = length;
    return text ? text : "";
}

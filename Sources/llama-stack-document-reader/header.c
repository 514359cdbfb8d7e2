#define _GNU_SOURCE
#include "header.h"

#include <string.h>
#include <strings.h>

#include "arena.h"
#include "encodings.h"
#include "lines.h"

static int is(span text, const char *name) {
    return text.size == strlen(name) && strncasecmp(text.bytes, name, text.size) == 0;
}

static span trimmed(span text) {
    while (text.size > 0 && (unsigned char)*text.bytes <= 0x20) (text.bytes++, text.size--);
    while (text.size > 0 && (unsigned char)text.bytes[text.size - 1] <= 0x20) text.size--;
    return text;
}

// ---- RFC 2047: `=?utf-8?B?...?=` ---------------------------------------------------------------------------------

// RFC 2047 has 75 bytes; others write more.
enum { ENCODED_WORD_MAX = 4096 };

typedef struct {
    span charset, text;
    carried how;
    const char *end;
} encoded_word;

static int encoded(const char *at, const char *end, encoded_word *word) {
    if (end - at < 8 || at[0] != '=' || at[1] != '?') return 0;
    const char *charset = at + 2, *method = memchr(charset, '?', (size_t)(end - charset));
    if (!method || end - method < 4 || method[2] != '?') return 0;
    const char *text = method + 3, *limit = end - text > ENCODED_WORD_MAX ? text + ENCODED_WORD_MAX : end;
    const char *close = memmem(text, (size_t)(limit - text), "?=", 2);
    if (!close) return 0;
    const char *language = memchr(charset, '*', (size_t)(method - charset));
    word->charset = (span){charset, (size_t)((language ? language : method) - charset)};
    word->text = (span){text, (size_t)(close - text)};
    word->how = (method[1] | 0x20) == 'b' ? CARRIED_BASE64 : CARRIED_QUOTED;
    word->end = close + 2;
    return 1;
}

static void write_decoded(span bytes, span charset) {
    span text = encodings_decode(bytes, charset, FORM_PLAIN).text;
    lines_append(text.bytes, text.size, 0);
}

static void write_value(span value) {
    const char *at = value.bytes, *end = at + value.size, *start = at;
    while (at < end) {
        encoded_word word;
        if (!encoded(at, end, &word)) {
            at++;
            continue;
        }
        if (at > start) write_decoded((span){start, (size_t)(at - start)}, (span){"", 0});
        write_decoded(transfer_decode(word.text, word.how, 1), word.charset);
        start = at = word.end;
        // Space between two encoded words is none.
        const char *next = at;
        while (next < end && (unsigned char)*next <= 0x20) next++;
        if (next < end && encoded(next, end, &word)) start = at = next;
    }
    if (end > start) write_decoded((span){start, (size_t)(end - start)}, (span){"", 0});
}

// ---- the fields ----------------------------------------------------------------------------------------------------

// The value of `name=` behind a semicolon.
static span parameter(span value, const char *name) {
    const char *at = value.bytes, *end = at + value.size;
    while ((at = memchr(at, ';', (size_t)(end - at)))) {
        do at++;
        while (at < end && (unsigned char)*at <= 0x20);
        const char *equals = memchr(at, '=', (size_t)(end - at));
        if (!equals || !is(trimmed((span){at, (size_t)(equals - at)}), name)) continue;
        at = equals + 1;
        while (at < end && (unsigned char)*at <= 0x20) at++;
        const char *close = at < end && *at == '"' ? memchr(at + 1, '"', (size_t)(end - at - 1)) : NULL;
        if (close) return (span){at + 1, (size_t)(close - at - 1)};
        close = memchr(at, ';', (size_t)(end - at));
        return trimmed((span){at, (size_t)((close ? close : end) - at)});
    }
    return (span){"", 0};
}

static void take_field(mail_part *part, span name, span value, int is_shown) {
    static const char *const read_by_people[] = {"from", "to", "cc", "date", "subject", "organization", "keywords"};
    if (is(name, "content-type")) {
        const char *semicolon = memchr(value.bytes, ';', value.size);
        part->type = trimmed((span){value.bytes, semicolon ? (size_t)(semicolon - value.bytes) : value.size});
        (part->charset = parameter(value, "charset"), part->boundary = parameter(value, "boundary"));
    } else if (is(name, "content-transfer-encoding")) {
        value = trimmed(value);
        if (is(value, "base64")) part->how = CARRIED_BASE64;
        if (is(value, "quoted-printable")) part->how = CARRIED_QUOTED;
    }
    for (size_t i = 0; is_shown && i < sizeof read_by_people / sizeof *read_by_people; i++) {
        if (!is(name, read_by_people[i])) continue;
        lines_gap(GAP_LINE);
        lines_append(name.bytes, name.size, 0);
        lines_append(": ", 2, 0);
        write_value(value);
        lines_gap(GAP_LINE);
    }
}

mail_part header_read(span from, int is_shown) {
    mail_part part = {{"", 0}, {"", 0}, {"", 0}, CARRIED_PLAIN, {"", 0}};
    const char *at = from.bytes, *end = at + from.size;
    while (at < end) {
        // A field goes on in lines that begin with space.
        const char *line = at;
        do {
            const char *newline = memchr(at, '\n', (size_t)(end - at));
            at = newline ? newline + 1 : end;
        } while (at < end && (*at == ' ' || *at == '\t'));
        span field = trimmed((span){line, (size_t)(at - line)});
        if (field.size == 0) break;
        const char *colon = memchr(field.bytes, ':', field.size);
        if (!colon) continue;
        size_t size = (size_t)(colon - field.bytes);
        take_field(
            &part, trimmed((span){field.bytes, size}), trimmed((span){colon + 1, field.size - size - 1}), is_shown);
    }
    part.body = (span){at, (size_t)(end - at)};
    return part;
}

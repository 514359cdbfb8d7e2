#define _GNU_SOURCE
#include "mail.h"

#include <string.h>
#include <strings.h>

#include "encodings.h"
#include "header.h"
#include "html.h"
#include "lines.h"

enum { PARTS_WITHIN_MAX = 32 };

static void read_part(span bytes, int is_message, int depth);

static int begins(span text, const char *with) {
    return text.size >= strlen(with) && strncasecmp(text.bytes, with, strlen(with)) == 0;
}

// ---- the parts of a multipart --------------------------------------------------------------------------------------

// The next line of `--boundary` at or after `at`; the end when there is none. `after` is past that line.
static const char *find_line(const char *at, const char *end, span boundary, const char **after) {
    for (const char *from = at; from < end;) {
        const char *found = memmem(from, (size_t)(end - from), boundary.bytes, boundary.size);
        if (!found) break;
        from = found + boundary.size;
        int is_marked = found - at >= 2 && found[-1] == '-' && found[-2] == '-';
        int starts_line = is_marked && (found - at == 2 || found[-3] == '\n');
        if (!starts_line) continue;
        const char *newline = memchr(from, '\n', (size_t)(end - from));
        *after = newline ? newline + 1 : end;
        // "--boundary--" closes.
        if (end - from >= 2 && from[0] == '-' && from[1] == '-') *after = end;
        return found - 2;
    }
    *after = end;
    return end;
}

static int is_text(span part, const char *type) {
    span found = header_read(part, 0).type;
    return found.size == strlen(type) && begins(found, type);
}

static void read_parts(mail_part whole, int depth) {
    const char *at = whole.body.bytes, *end = at + whole.body.size, *next;
    int is_choice = begins(whole.type, "multipart/alternative"), has_plain = 0;
    find_line(at, end, whole.boundary, &at);
    while (at < end) {
        const char *stop = find_line(at, end, whole.boundary, &next);
        span part = {at, (size_t)(stop - at)};
        // The same text twice: the plain one comes first.
        if (!(has_plain && is_choice && is_text(part, "text/html"))) read_part(part, 0, depth + 1);
        has_plain |= is_choice && is_text(part, "text/plain");
        at = next;
    }
}

// ---- one part ------------------------------------------------------------------------------------------------------

static void read_text(mail_part part) {
    int is_page = begins(part.type, "text/html");
    span bytes = transfer_decode(part.body, part.how, 0);
    span text = encodings_decode(bytes, part.charset, is_page ? FORM_HTML : FORM_PLAIN).text;
    lines_gap(GAP_LINE);
    if (is_page) html_read(text);
    else lines_append_verbatim(text.bytes, text.size);
    lines_gap(GAP_LINE);
}

static void read_part(span bytes, int is_message, int depth) {
    if (depth > PARTS_WITHIN_MAX) {
        document_end(OUTCOME_UNREADABLE, "its parts are nested deeper than %d", PARTS_WITHIN_MAX);
    }
    mail_part part = header_read(bytes, is_message);
    if (begins(part.type, "multipart/") && part.boundary.size > 0) {
        read_parts(part, depth);
    } else if (begins(part.type, "message/rfc822")) {
        read_part(transfer_decode(part.body, part.how, 0), 1, depth + 1);
    } else if (part.type.size == 0 || begins(part.type, "text/")) {
        read_text(part);
    }
}

void mail_read(span message) {
    // As mailboxes have it.
    if (begins(message, "From ")) {
        const char *newline = memchr(message.bytes, '\n', message.size);
        size_t first = newline ? (size_t)(newline + 1 - message.bytes) : message.size;
        (message.bytes += first, message.size -= first);
    }
    read_part(message, 1, 0);
}

#include "document.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "arena.h"
#include "encodings.h"
#include "html.h"
#include "json.h"
#include "lines.h"
#include "mail.h"
#include "markdown.h"
#include "reading.h"
#include "xml.h"

static reading *current;
static int64_t time_end;
static int seconds_max;

static int64_t computed(void) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

void document_end(outcome how, const char *reason, ...) {
    va_list arguments;
    va_start(arguments, reason);
    vsnprintf(current->reason, sizeof current->reason, reason, arguments);
    va_end(arguments);
    current->how = how;
    longjmp(current->end, 1);
}

void document_check_time(void) {
    if (computed() <= time_end) return;
    document_end(OUTCOME_UNREADABLE, "reading it computes for longer than %d s", seconds_max);
}

void document_check_depth(size_t depth, const char *what) {
    if (depth < NESTING_MAX) return;
    document_end(OUTCOME_UNREADABLE, "its %s are nested deeper than %d", what, NESTING_MAX);
}

static span text_of(form as, span text) {
    switch (as) {
    case FORM_HTML: html_read(text); break;
    case FORM_XHTML: xml_read_page(text); break;
    case FORM_MARKDOWN: markdown_read(text); break;
    case FORM_XML: xml_read(text); break;
    case FORM_SVG: xml_read_drawing(text); break;
    case FORM_JSON: json_read(text); break;
    default: return text;
    }
    span read;
    read.bytes = lines_text(&read.size);
    return read;
}

static int is_within(span part, span whole) {
    return part.bytes >= whole.bytes && part.bytes <= whole.bytes + whole.size;
}

void document_read(reading *wanted, const reading_limits *limits) {
    current = wanted;
    arena_reset();
    arena_limit(limits->memory_bytes);
    lines_begin(limits->text_bytes);
    // A parser takes a second for 20 MB of what people write, and forever for what was made to be slow.
    seconds_max = 2 + (int)(wanted->content.size >> 20);
    time_end = computed() + (int64_t)seconds_max * 1000000000;
    if (setjmp(wanted->end) != 0) {
        wanted->text = (span){"", 0};
        return;
    }
    wanted->how = OUTCOME_TEXT;
    if (wanted->as == FORM_MAIL) {
        mail_read(wanted->content);
        wanted->text.bytes = lines_text(&wanted->text.size);
    } else {
        decoded text = encodings_decode(wanted->content, wanted->charset, wanted->as);
        wanted->encoding = text.encoding;
        wanted->is_guess = text.is_guess;
        if (!is_within(text.text, wanted->content)) wanted->give_back();
        wanted->text = text_of(wanted->as, text.text);
    }
    if (wanted->as != FORM_PLAIN) {
        // The text is apart from what it was made of. The provider makes a copy of it now, so that goes first.
        arena_reset();
        wanted->give_back();
    }
    if (wanted->text.size > limits->text_bytes) {
        document_end(OUTCOME_TOO_LARGE, "it holds more than %zu bytes of text", limits->text_bytes);
    }
}

void document_forget(const reading *read) {
    lines_begin(0);
    arena_reset();
    read->give_back();
}

#include "json.h"

#include <string.h>

#include "lines.h"
#include "pages.h"
#include "utf8.h"

static int hex(const char *at, const char *end, uint32_t *value) {
    if (end - at < 4) return 0;
    *value = 0;
    for (int i = 0; i < 4; i++) {
        unsigned digit = (unsigned char)at[i];
        if (digit >= '0' && digit <= '9') digit -= '0';
        else if ((digit | 0x20) >= 'a' && (digit | 0x20) <= 'f') digit = (digit | 0x20) - 'a' + 10;
        else return 0;
        *value = *value << 4 | digit;
    }
    return 1;
}

// `at` is past the backslash. Past what it means.
static const char *escape(const char *at, const char *end) {
    char letters[4];
    uint32_t scalar, second;
    switch (*at) {
    case 'n': case 'r': case 't': case 'f': lines_append("\n", 1, 1); return at + 1;
    case 'b': return at + 1;
    case 'u':
        if (!hex(at + 1, end, &scalar)) break;
        at += 5;
        if (scalar >= 0xD800 && scalar < 0xDC00 && end - at >= 6 && at[0] == '\\' && at[1] == 'u'
            && hex(at + 2, end, &second) && second >= 0xDC00 && second < 0xE000) {
            scalar = 0x10000 + ((scalar - 0xD800) << 10) + (second - 0xDC00);
            at += 6;
        }
        lines_append(letters, utf8_encode(scalar, letters), 1);
        return at;
    default: break;
    }
    lines_append(at, 1, 1);
    return at + 1;
}

// `at` is past the quote; past the closing one.
static const char *string(const char *at, const char *end) {
    while (at < end && *at != '"') {
        if (*at == '\\' && at + 1 < end) {
            at = escape(at + 1, end);
            continue;
        }
        const char *run = at;
        do at++;
        while (at < end && *at != '"' && *at != '\\');
        lines_append(run, (size_t)(at - run), 1);
    }
    return at < end ? at + 1 : end;
}

static const char *scalar(const char *at, const char *end) {
    const char *start = at;
    while (at < end && !strchr("\"[]{},: \t\r\n", *at)) at++;
    // Only a zero byte is none of these and found by strchr.
    if (at == start) at++;
    lines_append(start, (size_t)(at - start), 0);
    return at;
}

void json_read(span text) {
    // Of each open object or array, whether it is an object.
    static unsigned char is_object[NESTING_MAX];
    size_t depth = 0;
    int is_after_value = 0;
    const char *at = text.bytes, *end = at + text.size, *held = at;
    while (at < end) {
        // What is read goes as its text grows, which may be the longer of the two.
        if (at - held >= PAGES_AT_ONCE) {
            pages_forget(held, at);
            held = at;
        }
        switch (*at) {
        case '"':
            at = string(at + 1, end);
            is_after_value = 1;
            continue;
        case '{': case '[':
            document_check_depth(depth, "values");
            is_object[depth++] = *at == '{';
            is_after_value = 0;
            lines_gap(*at == '{' ? GAP_LINE : GAP_SPACE);
            break;
        case '}': case ']':
            depth -= depth > 0;
            is_after_value = 0;
            lines_gap(*at == '}' ? GAP_LINE : GAP_SPACE);
            break;
        case ',':
            if (is_after_value && depth > 0 && !is_object[depth - 1]) lines_append(",", 1, 0);
            lines_gap(depth > 0 && is_object[depth - 1] ? GAP_LINE : GAP_SPACE);
            break;
        case ':':
            lines_append(":", 1, 0);
            lines_gap(GAP_SPACE);
            break;
        case '\n': lines_gap(depth == 0 ? GAP_LINE : GAP_SPACE); break;
        case ' ': case '\t': case '\r': break;
        default:
            at = scalar(at, end);
            is_after_value = 1;
            continue;
        }
        at++;
    }
}

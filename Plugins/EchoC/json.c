#include "json.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// MARK: A growing text

void text_add(text *t, const char *data, size_t size) {
    if (t->failed || size == 0) return;
    if (size > t->capacity - t->size) {
        size_t capacity = t->capacity ? t->capacity : 128;
        while (capacity - t->size < size) {
            if (capacity > SIZE_MAX / 2) { t->failed = true; return; }
            capacity *= 2;
        }
        char *grown = realloc(t->data, capacity);
        if (!grown) { t->failed = true; return; }
        t->data = grown;
        t->capacity = capacity;
    }
    memcpy(t->data + t->size, data, size);
    t->size += size;
}

void text_adds(text *t, const char *string) { text_add(t, string, strlen(string)); }

void text_add_escaped(text *t, const char *data, size_t size) {
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)data[i];
        char escaped[8];
        if (c == '"' || c == '\\') snprintf(escaped, sizeof escaped, "\\%c", c);
        else if (c < 0x20) snprintf(escaped, sizeof escaped, "\\u%04x", c);
        else snprintf(escaped, sizeof escaped, "%c", c);
        text_adds(t, escaped);
    }
}

void text_free(text *t) { free(t->data); *t = (text){0}; }

lsp_bytes text_bytes(const text *t) { return (lsp_bytes){(const uint8_t *)t->data, t->size}; }

// MARK: Reading

// Where the reader is, from the inside out: each frame lives on the stack of the function that made it.
typedef struct path {
    const struct path *parent;
    lsp_bytes key; // raw; index when its data is NULL
    size_t index;
} path;

typedef struct reader {
    const uint8_t *at, *end;
    int depth;
    json_read *read;
} reader;

static void write_path(const path *p, text *out) {
    if (!p) return;
    write_path(p->parent, out);
    if (!p->key.data) {
        char index[32];
        snprintf(index, sizeof index, "[%zu]", p->index);
        text_adds(out, index);
        return;
    }
    if (out->size) text_adds(out, ".");
    if (p->key.size > 64) text_adds(out, "(a long key)");
    else text_add(out, (const char *)p->key.data, p->key.size); // raw, so it is escaped already
}

// The first complaint counts. `message` is plain ASCII without quotes and backslashes.
static bool fail(reader *r, lsp_status status, const path *where, const char *message) {
    if (r->read->status != LSP_OK) return false;
    r->read->status = status;
    write_path(where, &r->read->field);
    text_adds(&r->read->message, message);
    return false;
}

static bool bad_json(reader *r) { return fail(r, LSP_BAD_REQUEST, NULL, "the body is not valid JSON"); }

static void skip_space(reader *r) {
    while (r->at < r->end && (*r->at == ' ' || *r->at == '\t' || *r->at == '\n' || *r->at == '\r')) r->at++;
}

static bool take(reader *r, char c) {
    skip_space(r);
    if (r->at == r->end || *r->at != (uint8_t)c) return false;
    r->at++;
    return true;
}

static int hex(const uint8_t *at) {
    int value = 0;
    for (int i = 0; i < 4; i++) {
        if (!isxdigit(at[i])) return -1;
        value = value * 16 + (isdigit(at[i]) ? at[i] - '0' : (at[i] | 32) - 'a' + 10);
    }
    return value;
}

// `raw` is what stands between the quotes.
static bool read_string(reader *r, lsp_bytes *raw) {
    if (!take(r, '"')) return bad_json(r);
    const uint8_t *start = r->at;
    while (r->at < r->end && *r->at != '"') {
        if (*r->at < 0x20) return bad_json(r);
        if (*r->at++ != '\\') continue;
        if (r->at == r->end || !strchr("\"\\/bfnrtu", *r->at) || *r->at == 0) return bad_json(r);
        if (*r->at++ != 'u') continue;
        if (r->end - r->at < 4) return bad_json(r);
        int unit = hex(r->at);
        r->at += 4;
        if (unit < 0 || (unit >= 0xDC00 && unit < 0xE000)) return bad_json(r);
        if (unit < 0xD800 || unit >= 0xDC00) continue;
        if (r->end - r->at < 6 || r->at[0] != '\\' || r->at[1] != 'u') return bad_json(r);
        int low = hex(r->at + 2);
        if (low < 0xDC00 || low >= 0xE000) return bad_json(r);
        r->at += 6;
    }
    if (r->at == r->end) return bad_json(r);
    *raw = (lsp_bytes){start, (size_t)(r->at - start)};
    r->at++;
    return true;
}

static bool digits(reader *r) {
    if (r->at == r->end || !isdigit(*r->at)) return false;
    while (r->at < r->end && isdigit(*r->at)) r->at++;
    return true;
}

static bool read_number(reader *r, double *value, bool *is_whole) {
    const uint8_t *start = r->at;
    if (r->at < r->end && *r->at == '-') r->at++;
    if (r->at < r->end && *r->at == '0') r->at++;
    else if (!digits(r)) return bad_json(r);
    if (r->at < r->end && *r->at == '.') {
        r->at++;
        if (!digits(r)) return bad_json(r);
    }
    if (r->at < r->end && (*r->at | 32) == 'e') {
        r->at++;
        if (r->at < r->end && (*r->at == '+' || *r->at == '-')) r->at++;
        if (!digits(r)) return bad_json(r);
    }
    char copy[64];
    size_t size = (size_t)(r->at - start);
    if (size >= sizeof copy) return bad_json(r);
    memcpy(copy, start, size);
    copy[size] = 0;
    *value = strtod(copy, NULL);
    *is_whole = *value >= -9e15 && *value <= 9e15 && *value == (double)(long long)*value;
    return true;
}

static bool value(reader *r, const shape *wanted, const path *where, lsp_bytes *raw);

static bool word_is(lsp_bytes raw, const char *word) {
    text plain = {0};
    json_decode(raw, &plain);
    bool same = plain.size == strlen(word) && (plain.size == 0 || memcmp(plain.data, word, plain.size) == 0);
    text_free(&plain);
    return same;
}

static bool is_url(lsp_bytes raw) {
    static const char *const schemes[] = {"http://", "https://", "file://", "data:"};
    text plain = {0};
    json_decode(raw, &plain);
    bool found = false;
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        size_t size = strlen(schemes[i]);
        found |= plain.size >= size && memcmp(plain.data, schemes[i], size) == 0;
    }
    text_free(&plain);
    return found;
}

static bool object(reader *r, const shape *wanted, const path *where) {
    const field *fields = wanted->kind == K_OBJECT ? wanted->fields : NULL;
    uint64_t seen = 0;
    take(r, '{');
    if (++r->depth > JSON_DEPTH_MAX) return fail(r, LSP_BAD_REQUEST, NULL, "the body is nested too deep");
    if (!take(r, '}')) {
        do {
            path here = {where, {0}, 0};
            if (!read_string(r, &here.key) || !take(r, ':')) return bad_json(r);
            const field *f = fields;
            while (f && f->key && !word_is(here.key, f->key)) f++;
            if (f && !f->key) f = NULL;
            if (fields && !f && !wanted->open) return fail(r, LSP_INVALID, &here, "is not a field of this object");
            if (f && seen >> (f - fields) & 1) return bad_json(r);
            lsp_bytes raw;
            skip_space(r);
            bool is_null = r->end - r->at >= 4 && memcmp(r->at, "null", 4) == 0;
            // null counts as absent: for a field that is required it is of the wrong type.
            static const shape any = {.kind = K_ANY};
            if (!value(r, f && !(is_null && !f->required) ? f->shape : &any, &here, &raw)) return false;
            if (f) seen |= (uint64_t)1 << (f - fields);
            if (f && f->slot && !is_null) r->read->slots[f->slot] = raw;
        } while (take(r, ','));
        if (!take(r, '}')) return bad_json(r);
    }
    r->depth--;
    for (const field *f = fields; f && f->key; f++) {
        if (!f->required || seen >> (f - fields) & 1) continue;
        path here = {where, {(const uint8_t *)f->key, strlen(f->key)}, 0};
        return fail(r, LSP_INVALID, &here, "is required");
    }
    return true;
}

static bool array(reader *r, const shape *item, const path *where) {
    take(r, '[');
    if (++r->depth > JSON_DEPTH_MAX) return fail(r, LSP_BAD_REQUEST, NULL, "the body is nested too deep");
    if (!take(r, ']')) {
        path here = {where, {0}, 0};
        do {
            lsp_bytes raw;
            if (!value(r, item, &here, &raw)) return false;
            here.index++;
        } while (take(r, ','));
        if (!take(r, ']')) return bad_json(r);
    }
    r->depth--;
    return true;
}

static const shape any_shape = {.kind = K_ANY};
static const shape string_shape = {.kind = K_STRING};
static const shape url_shape = {.kind = K_URL};
static const field attachment_fields[] = {{"url", &url_shape, true, 0}, {"mime_type", &string_shape, true, 0}, {0}};
static const shape attachment = {.kind = K_OBJECT, .fields = attachment_fields};

// The kinds that `c`, the first byte of a value, can begin.
static bool begins(kind kind, char c) {
    switch (kind) {
    case K_STRING: case K_WORD: case K_URL: return c == '"';
    case K_PIECE: return c == '"' || c == '{';
    case K_INTEGER: case K_NUMBER: return c == '-' || isdigit((unsigned char)c);
    case K_BOOLEAN: return c == 't' || c == 'f';
    case K_OBJECT: case K_MAP: return c == '{';
    case K_ARRAY: return c == '[';
    case K_CONTENT: return c == '"' || c == '{' || c == '[';
    case K_ANY: return true;
    }
    return false;
}

static const char *wrong_kind(kind kind) {
    switch (kind) {
    case K_STRING: case K_WORD: case K_URL: return "must be a string";
    case K_PIECE: return "must be a string or an attachment";
    case K_INTEGER: return "must be an integer";
    case K_NUMBER: return "must be a number";
    case K_BOOLEAN: return "must be a boolean";
    case K_ARRAY: return "must be an array";
    case K_CONTENT: return "must be a string, an attachment or an array of them";
    default: return "must be an object";
    }
}

static bool literal(reader *r, const char *word) {
    size_t size = strlen(word);
    if ((size_t)(r->end - r->at) < size || memcmp(r->at, word, size) != 0) return bad_json(r);
    r->at += size;
    return true;
}

static bool value(reader *r, const shape *wanted, const path *where, lsp_bytes *raw) {
    skip_space(r);
    if (r->at == r->end) return bad_json(r);
    const uint8_t *start = r->at;
    char c = (char)*start;
    if (!strchr("\"{[tfn-0123456789", c) || c == 0) return bad_json(r);
    if (!begins(wanted->kind, c)) return fail(r, LSP_INVALID, where, wrong_kind(wanted->kind));
    bool ok = true, is_whole = false;
    double number = 0;
    lsp_bytes string = {0};
    switch (c) {
    case '{': ok = object(r, wanted->kind == K_CONTENT || wanted->kind == K_PIECE ? &attachment : wanted, where); break;
    case '[': {
        static const shape piece = {.kind = K_PIECE};
        const shape *item = wanted->kind == K_ARRAY ? wanted->item : wanted->kind == K_CONTENT ? &piece : &any_shape;
        ok = array(r, item, where);
        break;
    }
    case '"': ok = read_string(r, &string); break;
    case 't': ok = literal(r, "true"); break;
    case 'f': ok = literal(r, "false"); break;
    case 'n': ok = literal(r, "null"); break;
    default: ok = read_number(r, &number, &is_whole);
    }
    if (!ok) return false;
    *raw = (lsp_bytes){start, (size_t)(r->at - start)};
    if (wanted->kind == K_INTEGER && !is_whole) return fail(r, LSP_INVALID, where, "must be an integer");
    if (wanted->from_zero && number < 0) return fail(r, LSP_INVALID, where, "must be at least 0");
    if (wanted->fraction && !(number > 0 && number <= 1)) return fail(r, LSP_INVALID, where, "must be in (0, 1]");
    if (wanted->kind == K_URL && !is_url(string))
        return fail(r, LSP_INVALID, where, "must begin with http://, https://, file:// or data:");
    if (wanted->kind == K_WORD) {
        const char *const *word = wanted->words;
        while (*word && !word_is(string, *word)) word++;
        if (!*word) return fail(r, LSP_INVALID, where, "is not one of the words that this field takes");
    }
    return true;
}

// Twice: that the text is JSON at all comes before what it says.
bool json_check(lsp_bytes bytes, const shape *wanted, json_read *read) {
    for (int pass = 0; pass < 2; pass++) {
        reader r = {bytes.data, bytes.data ? bytes.data + bytes.size : NULL, 0, read};
        lsp_bytes raw;
        if (!value(&r, pass ? wanted : &any_shape, NULL, &raw)) return false;
        skip_space(&r);
        if (r.at != r.end) return bad_json(&r);
    }
    return true;
}

void json_read_free(json_read *read) {
    text_free(&read->field);
    text_free(&read->message);
}

void json_read_error(const json_read *read, text *error) {
    text_adds(error, "{\"code\":\"");
    text_adds(error, read->status == LSP_INVALID ? "invalid_request" : "invalid_json");
    text_adds(error, "\",\"message\":\"");
    if (read->field.size) {
        text_add(error, read->field.data, read->field.size);
        text_adds(error, " ");
    }
    text_add(error, read->message.data, read->message.size);
    if (read->field.size) {
        text_adds(error, "\",\"field\":\"");
        text_add(error, read->field.data, read->field.size);
    }
    text_adds(error, "\"}");
}

// MARK: Values

static void add_utf8(text *out, unsigned long scalar) {
    char bytes[4];
    if (scalar < 0x80) {
        bytes[0] = (char)scalar;
        text_add(out, bytes, 1);
    } else if (scalar < 0x800) {
        bytes[0] = (char)(0xC0 | scalar >> 6);
        bytes[1] = (char)(0x80 | (scalar & 0x3F));
        text_add(out, bytes, 2);
    } else if (scalar < 0x10000) {
        bytes[0] = (char)(0xE0 | scalar >> 12);
        bytes[1] = (char)(0x80 | (scalar >> 6 & 0x3F));
        bytes[2] = (char)(0x80 | (scalar & 0x3F));
        text_add(out, bytes, 3);
    } else {
        bytes[0] = (char)(0xF0 | scalar >> 18);
        bytes[1] = (char)(0x80 | (scalar >> 12 & 0x3F));
        bytes[2] = (char)(0x80 | (scalar >> 6 & 0x3F));
        bytes[3] = (char)(0x80 | (scalar & 0x3F));
        text_add(out, bytes, 4);
    }
}

// read_string has seen to it that every escape is whole.
void json_decode(lsp_bytes string, text *out) {
    const uint8_t *at = string.data, *end = string.data + string.size;
    if (string.size >= 2 && *at == '"') at++, end--;
    while (at < end) {
        if (*at != '\\') {
            text_add(out, (const char *)at++, 1);
            continue;
        }
        static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
        char kind = (char)at[1];
        at += 2;
        if (kind != 'u') {
            const char *known = strchr(from, kind);
            text_add(out, known ? &to[known - from] : &kind, 1);
            continue;
        }
        unsigned long scalar = (unsigned long)hex(at);
        at += 4;
        if (scalar >= 0xD800 && scalar < 0xDC00) {
            scalar = 0x10000 + ((scalar - 0xD800) << 10) + ((unsigned long)hex(at + 2) - 0xDC00);
            at += 6;
        }
        add_utf8(out, scalar);
    }
}

long long json_integer(lsp_bytes raw, long long missing) {
    if (!raw.data) return missing;
    if (*raw.data == 't' || *raw.data == 'f') return *raw.data == 't';
    char copy[64] = {0};
    memcpy(copy, raw.data, raw.size < sizeof copy ? raw.size : sizeof copy - 1);
    return (long long)strtod(copy, NULL);
}

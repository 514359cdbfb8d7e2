// JSON for a provider that has no library for it: a reader that holds a text against a table of shapes, and a growing
// text to answer with. Nothing here knows what the requests look like; requests.c does.
#ifndef ECHO_JSON_H
#define ECHO_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "llama_stack_provider.h"

// The library exports its entry alone: nothing here may be found by, or mixed up with, another library's names.
#pragma GCC visibility push(hidden)

// A text that grows. After an allocation failed it stays as it was, and `failed` is true.
typedef struct text {
    char *data;
    size_t size, capacity;
    bool failed;
} text;

void text_add(text *t, const char *data, size_t size);
void text_adds(text *t, const char *string);
// Adds the bytes as they stand inside the quotes of a JSON string.
void text_add_escaped(text *t, const char *data, size_t size);
void text_free(text *t);
lsp_bytes text_bytes(const text *t);

typedef enum kind {
    K_ANY, K_STRING, K_WORD, K_URL, K_INTEGER, K_NUMBER, K_BOOLEAN, K_OBJECT, K_ARRAY, K_MAP,
    K_PIECE,   // of a content: a string or an attachment
    K_CONTENT, // a piece, or an array of them
} kind;

// The type that a value must have.
typedef struct shape {
    kind kind;
    const struct field *fields;    // K_OBJECT: up to a NULL key
    bool open;                     // K_OBJECT: other fields are let pass
    const struct shape *item;      // K_ARRAY
    const char *const *words;      // K_WORD: up to NULL
    bool from_zero;                // K_INTEGER, K_NUMBER: at least 0
    bool fraction;                 // K_NUMBER: in (0, 1]
} shape;

typedef struct field {
    const char *key;
    const shape *shape;
    bool required;
    int slot; // 0, or where json_read leaves the value's bytes
} field;

enum { JSON_SLOTS = 16, JSON_DEPTH_MAX = 64 };

typedef struct json_read {
    lsp_bytes slots[JSON_SLOTS]; // raw JSON values; empty where the field is missing or null
    lsp_status status;           // LSP_OK, or what is wrong:
    text field;                  // its path, as it stands inside quotes
    text message;                // likewise
} json_read;

// Reads all of `bytes` as `wanted`. `read` starts zeroed; free it with json_read_free.
bool json_check(lsp_bytes bytes, const shape *wanted, json_read *read);
void json_read_free(json_read *read);

// {"code", "message", "field"?} or, for a configuration, [{"pointer", "code", "message"}].
void json_read_error(const json_read *read, text *error);

// Adds the text of a raw JSON string, its escapes undone.
void json_decode(lsp_bytes string, text *out);
// The value of a raw JSON integer or boolean that json_check has passed; `missing` where there is none.
long long json_integer(lsp_bytes raw, long long missing);

#pragma GCC visibility pop

#endif

// Shared by the files of this target.
#ifndef GUARD_PARTS_H
#define GUARD_PARTS_H
#include <stddef.h>
#include <stdint.h>

#include "process_output.h"

// MARK: one line of text, put together without allocating

typedef struct {
    char bytes[2048];
    size_t size;
} line;

void line_text(line *to, const char *text);
void line_number(line *to, uint64_t number);
void line_hexadecimal(line *to, uint64_t number);
/// Appends foreign text without control characters, quotes or backslashes, so that it can neither pass for the host's
/// own words nor end a JSON string.
void line_foreign(line *to, const char *text);

// MARK: modules

typedef struct {
    uintptr_t start, end, base;
    int is_provider;
    char path[104];  // its end, when it is longer
} module;

/// The module that this address lies in, or NULL, as of the last pg_refresh_modules(). Any signal handler.
const module *module_at(uintptr_t address);
/// The same for a library that is being opened: its constructors run before it is in the table. Slow; any signal
/// handler.
/// \returns 0 when no file lies there
int mapped_at(uintptr_t address, module *found);
const char *module_name(const module *of);

// MARK: what a thread is doing

typedef struct {
    char provider[64], method[64], request_id[80];
} record;

/// The function that this thread entered last and has not left, or NULL. Any signal handler.
const record *current_record(void);
/// " in inference/cpu chat_completion, request abc".
void line_record(line *to, const record *of);

/// An alternate stack for signals, for this thread.
void ensure_alternate_stack(void);

/// Standard error, as it was when one of the guards was first set.
pg_output guard_output(void);

#endif

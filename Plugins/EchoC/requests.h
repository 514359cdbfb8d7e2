// The requests that this provider reads, as tables: what each field must be, and which ones it wants to know.
#ifndef ECHO_REQUESTS_H
#define ECHO_REQUESTS_H

#include "json.h"

enum { SLOT_CONTENT = 1, SLOT_MAX_TOKENS, SLOT_STREAM, SLOT_KIND, SLOT_PREFIX, SLOT_DELAY, SLOT_PREFIX_URL, SLOT_EXTENDED, SLOTS };
_Static_assert((int)SLOTS <= (int)JSON_SLOTS, "json_read has too few slots");

#pragma GCC visibility push(hidden)
extern const shape answer_options, completion_request, chat_completion_request, resource, configuration;
#pragma GCC visibility pop

#endif

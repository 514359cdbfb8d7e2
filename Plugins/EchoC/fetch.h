// A GET through the host, for a thread that waits: a provider opens no connection of its own.
#ifndef ECHO_FETCH_H
#define ECHO_FETCH_H

#include "json.h"

#pragma GCC visibility push(hidden)

enum { FETCH_BYTES_MAX = 64 * 1024 };

// Appends what `url` answers to `body`. Else the status, and the error object in `body`. `origin` is the client's
// request: its id is used for the call to the host, which cancel passes on; `cancelled(argument)` is asked once the
// host knows it. The descriptor's `needs` must have "network".
lsp_status fetch(const lsp_host *host, const lsp_request *origin, const text *url, text *body,
                 bool (*cancelled)(void *), void *argument);

#pragma GCC visibility pop

#endif

// What loop.c and start.c know of one transfer.
#ifndef CCURL_TRANSFER_H
#define CCURL_TRANSFER_H

#include "ccurl.h"
#include "functions.h"

#pragma GCC visibility push(hidden)

struct ccurl_transfer {
    CURL *easy;
    struct curl_slist *headers, *connect_to;
    ccurl_callbacks callbacks;
    uint64_t offset, body_bytes;
    bool refused, stopped;
    char error[CURL_ERROR_SIZE];
};

bool ccurl_add(ccurl_loop *loop, ccurl_transfer *transfer);
void ccurl_destroy(ccurl_transfer *transfer);

#pragma GCC visibility pop

#endif

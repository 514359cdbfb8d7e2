/*
 * ccurl.h: HTTP transfers through the system's libcurl, which is opened at the first use and not linked.
 *
 * One loop drives any number of transfers. Every function but ccurl_wake must be called on the loop's thread, and
 * every callback comes on it, from within ccurl_perform or ccurl_resume. The options that matter for safety are set in
 * one place, in start.c: HTTP/1.1 over http and https alone, no redirects, no proxy unless one is named, no cookies,
 * no credentials from files, no cached routes, no decompression, certificates checked.
 */
#ifndef CCURL_H
#define CCURL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ccurl_loop ccurl_loop;
typedef struct ccurl_transfer ccurl_transfer;

/* How a transfer ended. */
typedef enum ccurl_result {
    CCURL_OK,
    CCURL_NO_CONNECTION,         /* os_error says why, when it is not 0 */
    CCURL_NO_CONNECTION_IN_TIME,
    CCURL_TLS,                   /* no TLS connection: not trusted, another name, or no common protocol */
    CCURL_CA_FILE,               /* ca_file can't be read */
    CCURL_HUNG_UP,               /* the connection ended before the answer did */
    CCURL_NOT_HTTP,
    CCURL_STOPPED,               /* a callback said so */
    CCURL_REFUSED,               /* may_connect said so */
    CCURL_PROXY,
    CCURL_OTHER
} ccurl_result;

/* What the body callback answers. */
enum {
    CCURL_TAKEN,
    CCURL_PAUSE, /* not taken: the same bytes come again after ccurl_resume */
    CCURL_STOP   /* not taken: ends the transfer with CCURL_STOPPED */
};

typedef struct ccurl_callbacks {
    void *context;
    /* Whether the socket may connect to this very address. */
    bool (*may_connect)(void *context, const struct sockaddr *address);
    /* One line of a head, with its line end. Lines of a second head follow an interim answer (100). False ends it. */
    bool (*header)(void *context, const uint8_t *line, size_t size);
    int (*body)(void *context, const uint8_t *bytes, size_t size);
    /* Copies at most `size` bytes of the request's body from `offset` on. */
    size_t (*read)(void *context, uint64_t offset, uint8_t *bytes, size_t size);
} ccurl_callbacks;

/* Borrowed by ccurl_start for its duration. Text is NUL-terminated. */
typedef struct ccurl_request {
    const char *method;
    const char *url;
    /* "host:port:address:port", where to connect in place of the URL's host, an IPv6 address in brackets. A kept
       connection serves a later request only when it went to the same address. NULL: as the URL says, with a proxy. */
    const char *connect_to;
    /* "Name: value" each; "Name;" for an empty value, "Name:" for none where libcurl would send one. */
    const char *const *headers;
    size_t header_count;
    bool has_body;
    uint64_t body_bytes;
    /* NULL: none. */
    const char *proxy;
    /* PEM certificates that are trusted beside the system's; NULL: none. */
    const char *ca_file;
    long connect_milliseconds;
} ccurl_request;

typedef struct ccurl_end {
    ccurl_transfer *transfer;
    void *context;
    ccurl_result result;
    int os_error;
    /* libcurl's own words; lives until ccurl_free. */
    const char *detail;
} ccurl_end;

/* Opens libcurl.so.4. NULL when it is there, else why it is not. Any thread; the first call decides. */
const char *ccurl_load(void);

/* Blocks every signal but those of faults on this thread: libcurl's writes to a closed socket may raise SIGPIPE. */
void ccurl_block_signals(void);

/* NULL when there is no memory. ccurl_load must have succeeded. */
ccurl_loop *ccurl_loop_new(void);
/* Closes kept connections. No transfer may be left. */
void ccurl_loop_free(ccurl_loop *loop);
/* Waits for something to do, at most `milliseconds`. */
void ccurl_wait(ccurl_loop *loop, int milliseconds);
/* Ends a wait, also the next one. Any thread. */
void ccurl_wake(ccurl_loop *loop);
/* Does what can be done without waiting. */
void ccurl_perform(ccurl_loop *loop);
/* The next transfer that has ended; false when there is none. It must be freed. */
bool ccurl_next_end(ccurl_loop *loop, ccurl_end *end);

/* NULL when there is no memory or libcurl refuses the request. */
ccurl_transfer *ccurl_start(ccurl_loop *loop, const ccurl_request *request, const ccurl_callbacks *callbacks);
void ccurl_resume(ccurl_transfer *transfer);
/* Closes the connection of a transfer that has not ended. Not from within a callback. */
void ccurl_free(ccurl_loop *loop, ccurl_transfer *transfer);

#ifdef __cplusplus
}
#endif

#endif

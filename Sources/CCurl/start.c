#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "transfer.h"

enum {
    // A connection that was idle for longer is not used again.
    KEPT_SECONDS = 60,
    BUFFER_BYTES = 64 * 1024,
};

static curl_socket_t open_socket(void *argument, curlsocktype purpose, struct curl_sockaddr *address) {
    ccurl_transfer *t = argument;
    (void)purpose;
    if (!t->callbacks.may_connect(t->callbacks.context, &address->addr)) {
        t->refused = true;
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static size_t take_header(char *line, size_t one, size_t size, void *argument) {
    ccurl_transfer *t = argument;
    (void)one;
    if (t->callbacks.header(t->callbacks.context, (const uint8_t *)line, size)) return size;
    t->stopped = true;
    return size + 1;
}

static size_t take_body(char *bytes, size_t one, size_t size, void *argument) {
    ccurl_transfer *t = argument;
    (void)one;
    switch (t->callbacks.body(t->callbacks.context, (const uint8_t *)bytes, size)) {
    case CCURL_TAKEN: return size;
    case CCURL_PAUSE: return CURL_WRITEFUNC_PAUSE;
    default: t->stopped = true; return size + 1;
    }
}

static size_t give_body(char *bytes, size_t one, size_t size, void *argument) {
    ccurl_transfer *t = argument;
    size_t given = t->callbacks.read(t->callbacks.context, t->offset, (uint8_t *)bytes, one * size);
    t->offset += given;
    return given;
}

static int seek_body(void *argument, curl_off_t offset, int origin) {
    ccurl_transfer *t = argument;
    if (origin != SEEK_SET || offset < 0) return CURL_SEEKFUNC_FAIL;
    t->offset = (uint64_t)offset;
    return CURL_SEEKFUNC_OK;
}

static bool append(struct curl_slist **list, const char *text) {
    struct curl_slist *longer = ccurl.curl_slist_append(*list, text);
    if (!longer) return false;
    *list = longer;
    return true;
}

void ccurl_destroy(ccurl_transfer *t) {
    if (t->easy) ccurl.curl_easy_cleanup(t->easy);
    ccurl.curl_slist_free_all(t->headers);
    ccurl.curl_slist_free_all(t->connect_to);
    free(t);
}

// One that an old libcurl does not know is not set in vain: the transfer is refused.
#define SET(option, value) (ccurl.curl_easy_setopt(t->easy, option, value) == CURLE_OK)

static bool set_safety(ccurl_transfer *t, const ccurl_request *request) {
    return SET(CURLOPT_NOSIGNAL, 1L) && SET(CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS))
        && SET(CURLOPT_REDIR_PROTOCOLS, 0L) && SET(CURLOPT_FOLLOWLOCATION, 0L)
        && SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) && SET(CURLOPT_HTTP09_ALLOWED, 0L)
        && SET(CURLOPT_PROXY, request->proxy ? request->proxy : "") && SET(CURLOPT_NOPROXY, "")
        && SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) && SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L)
        && SET(CURLOPT_SSL_VERIFYPEER, 1L) && SET(CURLOPT_SSL_VERIFYHOST, 2L)
        && SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) && SET(CURLOPT_PATH_AS_IS, 1L)
        && SET(CURLOPT_OPENSOCKETFUNCTION, open_socket) && SET(CURLOPT_OPENSOCKETDATA, t)
        // Without a folder of certificates libcurl keeps what it has read of the file for later transfers.
        && (request->ca_file ? SET(CURLOPT_CAINFO, request->ca_file) && SET(CURLOPT_CAPATH, "/etc/ssl/certs")
                             : SET(CURLOPT_CAPATH, NULL));
}

static bool set_request(ccurl_transfer *t, const ccurl_request *request) {
    if (request->has_body) {
        if (!SET(CURLOPT_POST, 1L) || !SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_bytes)
            || !SET(CURLOPT_READFUNCTION, give_body) || !SET(CURLOPT_READDATA, t)
            || !SET(CURLOPT_SEEKFUNCTION, seek_body) || !SET(CURLOPT_SEEKDATA, t))
            return false;
    } else if (!SET(CURLOPT_HTTPGET, 1L)) {
        return false;
    }
    for (size_t i = 0; i < request->header_count; i++)
        if (!append(&t->headers, request->headers[i])) return false;
    if (request->connect_to && !append(&t->connect_to, request->connect_to)) return false;
    return SET(CURLOPT_CUSTOMREQUEST, request->method) && SET(CURLOPT_URL, request->url)
        && SET(CURLOPT_HTTPHEADER, t->headers) && SET(CURLOPT_CONNECT_TO, t->connect_to);
}

static bool set_transfer(ccurl_transfer *t, const ccurl_request *request) {
    return SET(CURLOPT_PRIVATE, t) && SET(CURLOPT_ERRORBUFFER, t->error) && SET(CURLOPT_HEADERFUNCTION, take_header)
        && SET(CURLOPT_HEADERDATA, t) && SET(CURLOPT_WRITEFUNCTION, take_body) && SET(CURLOPT_WRITEDATA, t)
        && SET(CURLOPT_CONNECTTIMEOUT_MS, request->connect_milliseconds) && SET(CURLOPT_TCP_KEEPALIVE, 1L)
        && SET(CURLOPT_BUFFERSIZE, (long)BUFFER_BYTES) && SET(CURLOPT_MAXAGE_CONN, (long)KEPT_SECONDS);
}

#undef SET

ccurl_transfer *ccurl_start(ccurl_loop *loop, const ccurl_request *request, const ccurl_callbacks *callbacks) {
    ccurl_transfer *t = calloc(1, sizeof *t);
    if (!t) return NULL;
    t->callbacks = *callbacks;
    t->body_bytes = request->body_bytes;
    t->easy = ccurl.curl_easy_init();
    if (t->easy && set_safety(t, request) && set_request(t, request) && set_transfer(t, request) && ccurl_add(loop, t))
        return t;
    ccurl_destroy(t);
    return NULL;
}

void ccurl_resume(ccurl_transfer *t) { ccurl.curl_easy_pause(t->easy, CURLPAUSE_CONT); }

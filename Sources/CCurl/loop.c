#include <stdlib.h>

#include "transfer.h"

struct ccurl_loop { CURLM *multi; };

enum {
    KEPT_CONNECTIONS_MAX = 64,
};

ccurl_loop *ccurl_loop_new(void) {
    ccurl_loop *loop = calloc(1, sizeof *loop);
    if (!loop) return NULL;
    loop->multi = ccurl.curl_multi_init();
    if (!loop->multi) {
        free(loop);
        return NULL;
    }
    ccurl.curl_multi_setopt(loop->multi, CURLMOPT_MAXCONNECTS, (long)KEPT_CONNECTIONS_MAX);
    return loop;
}

void ccurl_loop_free(ccurl_loop *loop) {
    ccurl.curl_multi_cleanup(loop->multi);
    free(loop);
}

void ccurl_wait(ccurl_loop *loop, int milliseconds) { ccurl.curl_multi_poll(loop->multi, NULL, 0, milliseconds, NULL); }

void ccurl_wake(ccurl_loop *loop) { ccurl.curl_multi_wakeup(loop->multi); }

void ccurl_perform(ccurl_loop *loop) {
    int running;
    ccurl.curl_multi_perform(loop->multi, &running);
}

bool ccurl_add(ccurl_loop *loop, ccurl_transfer *transfer) {
    return ccurl.curl_multi_add_handle(loop->multi, transfer->easy) == CURLM_OK;
}

void ccurl_free(ccurl_loop *loop, ccurl_transfer *transfer) {
    ccurl.curl_multi_remove_handle(loop->multi, transfer->easy);
    ccurl_destroy(transfer);
}

static ccurl_result result(CURLcode code, const ccurl_transfer *transfer) {
    if (transfer->refused) return CCURL_REFUSED;
    switch (code) {
    case CURLE_OK: return CCURL_OK;
    case CURLE_COULDNT_CONNECT:
    case CURLE_COULDNT_RESOLVE_HOST: return CCURL_NO_CONNECTION;
    case CURLE_OPERATION_TIMEDOUT: return CCURL_NO_CONNECTION_IN_TIME;
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_PROXY: return CCURL_PROXY;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_CERTPROBLEM: return CCURL_TLS;
    case CURLE_SSL_CACERT_BADFILE: return CCURL_CA_FILE;
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR: return transfer->stopped ? CCURL_STOPPED : CCURL_HUNG_UP;
    case CURLE_WRITE_ERROR:
    case CURLE_ABORTED_BY_CALLBACK: return transfer->stopped ? CCURL_STOPPED : CCURL_NOT_HTTP;
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_BAD_CONTENT_ENCODING:
    case CURLE_HTTP2: return CCURL_NOT_HTTP;
    default: return CCURL_OTHER;
    }
}

bool ccurl_next_end(ccurl_loop *loop, ccurl_end *end) {
    int left;
    CURLMsg *message;
    while ((message = ccurl.curl_multi_info_read(loop->multi, &left))) {
        if (message->msg != CURLMSG_DONE) continue;
        CURL *easy = message->easy_handle;
        CURLcode code = message->data.result;
        ccurl_transfer *transfer = NULL;
        ccurl.curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&transfer);
        if (!transfer) continue;
        long os_error = 0;
        ccurl.curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &os_error);
        *end = (ccurl_end){transfer, transfer->callbacks.context, result(code, transfer), (int)os_error,
                           transfer->error};
        return true;
    }
    return false;
}

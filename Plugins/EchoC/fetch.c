#include "fetch.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

// The answer to one request, and who waits for it.
typedef struct answer {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    text bytes;        // what was written; after a failure the error object
    lsp_status status; // when it is finished
    bool finished;
} answer;

// On any thread, one write at a time: copies and returns. The host closes the connection when it is told LSP_CLOSED.
static int32_t take(void *context, int32_t kind, lsp_bytes bytes) {
    answer *a = context;
    (void)kind; // LSP_BODY always
    pthread_mutex_lock(&a->lock);
    bool fits = a->bytes.size + bytes.size <= 2 * FETCH_BYTES_MAX;
    if (fits) text_add(&a->bytes, (const char *)bytes.data, bytes.size);
    pthread_mutex_unlock(&a->lock);
    return fits ? LSP_MORE : LSP_CLOSED;
}

static void end(void *context, lsp_status status, lsp_bytes error) {
    answer *a = context;
    pthread_mutex_lock(&a->lock);
    if (status != LSP_OK) {
        a->bytes.size = 0;
        text_add(&a->bytes, (const char *)error.data, error.size);
    }
    a->status = status;
    a->finished = true;
    pthread_cond_signal(&a->changed);
    pthread_mutex_unlock(&a->lock);
}

static void when_writable(void *context, void (*wake)(void *user), void *user) {
    (void)context;
    wake(user);
}

static lsp_bytes bytes_of(const char *string) { return (lsp_bytes){(const uint8_t *)string, strlen(string)}; }

// The head is the first line: {"status":200,…}. The body is what follows it.
static lsp_status take_body(const text *bytes, text *body) {
    static const char ok[] = "{\"status\":200,";
    const char *line = bytes->size ? memchr(bytes->data, '\n', bytes->size) : NULL;
    if (!line || bytes->size < sizeof ok || memcmp(bytes->data, ok, sizeof ok - 1) != 0) {
        text_adds(body, "{\"code\":\"upstream_error\",\"message\":\"prefix_url can't be fetched: its host did not answer 200\"}");
        return LSP_UNAVAILABLE;
    }
    text_add(body, line + 1, (size_t)(bytes->data + bytes->size - (line + 1)));
    return LSP_OK;
}

lsp_status fetch(const lsp_host *host, const lsp_request *origin, const text *url, text *body,
                 bool (*cancelled)(void *), void *argument) {
    text parameters = {0};
    text_adds(&parameters, "{\"url\":\"");
    text_add_escaped(&parameters, url->data, url->size);
    text_adds(&parameters, "\",\"bytes_max\":65536,\"seconds_max\":10}");
    answer a = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    lsp_request request = {
        .struct_size = sizeof request,
        .call_id = origin->call_id,
        .target = bytes_of("network"),
        .method = bytes_of("request"),
        .parameters = text_bytes(&parameters),
        .request_id = origin->request_id,
        .deadline_ns = origin->deadline_ns,
    };
    lsp_sink sink = {sizeof sink, 0, &a, take, end, when_writable, NULL};
    host->call(host->context, &request, &sink);
    // A cancel that came before the host knew the id was ignored there.
    if (cancelled(argument)) host->cancel(host->context, request.call_id);
    pthread_mutex_lock(&a.lock);
    while (!a.finished) pthread_cond_wait(&a.changed, &a.lock);
    pthread_mutex_unlock(&a.lock);
    lsp_status status = a.status;
    if (status == LSP_OK) status = take_body(&a.bytes, body);
    else text_add(body, a.bytes.data, a.bytes.size);
    pthread_cond_destroy(&a.changed);
    pthread_mutex_destroy(&a.lock);
    text_free(&a.bytes);
    text_free(&parameters);
    return status;
}

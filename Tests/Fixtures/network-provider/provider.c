// A provider of memory_banks that does one thing: it sends the request that a call's body names, and passes the answer on
// as it comes. The body is a line, the parameters of the network's `request`, and the request's own body after it.
// The config `endpoint` is an address that its schema opens to it.
#include <llama_stack_provider.h>

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#ifndef PROVIDER_NEEDS
#define PROVIDER_NEEDS "[\"network\"]"
#endif

typedef struct instance instance;

typedef struct call {
    struct call *next;
    instance *owner;
    uint64_t id;
    lsp_sink sink;
    char *body;
} call;

struct instance {
    const lsp_host *host;
    pthread_mutex_t lock;
    call *calls;
    bool is_closing;
    lsp_sink done;
};

static lsp_bytes text(const char *s) { return (lsp_bytes){(const uint8_t *)s, strlen(s)}; }

static void free_instance(instance *self) {
    lsp_sink done = self->done;
    pthread_mutex_destroy(&self->lock);
    free(self);
    done.finish(done.context, LSP_OK, text(""));
}

// The host's answer goes to the client's sink as it is: both are the same struct.
static int32_t pass_write(void *context, int32_t kind, lsp_bytes bytes) {
    lsp_sink *sink = &((call *)context)->sink;
    return sink->write(sink->context, kind, bytes);
}

static void pass_when_writable(void *context, void (*wake)(void *user), void *user) {
    lsp_sink *sink = &((call *)context)->sink;
    sink->when_writable(sink->context, wake, user);
}

static void pass_finish(void *context, lsp_status status, lsp_bytes error) {
    call *c = context;
    instance *self = c->owner;
    c->sink.finish(c->sink.context, status, error);
    pthread_mutex_lock(&self->lock);
    for (call **link = &self->calls; *link; link = &(*link)->next)
        if (*link == c) {
            *link = c->next;
            break;
        }
    bool is_last = self->is_closing && !self->calls;
    pthread_mutex_unlock(&self->lock);
    free(c->body);
    free(c);
    if (is_last) free_instance(self);
}

static void invoke(void *argument, const lsp_request *request, const lsp_sink *sink) {
    instance *self = argument;
    call *c = calloc(1, sizeof *c);
    size_t size = request->body.size;
    *c = (call){.owner = self, .id = request->call_id, .sink = *sink, .body = malloc(size + 1)};
    if (size) memcpy(c->body, request->body.data, size);
    c->body[size] = 0;
    pthread_mutex_lock(&self->lock);
    c->next = self->calls;
    self->calls = c;
    pthread_mutex_unlock(&self->lock);
    char *line = memchr(c->body, '\n', size);
    size_t parameters = line ? (size_t)(line - c->body) : size;
    size_t rest = line ? parameters + 1 : size;
    lsp_sink pass = {sizeof pass, 0, c, pass_write, pass_finish, pass_when_writable, NULL};
    lsp_request asked = {.struct_size = sizeof asked, .call_id = c->id, .target = text("network"), .method = text("request")};
    asked.parameters = (lsp_bytes){(const uint8_t *)c->body, parameters};
    asked.body = (lsp_bytes){(const uint8_t *)c->body + rest, size - rest};
    asked.request_id = request->request_id;
    asked.deadline_ns = request->deadline_ns;
    self->host->call(self->host->context, &asked, &pass);
}

static void cancel(void *argument, uint64_t id) {
    instance *self = argument;
    self->host->cancel(self->host->context, id);
}

static void destroy(void *argument, const lsp_sink *done) {
    instance *self = argument;
    pthread_mutex_lock(&self->lock);
    self->is_closing = true;
    self->done = *done;
    size_t count = 0;
    for (call *c = self->calls; c; c = c->next) count++;
    uint64_t *ids = malloc((count + 1) * sizeof *ids);
    size_t filled = 0;
    for (call *c = self->calls; c; c = c->next) ids[filled++] = c->id;
    bool is_idle = !self->calls;
    const lsp_host *host = self->host;
    pthread_mutex_unlock(&self->lock);
    for (size_t i = 0; i < filled; i++) host->cancel(host->context, ids[i]);
    free(ids);
    if (is_idle) free_instance(self);
}

static void *create(const lsp_provider *provider, const lsp_host *host, const lsp_setup *setup, const lsp_sink *ready) {
    (void)provider;
    (void)setup;
    instance *self = calloc(1, sizeof *self);
    pthread_mutex_init(&self->lock, NULL);
    self->host = host;
    ready->finish(ready->context, LSP_OK, text(""));
    return self;
}

static const lsp_provider provider = {
    .struct_size = sizeof(lsp_provider),
    .api = "memory_banks",
    .type = "inline::asker",
    .version = "1.0.0",
    .runtime = "none",
    .description = "Passes answers of the network on.",
    .config_schema = "{\"type\":\"object\",\"properties\":{\"endpoint\":{\"type\":\"string\",\"network\":true}},"
                     "\"additionalProperties\":false}",
    .methods = "[{\"name\":\"list_memory_banks\"}]",
    .needs = PROVIDER_NEEDS,
    .create = create,
    .invoke = invoke,
    .cancel = cancel,
    .destroy = destroy,
    .resources = "[]",
};

static const lsp_provider *const providers[] = {&provider};
static const lsp_module module = {sizeof(lsp_module), LSP_ABI_MAJOR, LSP_ABI_MINOR, 1, 0, providers};

const lsp_module *llama_stack_provider_v1(uint32_t minor) {
    (void)minor;
    return &module;
}

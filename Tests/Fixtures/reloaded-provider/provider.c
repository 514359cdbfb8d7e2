/*
 * An inference provider that shows from which config and which build it was made, for the tests of reload. Its config:
 * "say" (answered), "slow" (create waits for this file, at most a minute), "refuse" (create fails), "needs" (create
 * fails unless this file is there), "stay" (destroy never finishes). chat_completion answers {"say", "build", "pid",
 * "registered"}; with "do": "stream" in the body it streams 100 events, 20 ms apart; "long stream" goes on until it is
 * cancelled. A model whose id begins with "bad" is refused.
 */
#define _GNU_SOURCE
#include <llama_stack_provider.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef BUILD
#define BUILD 1
#endif

typedef struct {
    char say[64];
    int stays;
    atomic_int registered, jobs;
} instance;

typedef struct {
    lsp_sink sink;
    instance *self;
    int events;
} job;

static lsp_bytes text(const char *s) { return (lsp_bytes){(const uint8_t *)s, strlen(s)}; }

/* The text behind "key":" in a JSON object; empty when it is not there. */
static void member(lsp_bytes json, const char *key, char *value, size_t size) {
    char pattern[32];
    value[0] = 0;
    snprintf(pattern, sizeof pattern, "\"%s\":\"", key);
    const char *found = json.size ? memmem(json.data, json.size, pattern, strlen(pattern)) : NULL;
    if (!found) return;
    const char *begin = found + strlen(pattern), *end = (const char *)json.data + json.size;
    size_t n = 0;
    while (begin + n < end && n + 1 < size && begin[n] != '"') n++;
    memcpy(value, begin, n);
    value[n] = 0;
}

static void *create(const lsp_provider *p, const lsp_host *host, const lsp_setup *setup, const lsp_sink *ready) {
    (void)p;
    (void)host;
    char value[512];
    member(setup->config, "refuse", value, sizeof value);
    int fails = value[0] != 0;
    member(setup->config, "needs", value, sizeof value);
    if (value[0] && access(value, F_OK) != 0) fails = 1;
    if (fails) {
        ready->finish(ready->context, LSP_UNAVAILABLE, text("{\"code\":\"provider_unavailable\",\"message\":\"refused to start\"}"));
        return NULL;
    }
    member(setup->config, "slow", value, sizeof value);
    for (int n = 0; value[0] && access(value, F_OK) != 0 && n < 6000; n++) usleep(10000);
    instance *i = calloc(1, sizeof *i);
    member(setup->config, "say", i->say, sizeof i->say);
    member(setup->config, "stay", value, sizeof value);
    i->stays = value[0] != 0;
    ready->finish(ready->context, LSP_OK, text(""));
    return i;
}

static void *run(void *argument) {
    job *j = argument;
    lsp_sink *s = &j->sink;
    instance *self = j->self;
    char answer[256];
    if (j->events) {
        lsp_status status = LSP_OK;
        for (int n = 0; n < j->events && status == LSP_OK; n++) {
            usleep(20000);
            snprintf(answer, sizeof answer, "{\"say\":\"%s\",\"n\":%d}", j->self->say, n);
            int32_t pressure = s->write(s->context, LSP_EVENT, text(answer));
            if (pressure == LSP_PAUSE) pressure = s->wait_writable(s->context);
            if (pressure == LSP_CLOSED) status = LSP_CANCELLED;
        }
        s->finish(s->context, status, text(""));
    } else {
        snprintf(answer, sizeof answer, "{\"say\":\"%s\",\"build\":%d,\"pid\":%d,\"registered\":%d}", j->self->say, BUILD,
                 (int)getpid(), j->self->registered);
        s->write(s->context, LSP_BODY, text(answer));
        s->finish(s->context, LSP_OK, text(""));
    }
    free(j);
    atomic_fetch_sub(&self->jobs, 1);
    return NULL;
}

static int is(lsp_bytes bytes, const char *word) { return bytes.size == strlen(word) && !memcmp(bytes.data, word, bytes.size); }

static void invoke(void *self, const lsp_request *r, const lsp_sink *sink) {
    instance *i = self;
    char value[64];
    if (is(r->method, "register") || is(r->method, "unregister")) {
        member(r->body, "id", value, sizeof value);
        if (is(r->method, "register") && !strncmp(value, "bad", 3)) {
            sink->finish(sink->context, LSP_INVALID, text("{\"code\":\"invalid_request\",\"message\":\"a bad model\"}"));
            return;
        }
        atomic_fetch_add(&i->registered, is(r->method, "register") ? 1 : -1);
        sink->finish(sink->context, LSP_OK, text(""));
        return;
    }
    job *j = calloc(1, sizeof *j);
    j->sink = *sink;
    j->self = i;
    member(r->body, "do", value, sizeof value);
    j->events = !strcmp(value, "stream") ? 100 : !strcmp(value, "long stream") ? 1000000 : 0;
    atomic_fetch_add(&i->jobs, 1);
    pthread_t thread;
    pthread_create(&thread, NULL, run, j);
    pthread_detach(thread);
}

static void cancel(void *self, uint64_t call) {
    (void)self;
    (void)call;
}

/* Its job is the sink of destroy. */
static void *end(void *argument) {
    job *j = argument;
    while (j->self->jobs) usleep(1000);
    free(j->self);
    j->sink.finish(j->sink.context, LSP_OK, text(""));
    free(j);
    return NULL;
}

static void destroy(void *self, const lsp_sink *done) {
    instance *i = self;
    if (i->stays) return;
    job *j = calloc(1, sizeof *j);
    j->sink = *done;
    j->self = i;
    pthread_t thread;
    pthread_create(&thread, NULL, end, j);
    pthread_detach(thread);
}

static const lsp_provider provider = {
    .struct_size = sizeof(lsp_provider),
    .api = "inference",
    .type = "inline::reloaded",
    .version = "1.0.0",
    .runtime = "none",
    .description = "Shows from which config and which build it was made.",
    .config_schema =
        "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{\"say\":{\"type\":\"string\"},"
        "\"slow\":{\"type\":\"string\"},\"refuse\":{\"type\":\"string\"},\"needs\":{\"type\":\"string\"},"
        "\"stay\":{\"type\":\"string\"}}}",
    .methods = "[{\"name\":\"chat_completion\",\"stream\":true}]",
    .needs = "[]",
    .create = create,
    .invoke = invoke,
    .cancel = cancel,
    .destroy = destroy,
};
static const lsp_provider *const providers[] = {&provider};
static const lsp_module module = {sizeof(lsp_module), LSP_ABI_MAJOR, LSP_ABI_MINOR, 1, 0, providers};

LSP_EXPORT const lsp_module *llama_stack_provider_v1(uint32_t minor);
LSP_EXPORT const lsp_module *llama_stack_provider_v1(uint32_t minor) {
    (void)minor;
    return &module;
}

/*
 * A provider that ends its process, hangs, or floods, as the request tells it: `{"do": "…"}` in the body of chat_completion.
 * Everything else is answered {"pid": …}. For the tests of `isolation: process`.
 */
#define _GNU_SOURCE
#include <llama_stack_provider.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

typedef struct {
    const lsp_host *host;
} instance;

typedef struct {
    lsp_sink sink;
    char what[64];
    char state[256];
} job;

static lsp_bytes text(const char *s) { return (lsp_bytes){(const uint8_t *)s, strlen(s)}; }

static int overflow(volatile char *before) {
    volatile char frame[4096];
    frame[0] = before ? *before : 1;
    return overflow(frame) + frame[0];
}

static void sigbus(void) {
    char name[] = "/tmp/dying-XXXXXX";
    int file = mkstemp(name);
    unlink(name);
    volatile char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    *page = 1; /* beyond the end of the file */
}

static void eat_memory(void) {
    for (;;) {
        char *block = malloc(16 << 20);
        if (!block) abort();
        memset(block, 1, 16 << 20);
    }
}

static void die(const char *what) {
    if (!strcmp(what, "segv")) *(volatile int *)8 = 1;
    if (!strcmp(what, "abort")) abort();
    if (!strcmp(what, "trap")) __builtin_trap();
    if (!strcmp(what, "bus")) sigbus();
    if (!strcmp(what, "overflow")) overflow(NULL);
    if (!strcmp(what, "_exit")) _exit(0);
    if (!strcmp(what, "exit")) exit(3);
    if (!strcmp(what, "kill")) kill(getpid(), SIGKILL);
    if (!strcmp(what, "memory")) eat_memory();
}

static void *run(void *argument) {
    job *j = argument;
    lsp_sink *s = &j->sink;
    char answer[256];
    if (!strcmp(j->what, "hang")) {
        for (;;) pause();
    }
    if (!strcmp(j->what, "stop")) raise(SIGSTOP);
    if (!strcmp(j->what, "print")) {
        printf("printed on stdout\n");
        fflush(stdout);
        fprintf(stderr, "printed on stderr\n");
    }
    die(j->what);
    if (!strcmp(j->what, "events") || !strcmp(j->what, "flood")) {
        int mind = strcmp(j->what, "flood") != 0;
        for (int i = 0; i < 20000; i++) {
            snprintf(answer, sizeof answer, "{\"n\":%d}", i);
            int32_t p = s->write(s->context, LSP_EVENT, text(answer));
            if (p == LSP_CLOSED) break;
            if (p == LSP_PAUSE && mind && s->wait_writable(s->context) == LSP_CLOSED) break;
        }
        s->finish(s->context, LSP_OK, text(""));
        free(j);
        return NULL;
    }
    if (!strcmp(j->what, "large")) {
        size_t size = 40 << 20;
        uint8_t *bytes = malloc(size);
        memset(bytes, 'x', size);
        bytes[0] = bytes[size - 1] = '"';
        s->write(s->context, LSP_BODY, (lsp_bytes){bytes, size});
        free(bytes);
    } else {
        snprintf(answer, sizeof answer, "{\"pid\":%d,\"size\":%s,\"cwd\":\"%s\"}", (int)getpid(), j->state, getenv("SECRET") ? "leaked" : "");
        s->write(s->context, LSP_BODY, text(answer));
    }
    s->finish(s->context, LSP_OK, text(""));
    free(j);
    return NULL;
}

static void *create(const lsp_provider *p, const lsp_host *host, const lsp_setup *setup, const lsp_sink *ready) {
    (void)p;
    (void)setup;
    instance *i = calloc(1, sizeof *i);
    i->host = host;
    ready->finish(ready->context, LSP_OK, text(""));
    return i;
}

static void invoke(void *self, const lsp_request *r, const lsp_sink *sink) {
    (void)self;
    if (r->method.size >= 8 && memmem(r->method.data, r->method.size, "register", 8)) {
        sink->finish(sink->context, LSP_OK, text(""));
        return;
    }
    job *j = calloc(1, sizeof *j);
    j->sink = *sink;
    const char *key = "\"do\":\"";
    const uint8_t *found = r->body.size ? memmem(r->body.data, r->body.size, key, strlen(key)) : NULL;
    if (found) {
        const char *begin = (const char *)found + strlen(key);
        size_t left = (size_t)((const char *)r->body.data + r->body.size - begin), n = 0;
        while (n < left && n < sizeof j->what - 1 && begin[n] != '"') n++;
        memcpy(j->what, begin, n);
    }
    snprintf(j->state, sizeof j->state, "%zu", r->body.size);
    if (!strcmp(j->what, "block")) {
        for (;;) pause();
    }
    pthread_t thread;
    pthread_create(&thread, NULL, run, j);
    pthread_detach(thread);
}

static void cancel(void *self, uint64_t call) {
    (void)self;
    (void)call;
}

static void destroy(void *self, const lsp_sink *done) {
    free(self);
    done->finish(done->context, LSP_OK, text(""));
}

static const lsp_provider provider = {
    .struct_size = sizeof(lsp_provider),
    .api = "inference",
    .type = "inline::dying",
    .version = "1.0.0",
    .runtime = "none",
    .description = "Ends its process as the request tells it.",
    .config_schema = "{\"type\":\"object\"}",
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
#ifdef EXIT_AT_ENTRY
    exit(0);
#endif
    return &module;
}

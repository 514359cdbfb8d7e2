// A small provider that keeps the contract, and one deliberate way of breaking it per BREAK_... macro. The tests
// compile it once for each: `cc -shared -fPIC -I Sources/CProviderABI/include -DBREAK_FINISH_TWICE provider.c`.
//
// API inference, type inline::probe. chat_completion answers EVENTS events (config "events", 8) or, without
// `"stream":true`, one body. Each call runs on a thread of its own.
#define _GNU_SOURCE
#include <llama_stack_provider.h>

#include <fcntl.h>
#include <locale.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef PROVIDER_API
#define PROVIDER_API "inference"
#endif
#ifndef PROVIDER_TYPE
#define PROVIDER_TYPE "inline::probe"
#endif
#ifndef PROVIDER_NEEDS
#define PROVIDER_NEEDS "[]"
#endif
#ifndef PROVIDER_RUNTIME
#define PROVIDER_RUNTIME "none"
#endif
#ifndef PROVIDER_METHODS
#define PROVIDER_METHODS \
    "[{\"name\":\"chat_completion\",\"stream\":true,\"options\":[\"seed\"]},{\"name\":\"completion\",\"stream\":true}]"
#endif
#ifndef PROVIDER_SCHEMA
#define PROVIDER_SCHEMA \
    "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{" \
    "\"events\":{\"type\":\"integer\",\"minimum\":0,\"maximum\":100000,\"default\":8}," \
    "\"mode\":{\"type\":\"string\",\"enum\":[\"plain\",\"loud\"]}," \
    "\"api_key\":{\"type\":\"string\"}," \
    "\"refuse\":{\"type\":\"string\",\"description\":\"create answers LSP_BAD_CONFIG about this\"}," \
    "\"limits\":{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"depth\"]," \
    "\"properties\":{\"depth\":{\"type\":\"integer\"}}}}}"
#endif
#ifndef ENTRY
#define ENTRY llama_stack_provider_v1
#endif
#ifndef ABI_MAJOR
#define ABI_MAJOR LSP_ABI_MAJOR
#endif
#ifndef ABI_MINOR
#define ABI_MINOR LSP_ABI_MINOR
#endif

typedef struct running {
    struct running *next;
    struct instance *owner;
    lsp_sink sink;
    uint64_t id;
    char *method, *body, *target;
    atomic_int cancelled;
} running;

typedef struct instance {
    pthread_mutex_t lock;
    pthread_cond_t idle;
    running *calls;
    int count;
    int events;
    int is_confused;
    const lsp_host *host;
    lsp_sink done;
} instance;

static lsp_bytes text(const char *s) { return (lsp_bytes){(const uint8_t *)s, strlen(s)}; }

static char *copy(lsp_bytes bytes) {
    char *out = malloc(bytes.size + 1);
    if (bytes.size) memcpy(out, bytes.data, bytes.size);
    out[bytes.size] = 0;
    return out;
}

static void finish(const lsp_sink *sink, lsp_status status, const char *error) {
    sink->finish(sink->context, status, text(error));
#ifdef BREAK_FINISH_TWICE
    sink->finish(sink->context, status, text(error));
#endif
#ifdef BREAK_WRITE_AFTER_FINISH
    sink->write(sink->context, LSP_BODY, text("{}"));
#endif
}

// True when a top-level key of the object is not one of the draft's request.
static int has_unknown_key(const char *body) {
    static const char *known[] = {"model", "dialog", "stream", "content", "sampling_params", "available_tools",
                                  "logprobs", "tool_choice", "tool_prompt_format", "max_tokens"};
    int depth = 0, expects_key = 0;
    for (const char *p = body; *p; p++) {
        if (*p == '"') {
            const char *start = ++p;
            while (*p && *p != '"') p += (*p == '\\' && p[1]) ? 2 : 1;
            if (!*p) return 0;
            if (depth == 1 && expects_key) {
                int found = 0;
                for (size_t i = 0; i < sizeof known / sizeof *known; i++)
                    found |= strlen(known[i]) == (size_t)(p - start) && !memcmp(known[i], start, p - start);
                if (!found) return 1;
                expects_key = 0;
            }
        } else if (*p == '{' || *p == '[') {
            if (++depth == 1) expects_key = *p == '{';
        } else if (*p == '}' || *p == ']') {
            depth--;
        } else if (*p == ',' && depth == 1) {
            expects_key = 1;
        }
    }
    return 0;
}

static void stream(running *call) {
    for (int i = 0; i < call->owner->events; i++) {
#ifndef BREAK_IGNORE_CANCEL
        if (atomic_load(&call->cancelled)) return finish(&call->sink, LSP_CANCELLED, "");
#endif
#ifdef BREAK_MIXED_KINDS
        int kind = i % 2 ? LSP_BODY : LSP_EVENT;
#else
        int kind = LSP_EVENT;
#endif
#ifdef BREAK_NEWLINE
        const char *event = "{\"event\":\n{\"delta\":\"word \"}}";
#else
        const char *event = "{\"event\":{\"delta\":\"word \"}}";
#endif
        int answer = call->sink.write(call->sink.context, kind, text(event));
#if !defined BREAK_IGNORE_CANCEL
        if (answer == LSP_CLOSED) return finish(&call->sink, LSP_CANCELLED, "");
#endif
#if !defined BREAK_IGNORE_PAUSE && !defined BREAK_IGNORE_CANCEL
        if (answer == LSP_PAUSE && call->sink.wait_writable(call->sink.context) == LSP_CLOSED)
            return finish(&call->sink, LSP_CANCELLED, "");
#endif
#ifdef BREAK_IGNORE_CANCEL
        usleep(20000);
#endif
    }
    finish(&call->sink, LSP_OK, "");
}

// Passes the answer of another provider on, for bodies that hold "ask:" (to inference) or "announce".
static int32_t relay_write(void *context, int32_t kind, lsp_bytes bytes) {
    lsp_sink *sink = &((running *)context)->sink;
    return sink->write(sink->context, kind, bytes);
}
static void relay_when(void *context, void (*wake)(void *user), void *user) {
    lsp_sink *sink = &((running *)context)->sink;
    sink->when_writable(sink->context, wake, user);
}
static int32_t relay_wait(void *context) {
    lsp_sink *sink = &((running *)context)->sink;
    return sink->wait_writable(sink->context);
}
static void release(running *call);
static void relay_finish(void *context, lsp_status status, lsp_bytes error) {
    running *call = context;
    call->sink.finish(call->sink.context, status, error);
    release(call);
}
static void relay(running *call) {
    lsp_sink sink = {sizeof sink, 0, call, relay_write, relay_finish, relay_when, relay_wait};
    const lsp_host *host = call->owner->host;
    if (strstr(call->body, "\"announce\":")) {
        host->announce(host->context, text("{\"kind\":\"model\",\"id\":\"announced\",\"path\":\"/x\"}"), &sink);
        return;
    }
    lsp_request request = {.struct_size = sizeof request, .call_id = call->id};
    request.target = text("inference");
    request.method = text("chat_completion");
    request.body = text(strstr(call->body, "unknown") ? "{\"model\":\"nobody\"}" : "{\"model\":\"small\"}");
    host->log(host->context, LSP_INFO, text("asking"), text("{\"for\":\"a word\"}"));
    host->metric(host->context, LSP_COUNTER, text("asked_total"), 1, text("{\"kind\":\"chat\"}"));
    host->call(host->context, &request, &sink);
}

static void answer(running *call) {
    if (call->owner->is_confused) return finish(&call->sink, LSP_INTERNAL, "{\"code\":\"x\",\"message\":\"confused\"}");
    if (!strcmp(call->method, "register") || !strcmp(call->method, "unregister")) {
#ifdef BREAK_REGISTER_ANYTHING
        return finish(&call->sink, LSP_OK, "");
#endif
        if (!strstr(call->body, "\"kind\":\"model\""))
            return finish(&call->sink, LSP_UNSUPPORTED, "{\"code\":\"not_implemented\",\"message\":\"models only\"}");
        if (strstr(call->body, "missing.gguf"))
            return finish(&call->sink, LSP_NOT_FOUND, "{\"code\":\"not_found\",\"message\":\"there is no such file\"}");
        return finish(&call->sink, LSP_OK, "");
    }
#ifndef BREAK_UNKNOWN_METHOD
    if (strcmp(call->method, "chat_completion") && strcmp(call->method, "completion"))
        return finish(&call->sink, LSP_UNSUPPORTED, "{\"code\":\"not_implemented\",\"message\":\"no such method\"}");
#endif
#ifdef BREAK_BAD_ERROR
    return finish(&call->sink, LSP_INVALID, "oops");
#endif
#ifndef BREAK_NOT_JSON
    if (call->body[0] != '{' && call->body[0] != '[')
        return finish(&call->sink, LSP_BAD_REQUEST, "{\"code\":\"invalid_json\",\"message\":\"not JSON\"}");
#endif
#ifndef BREAK_UNKNOWN_FIELD
    if (has_unknown_key(call->body))
        return finish(&call->sink, LSP_INVALID, "{\"code\":\"invalid_request\",\"message\":\"an unknown field\"}");
#endif
    if (strstr(call->body, "fail inside"))
        return finish(&call->sink, LSP_INTERNAL, "{\"code\":\"x\",\"message\":\"disk on fire\"}");
    if (strstr(call->body, "take long"))
        while (!atomic_load(&call->cancelled)) usleep(1000);
    if (strstr(call->body, "\"stream\":true")) return stream(call);
    call->sink.write(call->sink.context, LSP_BODY, text("{\"completion_message\":"));
    call->sink.write(call->sink.context, LSP_BODY, text("\"word\"}"));
    finish(&call->sink, LSP_OK, "");
}

static void release(running *call) {
    instance *self = call->owner;
    pthread_mutex_lock(&self->lock);
    for (running **link = &self->calls; *link; link = &(*link)->next)
        if (*link == call) {
            *link = call->next;
            break;
        }
    self->count--;
    pthread_cond_broadcast(&self->idle);
    pthread_mutex_unlock(&self->lock);
    free(call->method);
    free(call->body);
    free(call);
}

static void *run(void *context) {
    running *call = context;
#ifdef BREAK_NEVER_FINISH
    while (!atomic_load(&call->cancelled)) usleep(1000);
#else
    if (strstr(call->body, "ask:") || strstr(call->body, "\"announce\":")) {
        relay(call);
        return NULL;
    }
    answer(call);
#endif
    release(call);
    return NULL;
}

static void in_thread(void *(*body)(void *), void *context) {
    pthread_t thread;
    pthread_create(&thread, NULL, body, context);
    pthread_detach(thread);
}

static void *leave(void *context) {
    (void)context;
    exit(0);
}

static void *create(const lsp_provider *provider, const lsp_host *host, const lsp_setup *setup, const lsp_sink *ready) {
    (void)provider;
#ifdef BREAK_EXIT_IN_CREATE
    leave(NULL);
#endif
#ifdef BREAK_EXIT_IN_THREAD
    in_thread(leave, NULL);
#endif
#ifdef BREAK_PROCESS_STATE
    signal(SIGTERM, SIG_IGN);
    chdir("/");
    umask(0777);
#endif
#ifdef BREAK_THREAD_STATE
    uselocale(newlocale(LC_ALL_MASK, "C.UTF-8", (locale_t)0));
#endif
#ifdef BREAK_FORKS
    pid_t child = fork();
    if (child == 0) {
        sleep(120);
        _exit(0);
    }
    char said[40];
    snprintf(said, sizeof said, "forked process %d", child);
    host->log(host->context, LSP_INFO, text(said), text("{}"));
#endif
    instance *self = calloc(1, sizeof *self);
    pthread_mutex_init(&self->lock, NULL);
    pthread_cond_init(&self->idle, NULL);
    self->host = host;
    self->events = 8;
    char *config = copy(setup->config);
    const char *events = strstr(config, "\"events\":");
    if (events) self->events = atoi(events + 9);
#ifdef BREAK_CREATE_NULL
    finish(ready, LSP_OK, "");
    free(config);
    return NULL;
#endif
#if defined BREAK_NEVER_READY || defined BREAK_EXIT_IN_THREAD
    // That thread may begin late: what waits for this one to be ready has not ended by then.
    free(config);
    return self;
#endif
    if (strstr(config, "\"refuse\""))
        finish(ready, LSP_BAD_CONFIG, "[{\"pointer\":\"/refuse\",\"code\":\"refused\",\"message\":\"must not be 'hunter22'\"}]");
#ifndef BREAK_ACCEPT_ANY_CONFIG
    else if (strstr(config, "conformance_unknown_key") || !strncmp(config, "[", 1))
#ifdef BREAK_CONFIG_ERROR
        finish(ready, LSP_BAD_CONFIG, "no array");
#else
        finish(ready, LSP_BAD_CONFIG, "[{\"pointer\":\"\",\"code\":\"unknown_key\",\"message\":\"unknown key\"}]");
#endif
#endif
    else
        finish(ready, LSP_OK, "");
    free(config);
    return self;
}

static void invoke(void *context, const lsp_request *request, const lsp_sink *sink) {
#ifdef BREAK_CRASH_IN_CHAT
    if (request->method.size == 15 && !memcmp(request->method.data, "chat_completion", 15)) *(volatile int *)8 = 1;
#endif
#ifdef BREAK_CRASH
    raise(SIGSEGV);
#endif
    instance *self = context;
    running *call = calloc(1, sizeof *call);
    call->owner = self;
    call->sink = *sink;
    call->id = request->call_id;
    call->method = copy(request->method);
    call->body = copy(request->body);
    pthread_mutex_lock(&self->lock);
    call->next = self->calls;
    self->calls = call;
    self->count++;
    pthread_mutex_unlock(&self->lock);
#ifdef BREAK_ONE_AT_A_TIME
    // Deaf to everything else while one call waits.
    static atomic_int busy;
    if (atomic_fetch_add(&busy, 1) > 8) { return; }
#endif
#ifdef BREAK_BLOCKS
    usleep(400000);
#endif
    in_thread(run, call);
}

static void cancel(void *context, uint64_t id) {
    instance *self = context;
    pthread_mutex_lock(&self->lock);
#ifdef BREAK_FORGETS
    self->is_confused = 1; // by a cancel that it should have ignored
#endif
    for (running *call = self->calls; call; call = call->next)
        if (call->id == id) atomic_store(&call->cancelled, 1);
    pthread_mutex_unlock(&self->lock);
}

static void *stop(void *context) {
    instance *self = context;
    pthread_mutex_lock(&self->lock);
    for (running *call = self->calls; call; call = call->next) atomic_store(&call->cancelled, 1);
#ifndef BREAK_ONE_AT_A_TIME
    while (self->count) pthread_cond_wait(&self->idle, &self->lock);
#endif
    pthread_mutex_unlock(&self->lock);
    lsp_sink done = self->done;
    free(self);
    done.finish(done.context, LSP_OK, (lsp_bytes){0, 0});
    return NULL;
}

static void destroy(void *context, const lsp_sink *done) {
    instance *self = context;
    self->done = *done;
#ifdef BREAK_EXIT_IN_DESTROY
    exit(0);
#endif
#ifdef BREAK_NEVER_DESTROYED
    return;
#endif
    in_thread(stop, self);
}

static const lsp_provider provider = {
#ifdef BREAK_PROVIDER_SIZE
    .struct_size = 40,
#else
    .struct_size = sizeof(lsp_provider),
#endif
#ifndef NULL_API
    .api = PROVIDER_API,
#endif
#ifndef NULL_TYPE
    .type = PROVIDER_TYPE,
#endif
#ifndef NULL_VERSION
    .version = "1.0.0",
#endif
#ifndef NULL_RUNTIME
    .runtime = PROVIDER_RUNTIME,
#endif
#ifndef NULL_DESCRIPTION
    .description = "Answers with the same word again and again, for tests.",
#endif
#ifndef NULL_CONFIG_SCHEMA
    .config_schema = PROVIDER_SCHEMA,
#endif
#ifndef NULL_METHODS
    .methods = PROVIDER_METHODS,
#endif
#ifndef NULL_NEEDS
    .needs = PROVIDER_NEEDS,
#endif
#ifndef NULL_CREATE
    .create = create,
#endif
#ifndef NULL_INVOKE
    .invoke = invoke,
#endif
#ifndef NULL_CANCEL
    .cancel = cancel,
#endif
#ifndef NULL_DESTROY
    .destroy = destroy,
#endif
};

#ifdef NULL_PROVIDER
static const lsp_provider *const providers[] = {NULL};
#else
static const lsp_provider *const providers[] = {&provider};
#endif

static const lsp_module module = {
#ifdef BREAK_MODULE_SIZE
    .struct_size = 8,
#else
    .struct_size = sizeof(lsp_module),
#endif
    .abi_major = ABI_MAJOR,
    .abi_minor = ABI_MINOR,
#ifdef BREAK_NO_PROVIDERS
    .provider_count = 0,
#else
    .provider_count = 1,
#endif
#ifndef NULL_PROVIDERS
    .providers = providers,
#endif
};

LSP_EXPORT const lsp_module *ENTRY(uint32_t host_abi_minor) {
    (void)host_abi_minor;
#ifdef BREAK_EXIT_IN_ENTRY
    exit(0);
#endif
#ifdef BREAK_THREAD_STATE
    uselocale(newlocale(LC_ALL_MASK, "C.UTF-8", (locale_t)0));
#endif
#ifdef NULL_MODULE
    return NULL;
#endif
    return &module;
}

#ifdef CANARY
// Leaves a trace when the library is opened at all.
__attribute__((constructor)) static void canary(void) {
    const char *path = getenv("LLAMA_STACK_CANARY");
    if (path) close(open(path, 0101, 0600));
}
#endif

#ifdef BREAK_EXIT_IN_CONSTRUCTOR
__attribute__((constructor)) static void leave_early(void) { exit(0); }
#endif

// A provider that keeps the contract, and one with a fault: which one is in the environment variable FAULT, by the names of
// the table in Tests/HostTests/Conformance/FaultTable.swift. Compiled once, with the strict reader of the example in C:
// `cc -shared -fPIC -pthread -fvisibility=hidden -I Sources/CProviderABI/include -I Plugins/EchoC faults.c json.c requests.c`.
//
// API inference, type inline::faults. Words are answered for words; each call runs on a thread of its own. A fault whose name
// begins with "datasets" makes it a provider of datasets, which keeps one.
#define _GNU_SOURCE
#include <llama_stack_provider.h>

#include "json.h"
#include "requests.h"

#include <fcntl.h>
#include <fenv.h>
#include <locale.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

static char fault[64];
static int spares_register;
static int is(const char *name) { return strcmp(fault, name) == 0; }

__attribute__((constructor(101))) static void read_fault(void) {
    const char *name = getenv("FAULT");
    if (name) snprintf(fault, sizeof fault, "%s", name);
    spares_register = getenv("FAULT_SPARES_REGISTER") != NULL;
}

static lsp_bytes str(const char *s) { return (lsp_bytes){(const uint8_t *)s, strlen(s)}; }
static const lsp_bytes nothing = {0};

static char *copy(lsp_bytes bytes) {
    char *out = malloc(bytes.size + 1);
    if (bytes.size) memcpy(out, bytes.data, bytes.size);
    out[bytes.size] = 0;
    return out;
}

static void in_thread(void *(*body)(void *), void *context) {
    pthread_t thread;
    pthread_create(&thread, NULL, body, context);
    pthread_detach(thread);
}

// MARK: faults that need no call

static volatile int *const nowhere = (int *)16;
static volatile int deep_enough;
static int overflow(int depth) {
    volatile char frame[4096];
    frame[0] = (char)depth;
    return deep_enough ? depth : overflow(depth + 1) + frame[0];
}
static void *sleep_for_ever(void *context) {
    for (;;) sleep(1000);
    return context;
}
static void leave_a_child(void) {
    if (fork() == 0) {
        for (;;) sleep(1000);
    }
}

// Does what the fault says, where the place is that of its name: "crash in create".
static void at(const char *place) {
    char name[80];
    snprintf(name, sizeof name, "crash in %s", place);
    if (is(name)) *nowhere = 1;
    snprintf(name, sizeof name, "exit in %s", place);
    if (is(name)) exit(0);
    snprintf(name, sizeof name, "abort in %s", place);
    if (is(name)) abort();
    snprintf(name, sizeof name, "hang in %s", place);
    if (is(name)) sleep_for_ever(NULL);
    snprintf(name, sizeof name, "print in %s", place);
    if (is(name)) {
        printf("hello from %s\n", place);
        fflush(stdout);
    }
    snprintf(name, sizeof name, "late in %s", place);
    // Long after the second that is allowed, so that a look at what has not returned comes in time on a busy machine too.
    if (is(name)) usleep(2600000);
}

__attribute__((constructor(102))) static void constructed(void) {
    at("constructor");
    if (is("thread in constructor"))
        for (int i = 0; i < 4; i++) in_thread(sleep_for_ever, NULL);
    if (is("setenv in constructor")) setenv("TZ", "Mars/Olympus", 1);
}
__attribute__((destructor)) static void destructed(void) { at("destructor"); }

// What one library must not change for all others.
static void change_the_process(void) {
    if (is("chdir") && chdir("/tmp")) {}
    if (is("umask")) umask(0777);
    if (is("setlocale")) setlocale(LC_ALL, "C.UTF-8");
    if (is("clearenv")) clearenv();
    if (is("setenv")) setenv("LLAMA_STACK_PROVIDER_PATH", "/elsewhere", 1);
    if (is("ignore SIGTERM")) signal(SIGTERM, SIG_IGN);
    if (is("ignore SIGCHLD")) signal(SIGCHLD, SIG_IGN);
    if (is("default SIGPIPE")) signal(SIGPIPE, SIG_DFL);
    if (is("alarm")) alarm(1000);
    // The server puts it back. The kit does not: there it would end the child that asks only whether this becomes ready.
    if (is("alarm soon") && spares_register) ualarm(950000, 0);
    if (is("itimer")) setitimer(ITIMER_PROF, &(struct itimerval){{1000, 0}, {1000, 0}}, NULL);
    if (is("few descriptors")) setrlimit(RLIMIT_NOFILE, &(struct rlimit){8, 8});
    if (is("small stack")) setrlimit(RLIMIT_STACK, &(struct rlimit){1 << 20, RLIM_INFINITY});
    if (is("priority") && nice(5)) {}
    if (is("close 0 to 2"))
        for (int i = 0; i < 3; i++) close(i);
    if (is("close 0 to 20"))
        for (int i = 0; i < 21; i++) close(i);
    if (is("reopen 1")) dup2(open("/dev/null", O_WRONLY), 1);
    if (is("nonblocking 1")) fcntl(1, F_SETFL, fcntl(1, F_GETFL) | O_NONBLOCK);
}

// And what it must not change for its caller's thread.
static void change_the_thread(void) {
    if (is("round down")) fesetround(FE_DOWNWARD);
#if defined(__x86_64__)
    if (is("flush to zero")) __builtin_ia32_ldmxcsr(__builtin_ia32_stmxcsr() | 0x8040);
#else
    if (is("flush to zero")) fesetround(FE_TOWARDZERO);
#endif
    if (is("block SIGTERM")) {
        sigset_t set;
        sigemptyset(&set);
        sigaddset(&set, SIGTERM);
        pthread_sigmask(SIG_BLOCK, &set, NULL);
    }
}

// MARK: the provider

typedef struct instance {
    pthread_mutex_t lock;
    pthread_cond_t idle;
    struct call *calls;
    int count, is_confused;
    atomic_int cancels;
    const lsp_host *host;
    lsp_host host_copy;
    lsp_sink done;
} instance;

typedef struct call {
    struct call *next;
    instance *owner;
    lsp_sink sink;
    const lsp_sink *lent_sink;
    const lsp_request *lent_request;
    lsp_request request;
    char *method, *body, *options, *parameters;
    atomic_int cancelled;
} call;

static void finish(const lsp_sink *sink, lsp_status status, const char *error) {
    lsp_sink own = *sink;
    if (is("null context")) own.context = NULL;
    if (is("made-up context")) own.context = (void *)0x1234;
    if (is("null context") || is("made-up context")) own.finish(own.context, status, str(error));
    sink->finish(sink->context, status, str(error));
    if (is("finish twice")) sink->finish(sink->context, status, str(error));
    if (is("write after finish")) sink->write(sink->context, LSP_BODY, str("{}"));
    if (is("wait after finish")) sink->wait_writable(sink->context);
}

static void fail(call *c, lsp_status status, const char *code) {
    char error[6000];
    snprintf(error, sizeof error, "{\"code\":\"%s\",\"message\":\"it cannot be\"}", code);
    if (is("error of plain text")) return finish(&c->sink, status, "it cannot be");
    if (is("error without a code")) return finish(&c->sink, status, "{\"message\":\"it cannot be\"}");
    if (is("error of an unknown code")) snprintf(error, sizeof error, "{\"code\":\"E42\",\"message\":\"it cannot be\"}");
    if (is("error of another status")) snprintf(error, sizeof error, "{\"code\":\"storage_full\",\"message\":\"full\"}");
    if (is("error with control characters"))
        snprintf(error, sizeof error, "{\"code\":\"%s\",\"message\":\"\\u001b[31mred\"}", code);
    if (is("long error")) {
        char *end = error + snprintf(error, sizeof error, "{\"code\":\"%s\",\"message\":\"", code);
        memset(end, 'x', 5000);
        strcpy(end + 5000, "\"}");
    }
    if (is("huge error")) {
        char *huge = malloc(20 << 20);
        memset(huge, 'x', 20 << 20);
        c->sink.finish(c->sink.context, status, (lsp_bytes){(uint8_t *)huge, 20 << 20});
        return free(huge);
    }
    if (is("error from NULL")) return c->sink.finish(c->sink.context, status, (lsp_bytes){NULL, 10});
    if (is("status 999")) status = 999;
    if (is("status -1")) status = -1;
    finish(&c->sink, status, error);
}

// Strictly, by the tables of the example in C. Answers the status, LSP_OK for a body that is right.
static lsp_status check(const call *c) {
    json_read read = {0};
    const shape *wanted = !strcmp(c->method, "completion") ? &completion_request : &chat_completion_request;
    lsp_status status = json_check(str(c->body), wanted, &read) ? LSP_OK : read.status;
    json_read_free(&read);
    return status;
}

// What write answered.
static int event(call *c, const char *json) {
    if (is("event with a newline")) json = "{\"text_delta\":\n\"word \"}";
    if (is("event with a carriage return")) json = "{\"text_delta\":\r\"word \"}";
    if (is("event that is not JSON")) json = "{\"text_delta\":";
    if (is("event that is not UTF-8")) json = "{\"text_delta\":\"\xff\xfe\"}";
    if (is("empty event")) json = "";
    if (is("event of the wrong shape")) json = "{\"delta\":\"word \"}";
    if (is("event with null")) json = "{\"text_delta\":\"word \",\"stop_reason\":null}";
    int kind = is("body for a stream") ? LSP_BODY : is("unknown kind") ? 3 : LSP_EVENT;
    static atomic_int turn;
    if (is("mixed kinds") && atomic_fetch_add(&turn, 1) % 2) kind = LSP_BODY;
    return c->sink.write(c->sink.context, kind, str(json));
}

/* Threads that begin one after the other may each be done before the next: these begin together. */
static pthread_barrier_t all_threads;

static void *write_from_another_thread(void *context) {
    call *c = context;
    pthread_barrier_wait(&all_threads);
    for (int i = 0; i < 200; i++) c->sink.write(c->sink.context, LSP_EVENT, str("{\"text_delta\":\"word \"}"));
    return NULL;
}

static void stream(call *c) {
    if (is("stream without an event")) return finish(&c->sink, LSP_OK, "");
    if (is("writes from 8 threads")) {
        static pthread_mutex_t one_call = PTHREAD_MUTEX_INITIALIZER;
        pthread_t threads[8];
        pthread_mutex_lock(&one_call);
        pthread_barrier_init(&all_threads, NULL, 8);
        for (int i = 0; i < 8; i++) pthread_create(&threads[i], NULL, write_from_another_thread, c);
        for (int i = 0; i < 8; i++) pthread_join(threads[i], NULL);
        pthread_barrier_destroy(&all_threads);
        pthread_mutex_unlock(&one_call);
    }
    for (int i = 0; i < 6; i++) {
        if (atomic_load(&c->cancelled) && !is("ignore cancel") && !is("done with calls left")) return finish(&c->sink, LSP_CANCELLED, "");
        int answer = event(c, "{\"text_delta\":\"word \"}");
        while (i == 0 && strstr(c->body, "take long") && !atomic_load(&c->cancelled)) usleep(1000);
        if (answer == LSP_PAUSE && !is("ignore pause")) answer = c->sink.wait_writable(c->sink.context);
        if (is("write after closed"))
            for (int n = 0; answer == LSP_CLOSED && n < 40; n++) event(c, "{\"text_delta\":\"word \"}");
        // Deaf for longer than any check waits.
        if ((is("ignore cancel") || is("crash in cancel")) && answer == LSP_CLOSED) sleep(8);
        // The sink closes before the cancel arrives, which a call that had ended by then would not get.
        for (int ms = 0; is("hang in cancel") && answer == LSP_CLOSED && !atomic_load(&c->owner->cancels) && ms < 4000; ms++)
            usleep(1000);
        if (answer == LSP_CLOSED && is("done with calls left")) return;
        if (answer == LSP_CLOSED) return finish(&c->sink, LSP_CANCELLED, "");
    }
    if (!is("no stop reason")) event(c, "{\"text_delta\":\"\",\"stop_reason\":\"finished_ok\"}");
    if (is("event after the last")) event(c, "{\"text_delta\":\"word \"}");
    finish(&c->sink, LSP_OK, is("LSP_OK with an error") ? "{\"code\":\"internal\",\"message\":\"no\"}" : "");
}

static void answer_whole(call *c) {
    const char *answer = "{\"content\":\"word\",\"tool_calls\":[],\"stop_reason\":\"finished_ok\"}";
    if (!strcmp(c->method, "completion")) answer = "{\"content\":\"word\",\"stop_reason\":\"finished_ok\"}";
    if (is("LSP_OK without an answer")) return finish(&c->sink, LSP_OK, "");
    if (is("answer that is not JSON")) answer = "{\"content\":";
    if (is("answer that is not UTF-8")) answer = "{\"content\":\"\xff\"}";
    if (is("answer of the wrong shape")) answer = "{\"text\":\"word\"}";
    if (is("answer with a wrong type")) answer = "{\"content\":\"word\",\"tool_calls\":[],\"stop_reason\":\"because\"}";
    if (is("answer lacking a field")) answer = "{\"stop_reason\":\"finished_ok\"}";
    if (is("write from NULL")) c->sink.write(c->sink.context, LSP_BODY, (lsp_bytes){NULL, 10});
    if (is("write of too much")) c->sink.write(c->sink.context, LSP_BODY, (lsp_bytes){(const uint8_t *)"x", (64 << 20) + 1});
    if (is("size that lies")) c->sink.write(c->sink.context, LSP_BODY, (lsp_bytes){(const uint8_t *)"x", 48 << 20});
    c->sink.write(c->sink.context, is("events for a whole answer") ? LSP_EVENT : LSP_BODY, str(answer));
    finish(&c->sink, LSP_OK, is("LSP_OK with an error") ? "{\"code\":\"internal\",\"message\":\"no\"}" : "");
}

static void log_text(call *c, const char *message, const char *more) {
    const lsp_host *host = c->owner->host;
    host->log(host->context, is("unknown log level") ? 9 : LSP_INFO, str(message), str(more));
}

static void use_the_host(call *c) {
    if (is("log of a request")) log_text(c, c->body, "");
    if (is("log that is not UTF-8")) log_text(c, "\xff\xfe", "");
    if (is("log with other fields")) log_text(c, "hello", "{\"n\":1}");
    if (is("unknown log level")) log_text(c, "hello", "");
    if (is("log flood"))
        for (int i = 0; i < 6000; i++) log_text(c, "hello", "");
    const lsp_host *host = c->owner->host;
    if (is("metric in camelCase")) host->metric(host->context, LSP_COUNTER, str("wordsTotal"), 1, nothing);
    if (is("call without a need")) {
        lsp_request request = {.struct_size = sizeof request, .call_id = 1};
        request.target = str("datasets");
        request.method = str("get");
        host->call(host->context, &request, &c->sink);
    }
}

// MARK: datasets

static struct {
    pthread_mutex_t lock;
    char *creation; // the body of create, NULL when there is none
} kept = {PTHREAD_MUTEX_INITIALIZER, NULL};

// Under the lock.
static void keep(call *c) {
    if (!strcmp(c->method, "create")) {
        if (kept.creation && !is("datasets made twice")) return fail(c, LSP_CONFLICT, "already_exists");
        free(kept.creation);
        kept.creation = strdup(c->body);
        return finish(&c->sink, LSP_OK, "");
    }
    if (!kept.creation && !is("datasets never gone")) return fail(c, LSP_NOT_FOUND, "not_found");
    if (!strcmp(c->method, "get")) {
        const char *dataset = kept.creation ? strstr(kept.creation, "\"dataset\":") : NULL;
        const char *other = "{\"columns\":{},\"content_url\":\"data:,\",\"metadata\":{}}";
        char *answer = strdup(dataset && !is("datasets changed") ? dataset + 10 : other);
        if (dataset && !is("datasets changed")) answer[strlen(answer) - 1] = 0;
        c->sink.write(c->sink.context, LSP_BODY, str(answer));
        free(answer);
        return finish(&c->sink, LSP_OK, "");
    }
    free(kept.creation);
    kept.creation = NULL;
    finish(&c->sink, LSP_OK, "");
}

static void leak(void) {
    if (is("leak descriptors"))
        for (int i = 0; i < 2 && open("/dev/null", O_RDONLY) >= 0; i++) {}
    if (is("leak threads")) in_thread(sleep_for_ever, NULL);
    if (is("leak memory")) memset(malloc(64 << 10), 1, 64 << 10);
}

static void answer(call *c) {
    use_the_host(c);
    if (is("call without a need")) return;
    if (c->owner->is_confused) return fail(c, LSP_INTERNAL, "internal");
    if (!strcmp(c->method, "register") || !strcmp(c->method, "unregister")) {
        if (is("register anything") || strstr(c->body, "\"kind\":\"model\"")) return finish(&c->sink, LSP_OK, "");
        return fail(c, LSP_UNSUPPORTED, "not_implemented");
    }
    if (!strncmp(fault, "datasets", 8)) {
        pthread_mutex_lock(&kept.lock);
        keep(c);
        pthread_mutex_unlock(&kept.lock);
        return;
    }
    if (strcmp(c->method, "chat_completion") && strcmp(c->method, "completion") && !is("answer any method"))
        return fail(c, LSP_UNSUPPORTED, "not_implemented");
    if (is("unsupported method")) return fail(c, LSP_UNSUPPORTED, "not_implemented");
    if (c->options[0] && strcmp(c->options, "{}") && !is("take any option"))
        return fail(c, LSP_BAD_REQUEST, "unsupported_option");
    lsp_status status = check(c);
    if (status == LSP_BAD_REQUEST && !is("take any body")) return fail(c, status, "invalid_json");
    if (status == LSP_INVALID && !is("take any field")) return fail(c, status, "invalid_request");
    if (is("refuse the sample")) return fail(c, LSP_INVALID, "invalid_request");
    if (is("fail inside")) return fail(c, LSP_INTERNAL, "internal");
    if (strstr(c->body, "\"stream\":true")) return stream(c);
    answer_whole(c);
}

static void release(call *c) {
    instance *self = c->owner;
    pthread_mutex_lock(&self->lock);
    for (call **link = &self->calls; *link; link = &(*link)->next)
        if (*link == c) {
            *link = c->next;
            break;
        }
    self->count--;
    pthread_cond_broadcast(&self->idle);
    pthread_mutex_unlock(&self->lock);
    free(c->method);
    free(c->body);
    free(c->options);
    free(c->parameters);
    free(c);
}

static void *finish_again(void *context) {
    lsp_sink *sink = context;
    sink->finish(sink->context, LSP_OK, nothing);
    return NULL;
}

static void *run(void *context) {
    call *c = context;
    at("thread");
    leak();
    if (is("stack overflow")) overflow(1);
    if (is("double free")) {
        void *block = malloc(64);
        free(block);
        free(block);
    }
    if (is("heap overrun")) {
        char *block = malloc(24);
        memset(block, 'x', 4000);
        free(block);
        free(malloc(3000));
        free(malloc(30000));
    }
    if (is("never finish"))
        while (!atomic_load(&c->cancelled)) usleep(1000);
    if (is("forget the call")) return NULL;
    if (is("use a lent sink")) {
        usleep(50000);
        c->sink = *c->lent_sink;
    }
    if (is("use a lent request")) {
        usleep(50000);
        c->request = *c->lent_request;
    }
    if (is("finish from 8 threads")) {
        static pthread_mutex_t one_call = PTHREAD_MUTEX_INITIALIZER;
        pthread_t threads[8];
        pthread_mutex_lock(&one_call);
        pthread_barrier_init(&all_threads, NULL, 8);
        for (int i = 0; i < 8; i++) pthread_create(&threads[i], NULL, finish_again, &c->sink);
        for (int i = 0; i < 8; i++) pthread_join(threads[i], NULL);
        pthread_barrier_destroy(&all_threads);
        pthread_mutex_unlock(&one_call);
    }
    lsp_request request = c->request;
    answer(c);
    if (is("read after finish")) {
        usleep(20000);
        free(copy(request.body.size ? request.body : request.method));
    }
    release(c);
    return NULL;
}

static void *create(const lsp_provider *provider, const lsp_host *host, const lsp_setup *setup, const lsp_sink *ready) {
    (void)provider;
    at("create");
    change_the_process();
    if (is("change in create")) change_the_thread();
    instance *self = calloc(1, sizeof *self);
    pthread_mutex_init(&self->lock, NULL);
    pthread_cond_init(&self->idle, NULL);
    self->host = host;
    self->host_copy = *host;
    if (is("child process")) leave_a_child();
    if (is("leak in create") && open("/dev/null", O_RDONLY) < 0) {}
    char *config = copy(setup->config);
    static atomic_int instances;
    if (is("one instance alone") && atomic_fetch_add(&instances, 1) > 0) {
        finish(ready, LSP_UNAVAILABLE, "{\"code\":\"provider_unavailable\",\"message\":\"there is one already\"}");
    } else if (is("create answers NULL")) {
        finish(ready, LSP_OK, "");
        return NULL;
    } else if (is("never ready")) {
    } else if (is("refuse its config")) {
        finish(ready, LSP_UNAVAILABLE, "{\"code\":\"provider_unavailable\",\"message\":\"no\"}");
    } else if (strstr(config, "conformance_unknown_key")) {
        finish(ready, is("bad config with another status") ? LSP_INVALID : LSP_BAD_CONFIG,
               is("bad config without an array") ? "no array"
                                                 : "[{\"pointer\":\"\",\"code\":\"unknown_key\",\"message\":\"unknown key\"}]");
    } else {
        finish(ready, LSP_OK, "");
        if (is("ready twice")) ready->finish(ready->context, LSP_OK, nothing);
    }
    free(config);
    return self;
}

static void invoke(void *context, const lsp_request *request, const lsp_sink *sink) {
    instance *self = context;
    // So that a fault in calls comes in those of clients, and not at the start.
    if (spares_register && request->method.size == 8 && memcmp(request->method.data, "register", 8) == 0)
        return sink->finish(sink->context, LSP_OK, nothing);
    at("invoke");
    if (is("alarm soon") && !spares_register) ualarm(50000, 0);
    change_the_thread();
    if (is("stop the process")) kill(getpid(), SIGSTOP);
    // As if the body ended with a zero.
    if (is("read beyond the body")) {
        volatile char sum = 0;
        for (size_t i = 0; i <= request->body.size; i++) sum += request->body.data ? (char)request->body.data[i] : 0;
    }
    static atomic_int busy;
    if (is("nine calls at most") && atomic_fetch_add(&busy, 1) > 8) return;
    call *c = calloc(1, sizeof *c);
    c->owner = self;
    c->sink = *sink;
    c->lent_sink = sink;
    c->lent_request = request;
    c->request = *request;
    c->method = copy(request->method);
    c->body = copy(request->body);
    c->options = copy(request->options);
    c->parameters = copy(request->parameters);
    pthread_mutex_lock(&self->lock);
    c->next = self->calls;
    self->calls = c;
    self->count++;
    pthread_mutex_unlock(&self->lock);
    in_thread(run, c);
}

static void cancel(void *context, uint64_t id) {
    instance *self = context;
    atomic_fetch_add(&self->cancels, 1);
    at("cancel");
    pthread_mutex_lock(&self->lock);
    if (is("confused by a cancel")) self->is_confused = 1;
    for (call *c = self->calls; c; c = c->next)
        if (c->request.call_id == id) atomic_store(&c->cancelled, 1);
    pthread_mutex_unlock(&self->lock);
}

static void *log_late(void *context) {
    lsp_host *host = context;
    usleep(20000);
    host->log(host->context, LSP_INFO, str("still here"), nothing);
    return NULL;
}

static void *stop(void *context) {
    instance *self = context;
    pthread_mutex_lock(&self->lock);
    for (call *c = self->calls; c; c = c->next) atomic_store(&c->cancelled, 1);
    int waits = !is("nine calls at most") && !is("forget the call") && !is("call without a need");
    while (self->count && waits && !is("done with calls left")) pthread_cond_wait(&self->idle, &self->lock);
    pthread_mutex_unlock(&self->lock);
    lsp_sink done = self->done;
    if (is("log after destroy")) {
        lsp_host *host = malloc(sizeof *host);
        *host = self->host_copy;
        in_thread(log_late, host);
    }
    if (is("leave a thread")) in_thread(sleep_for_ever, NULL);
    if (!is("done with calls left")) free(self);
    done.finish(done.context, LSP_OK, nothing);
    if (is("done twice")) done.finish(done.context, LSP_OK, nothing);
    return NULL;
}

static void destroy(void *context, const lsp_sink *done) {
    instance *self = context;
    at("destroy");
    self->done = *done;
    if (is("never destroyed")) return;
    in_thread(stop, self);
}

// MARK: the descriptor

#define METHODS "[{\"name\":\"chat_completion\",\"stream\":true},{\"name\":\"completion\",\"stream\":true}]"
#define SCHEMA "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{}}"

static lsp_provider provider = {
    .struct_size = sizeof(lsp_provider),
    .api = "inference",
    .type = "inline::faults",
    .version = "1.0.0",
    .runtime = "none",
    .description = "Has the fault that the environment names, for tests.",
    .config_schema = SCHEMA,
    .methods = METHODS,
    .needs = "[]",
    .create = create,
    .invoke = invoke,
    .cancel = cancel,
    .destroy = destroy,
};
// What lies behind the one that counts is no provider.
static const lsp_provider *const providers[] = {&provider, (const lsp_provider *)0x10};
static lsp_module module = {
    .struct_size = sizeof(lsp_module),
    .abi_major = LSP_ABI_MAJOR,
    .abi_minor = LSP_ABI_MINOR,
    .provider_count = 1,
    .providers = providers,
};

static void spoil_the_descriptor(void) {
    if (is("small module")) module.struct_size = 8;
    if (is("small provider")) provider.struct_size = 8;
    if (is("no providers")) module.provider_count = 0;
    if (is("too many providers")) module.provider_count = 999;
    if (is("99 providers, one pointer")) module.provider_count = 99;
    if (is("another major version")) module.abi_major = 2;
    if (is("a later minor version")) module.abi_minor = 9;
    if (is("methods that are not JSON")) provider.methods = "[{";
    if (is("oneOf in the schema")) provider.config_schema = "{\"type\":\"object\",\"oneOf\":[]}";
    if (is("schema that takes anything")) provider.config_schema = "{\"type\":\"object\"}";
    if (is("empty api")) provider.api = "";
    if (is("unknown api")) provider.api = "telemetry";
    if (is("bad type")) provider.type = "bad";
    if (is("no version")) provider.version = "";
    if (is("unknown method")) provider.methods = "[{\"name\":\"chat_completions\"}]";
    if (is("stream of what does not stream")) provider.methods = "[{\"name\":\"embeddings\",\"stream\":true}]";
    if (is("no methods")) provider.methods = "[]";
    if (is("old Swift")) provider.runtime = "swift 5.1";
    if (is("runtime of Go")) provider.runtime = "go 1.23";
    if (is("no runtime")) provider.runtime = "";
    if (is("needs itself")) provider.needs = "[\"inference\"]";
    if (is("needs a misspelled API")) provider.needs = "[\"memory_bank?\"]";
    if (is("create is NULL")) provider.create = NULL;
    if (!strncmp(fault, "datasets", 8)) {
        provider.api = "datasets";
        provider.methods = "[{\"name\":\"create\"},{\"name\":\"get\"},{\"name\":\"delete\"}]";
    }
}

LSP_EXPORT const lsp_module *llama_stack_provider_v1(uint32_t host_abi_minor) {
    (void)host_abi_minor;
    at("entry");
    if (is("entry answers NULL")) return NULL;
    if (is("entry answers 0x10")) return (const lsp_module *)0x10;
    spoil_the_descriptor();
    return &module;
}

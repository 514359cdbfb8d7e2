// inline::echo-c: Echo in plain C, against the header alone. A thread for each call; nothing outside the standard
// library and pthreads. What a C provider owes beyond a Swift one is to be seen here: it checks requests strictly by
// itself, finishes every sink exactly once, and never lets an instance be used after it is destroyed.
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fetch.h"
#include "json.h"
#include "requests.h"
#include "words.h"

enum { CALLS_MAX = 256 }; // threads of one instance; beyond it a call is answered 429

typedef struct instance {
    pthread_mutex_t lock;
    pthread_cond_t changed; // a call was cancelled
    struct call *calls;     // those that can be cancelled
    size_t open;            // sinks that are not finished yet
    bool closing;
    lsp_sink done; // destroy's
    const lsp_host *host;
    text prefix;
    text prefix_url; // empty: none
    long long delay_ms;
} instance;

typedef struct call {
    instance *owner;
    struct call *next;
    lsp_request request;
    lsp_sink sink;
    bool cancelled; // under the owner's lock
} call;

// MARK: Ending a call

static void finish(const lsp_sink *sink, lsp_status status, const text *error) {
    sink->finish(sink->context, status, error ? text_bytes(error) : (lsp_bytes){0});
}

static void finish_with(const lsp_sink *sink, lsp_status status, const char *code, const char *message, lsp_bytes field) {
    text error = {0};
    text_adds(&error, "{\"code\":\"");
    text_adds(&error, code);
    text_adds(&error, "\",\"message\":\"");
    text_adds(&error, message);
    if (field.size) {
        text_adds(&error, "\",\"field\":\"");
        text_add(&error, (const char *)field.data, field.size);
    }
    text_adds(&error, "\"}");
    finish(sink, status, &error);
    text_free(&error);
}

static lsp_bytes bytes_of(const char *string) { return (lsp_bytes){(const uint8_t *)string, strlen(string)}; }

static void free_instance(instance *self) {
    lsp_sink done = self->done;
    text_free(&self->prefix);
    text_free(&self->prefix_url);
    pthread_cond_destroy(&self->changed);
    pthread_mutex_destroy(&self->lock);
    free(self);
    finish(&done, LSP_OK, NULL);
}

// One sink of this instance has been finished. The last one out after destroy turns off the light.
static void leave(instance *self) {
    pthread_mutex_lock(&self->lock);
    bool last = --self->open == 0 && self->closing;
    pthread_mutex_unlock(&self->lock);
    if (last) free_instance(self);
}

// Before finish: the host may use the id again as soon as finish was called.
static void forget(call *c) {
    pthread_mutex_lock(&c->owner->lock);
    for (call **at = &c->owner->calls; *at; at = &(*at)->next)
        if (*at == c) {
            *at = c->next;
            break;
        }
    pthread_mutex_unlock(&c->owner->lock);
}

// MARK: Answering

static bool is_cancelled(void *argument) {
    call *c = argument;
    pthread_mutex_lock(&c->owner->lock);
    bool cancelled = c->cancelled;
    pthread_mutex_unlock(&c->owner->lock);
    return cancelled;
}

// Adds the prefix of an answer; on failure, the error of its server or the host.
static lsp_status add_prefix(call *c, text *said, text *error) {
    instance *self = c->owner;
    text_add(said, self->prefix.data, self->prefix.size);
    if (!self->prefix_url.size) return LSP_OK;
    text fetched = {0};
    lsp_status status = fetch(self->host, &c->request, &self->prefix_url, &fetched, is_cancelled, c);
    text_add(status == LSP_OK ? said : error, fetched.data, fetched.size);
    text_free(&fetched);
    return status;
}

// False when the call was cancelled before or during the pause.
static bool pause_between_words(call *c) {
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    long long ns = until.tv_nsec + c->owner->delay_ms % 1000 * 1000000;
    until.tv_sec += (time_t)(c->owner->delay_ms / 1000 + ns / 1000000000);
    until.tv_nsec = (long)(ns % 1000000000);
    pthread_mutex_lock(&c->owner->lock);
    int rc = 0;
    while (!c->cancelled && c->owner->delay_ms > 0 && rc != ETIMEDOUT)
        rc = pthread_cond_timedwait(&c->owner->changed, &c->owner->lock, &until);
    bool go_on = !c->cancelled;
    pthread_mutex_unlock(&c->owner->lock);
    return go_on;
}

// False when there is no reader any more. Blocks while the reader is behind: this is a thread of our own.
static bool send(call *c, int32_t kind, const text *answer) {
    switch (c->sink.write(c->sink.context, kind, text_bytes(answer))) {
    case LSP_MORE: return true;
    case LSP_PAUSE: return c->sink.wait_writable(c->sink.context) == LSP_MORE;
    default: return false;
    }
}

// A token is a word here: as many come in as go out, unless the answer is cut.
static void add_usage(text *answer, long long prompt, long long words) {
    char usage[128];
    snprintf(usage, sizeof usage, ",\"usage\":{\"prompt_tokens\":%lld,\"cached_tokens\":0,\"completion_tokens\":%lld}",
             prompt, words);
    text_adds(answer, usage);
}

// The last one has a stop reason, and the usage where `words` is not negative.
static bool send_chunk(call *c, const char *word, size_t size, const char *stop_reason, long long prompt, long long words) {
    text chunk = {0};
    text_adds(&chunk, "{\"text_delta\":\"");
    text_add_escaped(&chunk, word, size);
    text_adds(&chunk, stop_reason ? "\",\"stop_reason\":\"" : "\"}");
    if (stop_reason) {
        text_adds(&chunk, stop_reason);
        text_adds(&chunk, "\"");
        if (words >= 0) add_usage(&chunk, prompt, words);
        text_adds(&chunk, "}");
    }
    bool sent = !chunk.failed && send(c, LSP_EVENT, &chunk);
    text_free(&chunk);
    return sent;
}

static lsp_status echo(call *c, const text *said, long long words_max, bool streams, bool is_chat, bool is_extended) {
    size_t at = 0;
    long long words = 0, prompt = words_count(said);
    while (at < said->size && (words_max == 0 || words < words_max)) {
        if (!pause_between_words(c)) return LSP_CANCELLED;
        size_t end = word_end(said, at);
        if (streams && !send_chunk(c, said->data + at, end - at, NULL, 0, -1)) return LSP_CANCELLED;
        at = end;
        words++;
    }
    const char *stop_reason = at < said->size ? "max_tokens" : "finished_ok";
    if (streams) return send_chunk(c, "", 0, stop_reason, prompt, is_extended ? words : -1) ? LSP_OK : LSP_CANCELLED;
    text answer = {0};
    text_adds(&answer, "{\"content\":\"");
    text_add_escaped(&answer, said->data, at);
    text_adds(&answer, is_chat ? "\",\"tool_calls\":[],\"stop_reason\":\"" : "\",\"stop_reason\":\"");
    text_adds(&answer, stop_reason);
    text_adds(&answer, "\"");
    if (is_extended) add_usage(&answer, prompt, words);
    text_adds(&answer, "}");
    lsp_status status = answer.failed ? LSP_INTERNAL : send(c, LSP_BODY, &answer) ? LSP_OK : LSP_CANCELLED;
    text_free(&answer);
    return status;
}

static bool method_is(const call *c, const char *name) {
    return c->request.method.size == strlen(name) && memcmp(c->request.method.data, name, strlen(name)) == 0;
}

// Finishes the sink, exactly once.
static void serve(call *c) {
    bool is_chat = method_is(c, "chat_completion"), is_register = method_is(c, "register") || method_is(c, "unregister");
    lsp_bytes options = c->request.options;
    if (!is_chat && !is_register && !method_is(c, "completion")) {
        forget(c);
        return finish_with(&c->sink, LSP_UNSUPPORTED, "not_implemented", "inline::echo-c has no such method", (lsp_bytes){0});
    }
    static const field no_fields[] = {{0}};
    static const shape no_options = {.kind = K_OBJECT, .fields = no_fields};
    json_read given = {0};
    bool passes = !options.size || json_check(options, is_register ? &no_options : &answer_options, &given);
    bool is_extended = passes && options.size && json_integer(given.slots[SLOT_EXTENDED], 0);
    if (!passes) {
        forget(c);
        finish_with(&c->sink, LSP_BAD_REQUEST, "unsupported_option", "inline::echo-c supports the option extended alone",
                    text_bytes(&given.field));
        return json_read_free(&given);
    }
    json_read_free(&given);
    json_read read = {0};
    text said = {0}, error = {0};
    lsp_status status = LSP_OK;
    const shape *wanted = is_register ? &resource : is_chat ? &chat_completion_request : &completion_request;
    if (!json_check(c->request.body, wanted, &read)) {
        status = read.status;
        json_read_error(&read, &error);
    } else if (is_register) {
        lsp_bytes kind = read.slots[SLOT_KIND];
        if (kind.size != 7 || memcmp(kind.data, "\"model\"", 7) != 0) {
            status = LSP_UNSUPPORTED;
            text_adds(&error, "{\"code\":\"not_implemented\",\"message\":\"inline::echo-c takes models only\",\"field\":\"kind\"}");
        }
    } else if ((status = add_prefix(c, &said, &error)) == LSP_OK) {
        if (!content_text(read.slots[SLOT_CONTENT], &said)) {
            const char *where = is_chat ? "dialog.message.content" : "content";
            status = LSP_BAD_REQUEST;
            text_adds(&error, "{\"code\":\"unsupported_content\",\"message\":\"");
            text_adds(&error, where);
            text_adds(&error, " must be text: echo reads no attachments\",\"field\":\"");
            text_adds(&error, where);
            text_adds(&error, "\"}");
        } else if (said.failed) {
            status = LSP_INTERNAL;
        } else {
            long long words_max = json_integer(read.slots[SLOT_MAX_TOKENS], 0);
            status = echo(c, &said, words_max, json_integer(read.slots[SLOT_STREAM], 0), is_chat, is_extended);
        }
    }
    forget(c);
    finish(&c->sink, status, &error);
    text_free(&said);
    text_free(&error);
    json_read_free(&read);
}

static void *run(void *argument) {
    call *c = argument;
    instance *self = c->owner;
    serve(c);
    free(c);
    leave(self);
    return NULL;
}

// MARK: The contract's functions

static void invoke(void *argument, const lsp_request *request, const lsp_sink *sink) {
    instance *self = argument;
    call *c = calloc(1, sizeof *c);
    pthread_mutex_lock(&self->lock);
    bool taken = c && !self->closing && self->open < CALLS_MAX;
    if (taken) {
        *c = (call){self, self->calls, *request, *sink, false};
        self->calls = c;
        self->open++;
    }
    pthread_mutex_unlock(&self->lock);
    pthread_attr_t detached;
    pthread_t thread;
    int rc = ENOMEM;
    if (taken) {
        pthread_attr_init(&detached);
        pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
        rc = pthread_create(&thread, &detached, run, c);
        pthread_attr_destroy(&detached);
        if (rc == 0) return;
        forget(c);
    }
    finish_with(sink, LSP_BUSY, "queue_full", "inline::echo-c runs as many calls as it can", (lsp_bytes){0});
    free(c);
    if (taken) leave(self);
}

static void cancel(void *argument, uint64_t call_id) {
    instance *self = argument;
    pthread_mutex_lock(&self->lock);
    for (call *c = self->calls; c; c = c->next)
        if (c->request.call_id == call_id) c->cancelled = true;
    pthread_cond_broadcast(&self->changed);
    pthread_mutex_unlock(&self->lock);
    // Its call of the host has the same id.
    self->host->cancel(self->host->context, call_id);
}

// Stands for an instance when there was no memory for one: the host only destroys it.
static instance no_instance;

static void destroy(void *argument, const lsp_sink *done) {
    instance *self = argument;
    if (self == &no_instance) return finish(done, LSP_OK, NULL);
    pthread_mutex_lock(&self->lock);
    self->closing = true;
    self->done = *done;
    for (call *c = self->calls; c; c = c->next) {
        c->cancelled = true;
        self->host->cancel(self->host->context, c->request.call_id);
    }
    pthread_cond_broadcast(&self->changed);
    bool idle = self->open == 0;
    pthread_mutex_unlock(&self->lock);
    if (idle) free_instance(self);
}

static void *create(const lsp_provider *provider, const lsp_host *host, const lsp_setup *setup, const lsp_sink *ready) {
    (void)provider;
    instance *self = calloc(1, sizeof *self);
    if (!self) {
        finish_with(ready, LSP_UNAVAILABLE, "provider_unavailable", "out of memory", (lsp_bytes){0});
        return &no_instance;
    }
    pthread_mutex_init(&self->lock, NULL);
    pthread_cond_init(&self->changed, NULL);
    self->host = host;
    json_read read = {0};
    lsp_bytes config = setup->config.size ? setup->config : bytes_of("{}");
    if (json_check(config, &configuration, &read)) {
        if (read.slots[SLOT_PREFIX].data) json_decode(read.slots[SLOT_PREFIX], &self->prefix);
        if (read.slots[SLOT_PREFIX_URL].data) json_decode(read.slots[SLOT_PREFIX_URL], &self->prefix_url);
        self->delay_ms = json_integer(read.slots[SLOT_DELAY], 0);
        finish(ready, LSP_OK, NULL);
    } else {
        // Its fields are all at the top, so a field's path is its JSON Pointer without the slash.
        text error = {0};
        text_adds(&error, read.field.size ? "[{\"pointer\":\"/" : "[{\"pointer\":\"");
        text_add(&error, read.field.data, read.field.size);
        text_adds(&error, "\",\"code\":\"invalid_config\",\"message\":\"");
        text_add(&error, read.message.data, read.message.size);
        text_adds(&error, "\"}]");
        finish(ready, LSP_BAD_CONFIG, &error);
        text_free(&error);
    }
    json_read_free(&read);
    return self;
}

static const lsp_provider provider = {
    .struct_size = sizeof(lsp_provider),
    .api = "inference",
    .type = "inline::echo-c",
    .version = "1.0.0",
    .runtime = "none",
    .description = "Echo in plain C: answers with what was said last, word by word.",
    .config_schema = "{\"type\":\"object\",\"properties\":{"
                     "\"prefix\":{\"type\":\"string\",\"default\":\"\",\"description\":\"Said before every answer.\"},"
                     "\"prefix_url\":{\"type\":\"string\",\"network\":true,"
                     "\"description\":\"A URL whose text is said before every answer too.\"},"
                     "\"delay_milliseconds\":{\"type\":\"integer\",\"minimum\":0,\"default\":0,"
                     "\"description\":\"The pause before each word of an answer.\"}},"
                     "\"additionalProperties\":false}",
    .methods = "[{\"name\":\"completion\",\"stream\":true,\"options\":[\"extended\"]},"
               "{\"name\":\"chat_completion\",\"stream\":true,\"options\":[\"extended\"]}]",
    .needs = "[\"network\"]",
    .create = create,
    .invoke = invoke,
    .cancel = cancel,
    .destroy = destroy,
    .resources = "[\"model\"]",
};

static const lsp_provider *const providers[] = {&provider};

static const lsp_module module = {
    .struct_size = sizeof(lsp_module),
    .abi_major = LSP_ABI_MAJOR,
    .abi_minor = LSP_ABI_MINOR,
    .provider_count = 1,
    .providers = providers,
};

LSP_EXPORT const lsp_module *llama_stack_provider_v1(uint32_t host_abi_minor) {
    (void)host_abi_minor;
    return &module;
}

// inline::asking-c: a provider in C that calls another. `synthetic_data_generation/generate` asks the inference provider to
// answer each prompt, one after the other, on a thread for each call. What it needs of JSON is Plugins/EchoC/json.c.
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"

enum { CALLS_MAX = 64, ANSWER_BYTES_MAX = 1 << 20 };

typedef struct instance {
    pthread_mutex_t lock;
    struct call *calls;
    size_t open; // calls that are not finished
    uint64_t last_id;
    bool closing;
    lsp_sink done;
    const lsp_host *host;
    text model;
} instance;

typedef struct call {
    instance *owner;
    struct call *next;
    lsp_request request;
    lsp_sink sink;
    bool cancelled;      // under the owner's lock
    uint64_t asked;      // likewise: the id of the call to the other provider that runs; 0: none
} call;

static void finish(const lsp_sink *sink, lsp_status status, const char *error) {
    sink->finish(sink->context, status, (lsp_bytes){(const uint8_t *)error, error ? strlen(error) : 0});
}

static lsp_bytes bytes_of(const char *string) { return (lsp_bytes){(const uint8_t *)string, strlen(string)}; }

// MARK: Asking another provider

// [quoted]
// The answer to one call of ours, and who waits for it.
typedef struct answer {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    text body;         // what was written; after a failure the error object
    lsp_status status; // when it is finished
    bool finished;
} answer;

// The host calls this on any thread, never twice at once for one sink, perhaps before host->call has returned. It copies
// and returns; it must not wait. There is a limit, so the other side can't fill our memory.
static int32_t answer_write(void *context, int32_t kind, lsp_bytes bytes) {
    answer *a = context;
    (void)kind; // LSP_BODY: we do not ask for a stream
    pthread_mutex_lock(&a->lock);
    bool fits = bytes.size <= ANSWER_BYTES_MAX - a->body.size;
    if (fits) text_add(&a->body, (const char *)bytes.data, bytes.size);
    pthread_mutex_unlock(&a->lock);
    return fits ? LSP_MORE : LSP_CLOSED;
}

// Exactly once, and nothing comes after it. The answer's owner may free it as soon as the lock is released, so this
// function touches nothing after that.
static void answer_finish(void *context, lsp_status status, lsp_bytes error) {
    answer *a = context;
    pthread_mutex_lock(&a->lock);
    if (status != LSP_OK) {
        a->body.size = 0;
        text_add(&a->body, (const char *)error.data, error.size);
    }
    a->status = status;
    a->finished = true;
    pthread_cond_signal(&a->changed);
    pthread_mutex_unlock(&a->lock);
}

// The host alone calls it, after a write was answered with LSP_PAUSE. Ours never is, so there is always room.
static void answer_when_writable(void *context, void (*wake)(void *user), void *user) {
    (void)context;
    wake(user);
}

// Asks `inference` and waits: on a thread of our own, never in invoke. False: `a` has the status and the error object.
static bool ask(call *c, const char *method, lsp_bytes body, answer *a) {
    instance *self = c->owner;
    lsp_request request = {
        .struct_size = sizeof request,
        .target = bytes_of("inference"), // or "inference/<provider_id>"; the descriptor's `needs` has "inference"
        .method = bytes_of(method),
        .body = body,
        // The client's request passes its context on.
        .principal = c->request.principal,
        .request_id = c->request.request_id,
        .deadline_ns = c->request.deadline_ns,
    };
    lsp_sink sink = {
        .struct_size = sizeof sink,
        .context = a,
        .write = answer_write,
        .finish = answer_finish,
        .when_writable = answer_when_writable,
        .wait_writable = NULL, // the host does not call it: it never blocks
    };
    pthread_mutex_lock(&self->lock);
    request.call_id = ++self->last_id; // unique among our own calls
    c->asked = request.call_id;
    pthread_mutex_unlock(&self->lock);

    self->host->call(self->host->context, &request, &sink);

    // A cancel that came before the host knew the id was ignored there.
    pthread_mutex_lock(&self->lock);
    bool cancelled = c->cancelled;
    pthread_mutex_unlock(&self->lock);
    if (cancelled) self->host->cancel(self->host->context, request.call_id);

    // The structs were copied, but not the bytes that they point to: `body`, and `a`, stay where they are until finish.
    pthread_mutex_lock(&a->lock);
    while (!a->finished) pthread_cond_wait(&a->changed, &a->lock);
    pthread_mutex_unlock(&a->lock);

    pthread_mutex_lock(&self->lock);
    c->asked = 0;
    pthread_mutex_unlock(&self->lock);
    return a->status == LSP_OK;
}
// [end of quoted]

// MARK: The request

static const char *const role_words[] = {"system", "user", "assistant", "tool", 0};
static const char *const filter_words[] = {"none", "random", "top_k", "top_p", "top_k_top_p", "sigmoid", 0};
static const shape string = {.kind = K_STRING}, map = {.kind = K_MAP}, content = {.kind = K_CONTENT};
static const shape role = {.kind = K_WORD, .words = role_words}, filter = {.kind = K_WORD, .words = filter_words};
static const field tool_call_fields[] = {{"tool_name", &string, true, 0}, {"arguments", &map, true, 0}, {0}};
static const shape tool_call = {.kind = K_OBJECT, .fields = tool_call_fields};
static const shape tool_calls = {.kind = K_ARRAY, .item = &tool_call};
static const field response_fields[] = {{"tool_name", &string, true, 0}, {"content", &content, true, 0}, {0}};
static const shape response = {.kind = K_OBJECT, .fields = response_fields};
static const shape responses = {.kind = K_ARRAY, .item = &response};
enum { SLOT_ROLE = 1, SLOT_CONTENT, SLOT_PROMPTS, SLOT_KIND, SLOT_MODEL };
static const field message_fields[] = {
    {"role", &role, true, 0}, {"content", &content, true, 0}, {"tool_calls", &tool_calls, false, 0},
    {"tool_responses", &responses, false, 0}, {0}};
static const shape message = {.kind = K_OBJECT, .fields = message_fields};
static const shape messages = {.kind = K_ARRAY, .item = &message};
static const field generate_fields[] = {
    {"prompts", &messages, true, SLOT_PROMPTS}, {"filtering_function", &filter, false, 0},
    {"reward_scoring", &map, false, 0}, {0}};
static const shape generate_request = {.kind = K_OBJECT, .fields = generate_fields};
// A prompt alone, whose parts are wanted.
static const field prompt_fields[] = {{"role", &role, true, SLOT_ROLE}, {"content", &content, true, SLOT_CONTENT}, {0}};
static const shape prompt = {.kind = K_OBJECT, .fields = prompt_fields, .open = true};
static const field answer_fields[] = {{"content", &content, true, SLOT_CONTENT}, {0}};
static const shape chat_answer = {.kind = K_OBJECT, .fields = answer_fields, .open = true};
static const field resource_fields[] = {{"kind", &string, true, SLOT_KIND}, {"id", &string, true, 0}, {0}};
static const shape resource = {.kind = K_OBJECT, .fields = resource_fields, .open = true};
static const field configuration_fields[] = {{"model", &string, true, SLOT_MODEL}, {0}};
static const shape configuration = {.kind = K_OBJECT, .fields = configuration_fields};
static const shape no_options = {.kind = K_OBJECT, .fields = (const field[]){{0}}};

// The next item of an array that json_check has passed. False at its end.
static bool next_item(lsp_bytes array, size_t *at, lsp_bytes *item) {
    size_t i = *at ? *at : 1;
    while (i < array.size && strchr(", \t\r\n", array.data[i])) i++;
    size_t start = i;
    for (int depth = 0; i < array.size && (depth || !strchr(",]", array.data[i])); i++) {
        uint8_t byte = array.data[i];
        if (byte == '"')
            for (i++; array.data[i] != '"'; i++) i += array.data[i] == '\\';
        if (byte == '{' || byte == '[') depth++;
        if (byte == '}' || byte == ']') depth--;
    }
    *at = i;
    *item = (lsp_bytes){array.data + start, i - start};
    return i > start;
}

static void add_message(text *out, lsp_bytes role, lsp_bytes content) {
    text_adds(out, "{\"role\":");
    text_add(out, (const char *)role.data, role.size);
    text_adds(out, ",\"content\":");
    text_add(out, (const char *)content.data, content.size);
    text_adds(out, ",\"tool_calls\":[],\"tool_responses\":[]}");
}

// Adds one prompt with its answer. Else `error` is the error object.
static lsp_status generate_one(call *c, lsp_bytes raw, text *out, text *error) {
    json_read said = {0}, heard = {0};
    json_check(raw, &prompt, &said);
    text body = {0};
    text_adds(&body, "{\"model\":\"");
    text_add_escaped(&body, c->owner->model.data, c->owner->model.size);
    text_adds(&body, "\",\"dialog\":{\"message\":");
    text_add(&body, (const char *)raw.data, raw.size);
    text_adds(&body, ",\"message_history\":[]}}");
    answer a = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    lsp_status status = LSP_OK;
    if (!ask(c, "chat_completion", text_bytes(&body), &a)) {
        status = a.status;
        text_add(error, a.body.data, a.body.size);
    } else if (!json_check(text_bytes(&a.body), &chat_answer, &heard)) {
        status = LSP_INTERNAL;
        text_adds(error, "{\"code\":\"internal\",\"message\":\"the answer to chat_completion has no content\"}");
    } else {
        text_adds(out, "{\"prompt\":");
        add_message(out, said.slots[SLOT_ROLE], said.slots[SLOT_CONTENT]);
        text_adds(out, ",\"k_scored_generations\":[{\"message\":");
        add_message(out, bytes_of("\"assistant\""), heard.slots[SLOT_CONTENT]);
        text_adds(out, ",\"score\":0}]}");
    }
    text_free(&a.body);
    text_free(&body);
    json_read_free(&heard);
    json_read_free(&said);
    return status;
}

static lsp_status generate(call *c, lsp_bytes prompts, text *out, text *error) {
    text_adds(out, "{\"synthetic_data\":[");
    size_t at = 0, count = 0;
    for (lsp_bytes raw; next_item(prompts, &at, &raw); count++) {
        pthread_mutex_lock(&c->owner->lock);
        bool cancelled = c->cancelled;
        pthread_mutex_unlock(&c->owner->lock);
        if (cancelled) return LSP_CANCELLED;
        if (count) text_adds(out, ",");
        lsp_status status = generate_one(c, raw, out, error);
        if (status != LSP_OK) return status;
    }
    text_adds(out, "]}");
    return out->failed ? LSP_INTERNAL : LSP_OK;
}

// MARK: A call

static bool method_is(const call *c, const char *name) {
    return c->request.method.size == strlen(name) && memcmp(c->request.method.data, name, strlen(name)) == 0;
}

static lsp_status serve(call *c, text *out, text *error) {
    bool registers = method_is(c, "register") || method_is(c, "unregister");
    if (!registers && !method_is(c, "generate")) {
        text_adds(error, "{\"code\":\"not_implemented\",\"message\":\"inline::asking-c has no such method\"}");
        return LSP_UNSUPPORTED;
    }
    json_read read = {0}, options = {0};
    lsp_status status = LSP_OK;
    if (c->request.options.size && !json_check(c->request.options, &no_options, &options)) {
        status = LSP_BAD_REQUEST;
        text_adds(error, "{\"code\":\"unsupported_option\",\"message\":\"inline::asking-c supports no options\"}");
    } else if (!json_check(c->request.body, registers ? &resource : &generate_request, &read)) {
        status = read.status;
        json_read_error(&read, error);
    } else if (registers) {
        status = LSP_UNSUPPORTED;
        text_adds(error, "{\"code\":\"not_implemented\",\"message\":\"inline::asking-c takes no resources\"}");
    } else {
        status = generate(c, read.slots[SLOT_PROMPTS], out, error);
    }
    json_read_free(&options);
    json_read_free(&read);
    return status;
}

static void free_instance(instance *self) {
    lsp_sink done = self->done;
    text_free(&self->model);
    pthread_mutex_destroy(&self->lock);
    free(self);
    finish(&done, LSP_OK, NULL);
}

static void *run(void *argument) {
    call *c = argument;
    instance *self = c->owner;
    text out = {0}, error = {0};
    lsp_status status = serve(c, &out, &error);
    if (status == LSP_OK) c->sink.write(c->sink.context, LSP_BODY, text_bytes(&out));
    // Forgotten before it is finished: the host may use the id again at once.
    pthread_mutex_lock(&self->lock);
    for (call **at = &self->calls; *at; at = &(*at)->next)
        if (*at == c) {
            *at = c->next;
            break;
        }
    pthread_mutex_unlock(&self->lock);
    c->sink.finish(c->sink.context, status, status == LSP_OK ? (lsp_bytes){0} : text_bytes(&error));
    text_free(&out);
    text_free(&error);
    free(c);
    pthread_mutex_lock(&self->lock);
    bool last = --self->open == 0 && self->closing;
    pthread_mutex_unlock(&self->lock);
    if (last) free_instance(self);
    return NULL;
}

// MARK: The contract's functions

static void invoke(void *argument, const lsp_request *request, const lsp_sink *sink) {
    instance *self = argument;
    call *c = calloc(1, sizeof *c);
    pthread_mutex_lock(&self->lock);
    bool taken = c && !self->closing && self->open < CALLS_MAX;
    if (taken) {
        *c = (call){.owner = self, .next = self->calls, .request = *request, .sink = *sink};
        pthread_attr_t detached;
        pthread_t thread;
        pthread_attr_init(&detached);
        pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
        // Under the lock: the thread can't take its call off the list before it is on it.
        taken = pthread_create(&thread, &detached, run, c) == 0;
        pthread_attr_destroy(&detached);
    }
    if (taken) {
        self->calls = c;
        self->open++;
    }
    pthread_mutex_unlock(&self->lock);
    if (taken) return;
    free(c);
    finish(sink, LSP_BUSY, "{\"code\":\"queue_full\",\"message\":\"inline::asking-c runs as many calls as it can\"}");
}

// The id of the call to the other provider is passed on: its answer then ends with LSP_CANCELLED, and so does ours.
static void cancel_call(instance *self, call *c) {
    c->cancelled = true;
    if (c->asked) self->host->cancel(self->host->context, c->asked);
}

static void cancel(void *argument, uint64_t call_id) {
    instance *self = argument;
    pthread_mutex_lock(&self->lock);
    for (call *c = self->calls; c; c = c->next)
        if (c->request.call_id == call_id) cancel_call(self, c);
    pthread_mutex_unlock(&self->lock);
}

// What an instance is when there was no memory for one: the host only destroys it.
static instance no_instance;

static void destroy(void *argument, const lsp_sink *done) {
    instance *self = argument;
    if (self == &no_instance) return finish(done, LSP_OK, NULL);
    pthread_mutex_lock(&self->lock);
    self->closing = true;
    self->done = *done;
    for (call *c = self->calls; c; c = c->next) cancel_call(self, c);
    bool idle = self->open == 0;
    pthread_mutex_unlock(&self->lock);
    if (idle) free_instance(self);
}

static void *create(const lsp_provider *provider, const lsp_host *host, const lsp_setup *setup, const lsp_sink *ready) {
    (void)provider;
    instance *self = calloc(1, sizeof *self);
    if (!self) {
        finish(ready, LSP_UNAVAILABLE, "{\"code\":\"provider_unavailable\",\"message\":\"out of memory\"}");
        return &no_instance;
    }
    pthread_mutex_init(&self->lock, NULL);
    self->host = host;
    json_read read = {0};
    text error = {0};
    if (json_check(setup->config.size ? setup->config : bytes_of("{}"), &configuration, &read)) {
        json_decode(read.slots[SLOT_MODEL], &self->model);
        finish(ready, LSP_OK, NULL);
    } else {
        text_adds(&error, "[{\"pointer\":\"");
        if (read.field.size) text_adds(&error, "/");
        text_add(&error, read.field.data, read.field.size);
        text_adds(&error, "\",\"code\":\"invalid_config\",\"message\":\"");
        text_add(&error, read.message.data, read.message.size);
        text_adds(&error, "\"}]");
        ready->finish(ready->context, LSP_BAD_CONFIG, text_bytes(&error));
    }
    text_free(&error);
    json_read_free(&read);
    return self;
}

static const lsp_provider provider = {
    .struct_size = sizeof(lsp_provider),
    .api = "synthetic_data_generation",
    .type = "inline::asking-c",
    .version = "1.0.0",
    .runtime = "none",
    .description = "Answers each prompt once, by the inference provider.",
    // The host refuses a name that the distribution does not have, at its line.
    .config_schema = "{\"type\":\"object\",\"properties\":{\"model\":{\"type\":\"string\",\"x-resource\":\"model\","
                     "\"description\":\"The model that answers.\"}},\"required\":[\"model\"],"
                     "\"additionalProperties\":false}",
    .methods = "[{\"name\":\"generate\"}]",
    .needs = "[\"inference\"]",
    .create = create,
    .invoke = invoke,
    .cancel = cancel,
    .destroy = destroy,
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

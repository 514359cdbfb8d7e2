// A provider for each API, as a third party would write them in C: each answers every method of its API with
// a valid value, and beyond the table "pass", "announce" and "withdraw", by which tests make it speak to the host.
//
//   cc -shared -fPIC -I Sources/CProviderABI/include every-api.c
//
// Macros: RESOURCES="[\"model\"]" is what the descriptors say that they take; BUILT_FOR_1_0 leaves out what 1.1
// appended; REPLACES_NOT answers a second "register" of an id as taken; ANNOUNCES_IN_CREATE makes post_training
// announce at once. REPLY is the whole answer of a chat, as it stands in JSON. TOOLS is what `tools` lists, TOOL the
// name of the only one that it runs (with the result TOOL), and with TOOLS_DOWN it answers nothing at all.
#include <llama_stack_provider.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct method {
    const char *name;
    const char *answer; // NULL: an empty one
    const char *event;  // NULL: it never streams. Without an answer it always does
} method;

#define MESSAGE "{\"role\":\"assistant\",\"content\":\"word\"}"
#define USER "{\"role\":\"user\",\"content\":\"text\"}"
#define SCORED "{\"prompt\":" USER ",\"k_scored_generations\":[{\"message\":" MESSAGE ",\"score\":0.5}]}"
#ifndef REPLY
#define REPLY "word"
#endif
#define CHAT "{\"content\":\"" REPLY "\",\"tool_calls\":[],\"stop_reason\":\"finished_ok\"}"
#define COMPLETION "{\"content\":\"word\",\"stop_reason\":\"finished_ok\"}"
#define CHUNK "{\"text_delta\":\"word\"}"
#define DOCUMENT "{\"uuid\":\"d\",\"content\":\"aGVsbG8=\",\"metadata\":{},\"mime_type\":\"text/plain\"}"
#define AGENT "{\"uuid\":\"text\",\"instructions\":\"none\",\"model\":\"llama3_8b_chat\"}"
#define TURN "{\"user_messages\":[" USER "],\"steps\":[],\"response_message\":" MESSAGE "}"
#define DATASET "{\"columns\":{\"text\":\"text\"},\"content_url\":\"https://example.com/rows\",\"metadata\":{}}"
#define CHECKPOINTS "\"checkpoints\":[{\"iters\":1,\"path\":\"file:///checkpoint\"}]"

static const method inference[] = {
    {"chat_completion", CHAT, CHUNK},
    {"completion", COMPLETION, CHUNK},
    {"batch_chat_completion", CHAT "\n", NULL},
    {"batch_completion", COMPLETION "\n" COMPLETION "\n", NULL},
    {"embeddings", "{\"embeddings\":[[0.6,0.8]]}", NULL},
    {"count_tokens", "{\"tokens\":3}", NULL},
    {"describe_model", "{\"purpose\":\"generation\"}", NULL},
    {"score", "{\"scores\":[{\"logprob\":-1.5,\"logprobs\":{}}]}", NULL},
    {0},
};
static const method agentic_system[] = {
    {"create", "{\"agent_uuid\":\"text\"}", NULL},
    {"delete", NULL, NULL},
    {"execute", "{\"turn\":" TURN "}",
     "{\"event_type\":\"step_start\",\"step_uuid\":\"s\",\"step_type\":\"model_inference\"}"},
    {"get", AGENT, NULL},
    {0},
};
static const method memory_banks[] = {
    {"create", NULL, NULL},
    {"drop", "\"text\"", NULL},
    {"list", "{\"uuid\":\"b\",\"name\":\"bank\"}\n", NULL},
    {"insert", NULL, NULL},
    {"update", NULL, NULL},
    {"get_documents", DOCUMENT "\n", NULL},
    {"delete_documents", "\"d\"\n", NULL},
    {"status",
     "{\"bank_uuid\":\"b\",\"documents\":1,\"pending\":0,\"indexed\":1,\"not_indexed\":0,\"chunks\":1}", NULL},
    {"query", "{\"mode\":\"keyword\",\"chunks\":[]}", NULL},
    {0},
};
static const method datasets[] = {
    {"create", NULL, NULL},
    {"get", DATASET, NULL},
    {"delete", NULL, NULL},
    {0},
};
static const method reward_scoring[] = {
    {"score", "{\"scored_generations\":[" SCORED "]}", NULL},
    {0},
};
static const method synthetic_data_generation[] = {
    {"generate", "{\"synthetic_data\":[" SCORED "]}", NULL},
    {0},
};
static const method post_training[] = {
    {"supervised_fine_tune", NULL, NULL},
    {"preference_optimize", NULL, NULL},
    {"job_status", "{\"job_uuid\":\"j\",\"status\":\"running\"," CHECKPOINTS "}", NULL},
    {"job_list", "{\"job_uuid\":\"j\",\"status\":\"running\"}\n", NULL},
    {"job_artifacts", "{\"job_uuid\":\"j\"," CHECKPOINTS "}", NULL},
    {"job_logs", NULL, "{\"job_uuid\":\"j\",\"log_lines\":[\"line\"]}"},
    {"job_cancel", NULL, NULL},
    {0},
};
#ifndef TOOLS
#define TOOLS "{\"tool_name\":\"t\",\"description\":\"a tool\",\"parameters\":{},\"is_available\":true}\n"
#endif
#ifdef TOOL
#define RESULT "{\"content\":\"" TOOL "\",\"is_error\":false,\"files\":[]}"
#else
#define RESULT "{\"content\":\"word\",\"is_error\":false,\"files\":[]}"
#endif
static const method tools[] = {
    {"list", TOOLS, NULL},
    {"invoke", RESULT, NULL},
    {0},
};
static const method safety[] = {
    {"list", "{\"shield_type\":\"s\",\"description\":\"a shield\",\"hold_bytes\":9}\n", NULL},
    {"run_shield", "{}", NULL},
    {0},
};

typedef struct api {
    const char *name;
    const method *methods;
    const char *needs;
    char listed[1024]; // its methods as JSON
} api;

static api apis[] = {
    {"inference", inference, "[]", ""},
    {"agentic_system", agentic_system, "[\"synthetic_data_generation?\"]", ""},
    {"memory_banks", memory_banks, "[]", ""},
    {"datasets", datasets, "[]", ""},
    {"reward_scoring", reward_scoring, "[\"inference?\"]", ""},
    {"synthetic_data_generation", synthetic_data_generation, "[\"reward_scoring?\"]", ""},
    {"post_training", post_training, "[\"models\"]", ""},
    {"tools", tools, "[]", ""},
    {"safety", safety, "[]", ""},
};
enum { API_COUNT = sizeof apis / sizeof *apis };

enum { IDS_MAX = 64 };
typedef struct instance {
    const api *api;
    const lsp_host *host;
    atomic_uint_fast64_t calls;
    atomic_int open; // the instance itself and what it waits for
    lsp_sink end;    // destroy's
    pthread_mutex_t lock;
    char *ids[IDS_MAX]; // what was registered
} instance;

static lsp_bytes text(const char *s) { return (lsp_bytes){(const uint8_t *)s, s ? strlen(s) : 0}; }

static char *copy(lsp_bytes bytes) {
    char *out = malloc(bytes.size + 1);
    if (bytes.size) memcpy(out, bytes.data, bytes.size);
    out[bytes.size] = 0;
    return out;
}

static int is(lsp_bytes bytes, const char *word) {
    return bytes.size == strlen(word) && !memcmp(bytes.data, word, bytes.size);
}

static void fail(const lsp_sink *sink, lsp_status status, const char *error) {
    sink->finish(sink->context, status, text(error));
}

static void done(const lsp_sink *sink) { sink->finish(sink->context, LSP_OK, text("")); }

// MARK: resources

// The id of the body, which is compact JSON; to be freed.
static char *id_of(const char *body) {
    const char *start = strstr(body, "\"id\":\"");
    start = start ? start + 6 : "";
    return strndup(start, strcspn(start, "\""));
}

// The place of an id, or -1.
static int find(instance *self, const char *id) {
    for (int i = 0; i < IDS_MAX; i++)
        if (self->ids[i] && !strcmp(self->ids[i], id)) return i;
    return -1;
}

// 0 when it was there already, -1 when there is no room.
static int add(instance *self, char *id) {
    if (find(self, id) >= 0) return 0;
    for (int i = 0; i < IDS_MAX; i++)
        if (!self->ids[i]) {
            self->ids[i] = id;
            return 1;
        }
    return -1;
}

static void register_resource(instance *self, const char *body, const lsp_sink *sink) {
    if (strstr(body, "\"provider\":")) return done(sink); // only told of it
    const char *taken = !strcmp(self->api->name, "inference") ? "model" : !strcmp(self->api->name, "safety") ? "shield"
                        : !strcmp(self->api->name, "tools")   ? "tool_group"
                                                              : "nothing";
    if (!strstr(body, taken))
        return fail(sink, LSP_UNSUPPORTED,
                    "{\"code\":\"not_implemented\",\"message\":\"this provider takes no models\"}");
    if (strstr(body, "\"config\":{\"bad\":"))
        return fail(sink, LSP_BAD_CONFIG,
                    "[{\"pointer\":\"/bad\",\"code\":\"unknown_key\",\"message\":\"unknown key 'bad'\"}]");
    if (strstr(body, "missing"))
        return fail(sink, LSP_NOT_FOUND, "{\"code\":\"not_found\",\"message\":\"there is no such file\"}");
    char *id = id_of(body);
    pthread_mutex_lock(&self->lock);
    int is_new = add(self, id);
    pthread_mutex_unlock(&self->lock);
    if (is_new != 1) free(id);
#ifdef REPLACES_NOT
    if (!is_new) return fail(sink, LSP_CONFLICT, "{\"code\":\"already_exists\",\"message\":\"that id is taken\"}");
#endif
    done(sink);
}

static void unregister_resource(instance *self, const char *body, const lsp_sink *sink) {
    if (strstr(body, "\"provider\":")) return done(sink);
    char *id = id_of(body);
    pthread_mutex_lock(&self->lock);
    int place = find(self, id);
    if (place >= 0) {
        free(self->ids[place]);
        self->ids[place] = NULL;
    }
    pthread_mutex_unlock(&self->lock);
    free(id);
    if (place < 0) return fail(sink, LSP_NOT_FOUND, "{\"code\":\"model_not_found\",\"message\":\"no such model\"}");
    done(sink);
}

// MARK: calls

// The body is the APIs that are still to be called, one after the other, with spaces between. The last answers "end".
static void pass(instance *self, const lsp_request *incoming, const lsp_sink *sink) {
    if (!incoming->body.size) {
        sink->write(sink->context, LSP_BODY, text("\"end\""));
        return done(sink);
    }
    lsp_bytes target = incoming->body, rest = {0};
    const uint8_t *space = memchr(target.data, ' ', target.size);
    if (space) {
        rest.data = space + 1;
        rest.size = target.size - (size_t)(rest.data - target.data);
        target.size = (size_t)(space - target.data);
    }
    // The request's bytes live until this call's finish, and the other call ends before that: it ends it.
    lsp_request request = {.struct_size = sizeof request, .call_id = atomic_fetch_add(&self->calls, 1) + 1};
    request.target = target;
    request.method = incoming->method;
    request.body = rest;
    request.request_id = incoming->request_id;
    self->host->call(self->host->context, &request, sink);
}

static void invoke(void *context, const lsp_request *request, const lsp_sink *sink) {
    instance *self = context;
    const lsp_host *host = self->host;
    if (is(request->method, "pass")) return pass(self, request, sink);
    if (is(request->method, "announce")) return host->announce(host->context, request->body, sink);
    if (is(request->method, "withdraw")) return host->withdraw(host->context, request->body, sink);
    char *body = copy(request->body);
    if (is(request->method, "register") || is(request->method, "unregister")) {
        char line[2048];
        snprintf(line, sizeof line, "%.*s %s", (int)request->method.size, (const char *)request->method.data, body);
        host->log(host->context, LSP_INFO, text(line), text(""));
        is(request->method, "register") ? register_resource(self, body, sink) : unregister_resource(self, body, sink);
        free(body);
        return;
    }
#ifdef TOOL
    if (is(request->method, "invoke") && !strstr(body, "\"tool_name\":\"" TOOL "\"")) {
        free(body);
        return fail(sink, LSP_NOT_FOUND, "{\"code\":\"not_found\",\"message\":\"no such tool\",\"field\":\"tool_name\"}");
    }
#endif
#ifdef TOOLS_DOWN
    if (!strcmp(self->api->name, "tools")) {
        free(body);
        return fail(sink, LSP_UNAVAILABLE, "{\"code\":\"upstream_error\",\"message\":\"the tools are down\"}");
    }
#endif
    for (const method *m = self->api->methods; m->name; m++) {
        if (!is(request->method, m->name)) continue;
        if (m->event && (!m->answer || strstr(body, "\"stream\":true"))) {
            sink->write(sink->context, LSP_EVENT, text(m->event));
        } else if (m->answer) {
            sink->write(sink->context, LSP_BODY, text(m->answer));
        }
        free(body);
        return done(sink);
    }
    free(body);
    fail(sink, LSP_UNSUPPORTED, "{\"code\":\"not_implemented\",\"message\":\"no such method\"}");
}

// Every call is answered before invoke returns, or by the host.
static void cancel(void *context, uint64_t call_id) { (void)context, (void)call_id; }

// The last one out ends the instance.
static void leave(instance *self) {
    if (atomic_fetch_sub(&self->open, 1) != 1) return;
    lsp_sink end = self->end;
    for (int i = 0; i < IDS_MAX; i++) free(self->ids[i]);
    free(self);
    done(&end);
}

#ifdef ANNOUNCES_IN_CREATE
static int32_t ignore_write(void *context, int32_t kind, lsp_bytes bytes) {
    (void)context, (void)kind, (void)bytes;
    return LSP_MORE;
}
static void log_finish(void *context, lsp_status status, lsp_bytes error) {
    instance *self = context;
    char line[512];
    snprintf(line, sizeof line, "announced with %d %.*s", status, (int)error.size, (const char *)error.data);
    self->host->log(self->host->context, LSP_INFO, text(line), text(""));
    leave(self);
}
static void wake_now(void *context, void (*wake)(void *user), void *user) {
    (void)context;
    wake(user);
}
static int32_t always_more(void *context) {
    (void)context;
    return LSP_MORE;
}
#endif

static void *create(const lsp_provider *provider, const lsp_host *host, const lsp_setup *setup, const lsp_sink *ready) {
    (void)setup;
    instance *self = calloc(1, sizeof *self);
    self->api = provider->self;
    self->host = host;
    self->open = 1;
    pthread_mutex_init(&self->lock, NULL);
#ifdef ANNOUNCES_IN_CREATE
    if (!strcmp(self->api->name, "post_training")) {
        atomic_fetch_add(&self->open, 1);
        lsp_sink sink = {sizeof sink, 0, self, ignore_write, log_finish, wake_now, always_more};
        host->announce(host->context, text("{\"kind\":\"model\",\"id\":\"early\",\"path\":\"/early\"}"), &sink);
    }
#endif
    done(ready);
    return self;
}

static void destroy(void *context, const lsp_sink *sink) {
    instance *self = context;
    self->end = *sink;
    leave(self);
}

static lsp_provider providers[API_COUNT];
static const lsp_provider *pointers[API_COUNT];
static lsp_module module;

static void list_methods(api *a) {
    char *end = a->listed;
    end += sprintf(end, "[{\"name\":\"pass\"},{\"name\":\"announce\"},{\"name\":\"withdraw\"}");
    for (const method *m = a->methods; m->name; m++)
        end += sprintf(end, ",{\"name\":\"%s\"%s}", m->name, m->event ? ",\"stream\":true" : "");
    sprintf(end, "]");
}

static void fill_in(void) {
    for (int i = 0; i < API_COUNT; i++) {
        list_methods(&apis[i]);
        providers[i] = (lsp_provider){
            .struct_size = sizeof(lsp_provider),
            .self = &apis[i],
            .api = apis[i].name,
            .type = "inline::every",
            .version = "1.0.0",
            .runtime = "none",
            .description = "Answers each method with the same value, for tests.",
            .config_schema = "{\"type\":\"object\",\"properties\":{},\"additionalProperties\":false}",
            .methods = apis[i].listed,
            .needs = apis[i].needs,
            .create = create,
            .invoke = invoke,
            .cancel = cancel,
            .destroy = destroy,
#ifdef RESOURCES
            .resources = RESOURCES,
#endif
        };
#ifdef BUILT_FOR_1_0
        providers[i].struct_size = 112;
        // What lies behind a struct of 1.0 is nobody's.
        memset(&providers[i].resources, 0x5a, sizeof providers[i].resources);
#endif
        pointers[i] = &providers[i];
    }
    module = (lsp_module){
        .struct_size = sizeof module,
        .abi_major = 1,
#ifdef BUILT_FOR_1_0
        .abi_minor = 0,
#else
        .abi_minor = LSP_ABI_MINOR,
#endif
        .provider_count = API_COUNT,
        .providers = pointers,
    };
}

// Tests start several hosts at once in one process.
LSP_EXPORT const lsp_module *llama_stack_provider_v1(uint32_t host_abi_minor) {
    (void)host_abi_minor;
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, fill_in);
    return &module;
}

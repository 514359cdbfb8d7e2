// inline::example-c of the API `tools`: a tool in plain C, against the header and EchoC's JSON reader.
// It answers on the caller's stack, which a tool may that takes microseconds: so it has no thread, and nothing to cancel.
#include <stdio.h>
#include <string.h>

#include "../EchoC/json.c" // json.c and json.h are to be copied beside a provider of your own

enum { SLOT_TOOL = 1, SLOT_TEXT };
static const shape any = {.kind = K_ANY}, string = {.kind = K_STRING};
// What a model sends as an argument may be anything, and is answered with a sentence that it can act on.
static const field argument_fields[] = {{"text", &any, false, SLOT_TEXT}, {0}};
static const shape arguments = {.kind = K_OBJECT, .fields = argument_fields, .open = true};
static const field call_fields[] = {{"tool_name", &string, true, SLOT_TOOL}, {"arguments", &arguments, true, 0}, {0}};
static const shape tool_call = {.kind = K_OBJECT, .fields = call_fields};
static const field no_fields[] = {{0}};
static const shape nothing = {.kind = K_OBJECT, .fields = no_fields};

static const char list[] =
    "{\"tool_name\":\"count_words\",\"description\":\"Counts the words of a text.\",\"parameters\":{\"type\":\"object\","
    "\"properties\":{\"text\":{\"type\":\"string\"}},\"required\":[\"text\"]},\"is_available\":true}\n";

static bool is(lsp_bytes bytes, const char *word) { return bytes.size == strlen(word) && !memcmp(bytes.data, word, bytes.size); }

static lsp_status count_words(lsp_bytes raw, text *out) {
    text said = {0};
    bool is_text = raw.size && *raw.data == '"';
    if (is_text) json_decode(raw, &said);
    size_t words = 0;
    for (size_t i = 0; i < said.size; i++)
        words += !strchr(" \t\r\n", said.data[i]) && (i == 0 || strchr(" \t\r\n", said.data[i - 1]));
    char count[32];
    snprintf(count, sizeof count, "%zu words", words);
    text_adds(out, "{\"content\":\"");
    text_adds(out, is_text ? count : "text: is required, and must be a string");
    text_adds(out, is_text ? "\",\"is_error\":false,\"files\":[]}" : "\",\"is_error\":true,\"files\":[]}");
    text_free(&said);
    return LSP_OK;
}

// The answer, or the error object of the status.
static lsp_status answer(const lsp_request *request, json_read *read, text *out) {
    bool is_list = is(request->method, "list");
    if (!is_list && !is(request->method, "invoke")) {
        text_adds(out, "{\"code\":\"not_implemented\",\"message\":\"inline::example-c has no such method\"}");
        return LSP_UNSUPPORTED;
    }
    if (request->options.size && !json_check(request->options, &nothing, read)) {
        text_adds(out, "{\"code\":\"unsupported_option\",\"message\":\"inline::example-c supports no options\"}");
        return LSP_BAD_REQUEST;
    }
    if (is_list) return text_adds(out, list), LSP_OK;
    if (!json_check(request->body, &tool_call, read)) return json_read_error(read, out), read->status;
    if (is(read->slots[SLOT_TOOL], "\"count_words\"")) return count_words(read->slots[SLOT_TEXT], out);
    text_adds(out, "{\"code\":\"not_found\",\"message\":\"there is no such tool\",\"field\":\"tool_name\"}");
    return LSP_NOT_FOUND;
}

static void invoke(void *self, const lsp_request *request, const lsp_sink *sink) {
    (void)self;
    json_read read = {0};
    text out = {0};
    lsp_status status = answer(request, &read, &out);
    if (status == LSP_OK) sink->write(sink->context, LSP_BODY, text_bytes(&out));
    sink->finish(sink->context, status, status == LSP_OK ? (lsp_bytes){0} : text_bytes(&out));
    text_free(&out);
    json_read_free(&read);
}

static void *create(const lsp_provider *self, const lsp_host *host, const lsp_setup *setup, const lsp_sink *ready) {
    (void)host, (void)setup; // the host has checked the config by the schema: there is none
    ready->finish(ready->context, LSP_OK, (lsp_bytes){0});
    return (void *)self; // an instance has nothing of its own
}

static void cancel(void *self, uint64_t call_id) { (void)self, (void)call_id; }
static void destroy(void *self, const lsp_sink *done) { (void)self, done->finish(done->context, LSP_OK, (lsp_bytes){0}); }

static const lsp_provider provider = {
    .struct_size = sizeof(lsp_provider), .api = "tools", .type = "inline::example-c", .version = "1.0.0",
    .runtime = "none", .description = "An example of a tool in plain C: counts words.",
    .config_schema = "{\"type\":\"object\",\"properties\":{},\"additionalProperties\":false}",
    .methods = "[{\"name\":\"list\"},{\"name\":\"invoke\"}]", .needs = "[]",
    .create = create, .invoke = invoke, .cancel = cancel, .destroy = destroy, .resources = "[]"};
static const lsp_provider *const providers[] = {&provider};
static const lsp_module module = {sizeof(lsp_module), LSP_ABI_MAJOR, LSP_ABI_MINOR, 1, 0, providers};

LSP_EXPORT const lsp_module *llama_stack_provider_v1(uint32_t host_abi_minor) { return (void)host_abi_minor, &module; }

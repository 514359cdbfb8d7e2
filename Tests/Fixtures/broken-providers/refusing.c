// A provider that never starts: `create` ends with STATUS and the text ERROR.
#include <string.h>

#include "llama_stack_provider.h"

static void *create(const lsp_provider *provider, const lsp_host *host, const lsp_setup *setup, const lsp_sink *ready) {
    (void)host, (void)setup;
    static const char error[] = ERROR;
    ready->finish(ready->context, STATUS, (lsp_bytes){(const uint8_t *)error, strlen(error)});
    return (void *)provider;
}

static void invoke(void *instance, const lsp_request *request, const lsp_sink *sink) {
    (void)instance, (void)request;
    sink->finish(sink->context, LSP_UNAVAILABLE, (lsp_bytes){0});
}

static void cancel(void *instance, uint64_t call_id) { (void)instance, (void)call_id; }

static void destroy(void *instance, const lsp_sink *done) {
    (void)instance;
    done->finish(done->context, LSP_OK, (lsp_bytes){0});
}

static const lsp_provider provider = {
    .struct_size = sizeof(lsp_provider), .api = "inference", .type = "inline::refusing", .version = "1.0.0",
    .runtime = "none", .description = "Never starts.", .config_schema = "{\"type\":\"object\"}",
    .methods = "[{\"name\":\"completion\"}]", .needs = "[]", .create = create, .invoke = invoke, .cancel = cancel,
    .destroy = destroy,
};

LSP_EXPORT const lsp_module *llama_stack_provider_v1(uint32_t host_abi_minor) {
    (void)host_abi_minor;
    static const lsp_provider *const providers[] = {&provider};
    static const lsp_module module = {
        .struct_size = sizeof(lsp_module), .abi_major = LSP_ABI_MAJOR, .abi_minor = LSP_ABI_MINOR, .provider_count = 1,
        .providers = providers};
    return &module;
}

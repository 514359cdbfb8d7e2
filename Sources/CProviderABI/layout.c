// Pins the layout on 64-bit machines: of version 1.0, and what 1.1 appended. If one of these fails, a change has broken
// every provider that was ever built: append instead.
#include "llama_stack_provider.h"

#define SIZE(type, bytes) _Static_assert(sizeof(type) == (bytes), #type " changed its size")
#define AT(type, field, bytes) _Static_assert(offsetof(type, field) == (bytes), #type "." #field " has moved")

#if UINTPTR_MAX == UINT64_MAX
SIZE(lsp_bytes, 16);

SIZE(lsp_sink, 48);
AT(lsp_sink, context, 8);
AT(lsp_sink, write, 16);
AT(lsp_sink, finish, 24);
AT(lsp_sink, when_writable, 32);
AT(lsp_sink, wait_writable, 40);

SIZE(lsp_request, 152);
AT(lsp_request, call_id, 8);
AT(lsp_request, target, 16);
AT(lsp_request, method, 32);
AT(lsp_request, parameters, 48);
AT(lsp_request, body, 64);
AT(lsp_request, options, 80);
AT(lsp_request, resource, 96);
AT(lsp_request, principal, 112);
AT(lsp_request, request_id, 128);
AT(lsp_request, deadline_ns, 144);

SIZE(lsp_host, 64); // 1.0: 56
AT(lsp_host, abi_major, 4);
AT(lsp_host, context, 8);
AT(lsp_host, log, 16);
AT(lsp_host, metric, 24);
AT(lsp_host, call, 32);
AT(lsp_host, cancel, 40);
AT(lsp_host, announce, 48);
AT(lsp_host, withdraw, 56); // since 1.1

SIZE(lsp_setup, 80); // 1.0: 72
AT(lsp_setup, provider_id, 8);
AT(lsp_setup, config, 24);
AT(lsp_setup, state_path, 40);
AT(lsp_setup, base_path, 56);
AT(lsp_setup, purpose, 72); // since 1.1

SIZE(lsp_provider, 120); // 1.0: 112
AT(lsp_provider, self, 8);
AT(lsp_provider, api, 16);
AT(lsp_provider, type, 24);
AT(lsp_provider, version, 32);
AT(lsp_provider, runtime, 40);
AT(lsp_provider, description, 48);
AT(lsp_provider, config_schema, 56);
AT(lsp_provider, methods, 64);
AT(lsp_provider, needs, 72);
AT(lsp_provider, create, 80);
AT(lsp_provider, invoke, 88);
AT(lsp_provider, cancel, 96);
AT(lsp_provider, destroy, 104);
AT(lsp_provider, resources, 112); // since 1.1

SIZE(lsp_module, 24);
AT(lsp_module, provider_count, 8);
AT(lsp_module, providers, 16);
#endif

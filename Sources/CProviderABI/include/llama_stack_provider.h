/*
 * llama_stack_provider.h: the contract between a Llama Stack host and a provider library.
 *
 * This header is the specification. A provider is a shared library that exports one symbol,
 * llama_stack_provider_v1. Everything that crosses is plain C: integers, pointers and bytes; requests and
 * answers are JSON in UTF-8. It can be written in any language that can make a C function.
 *
 * LIFE OF A PROVIDER
 *
 *   host                                            provider library
 *   ----                                            ----------------
 *   dlopen, dlsym
 *   llama_stack_provider_v1(minor)       ------>    its module: one or more providers described
 *   provider->create(...)                ------>    starts; ready->finish(LSP_OK) when it can serve
 *   provider->invoke("register", ...)    ------>    once per resource of the distribution that it shall serve
 *   provider->invoke(call 1)             ------>    any number of calls at once
 *   provider->cancel(call 1)             ------>    advisory, at any time
 *   provider->destroy(...)               ------>    stops; done->finish(LSP_OK) when nothing of it runs
 *
 * The library is never unloaded. One library may be created several times (several provider ids).
 *
 * RULES THAT HOLD EVERYWHERE
 *
 *  Memory     Neither side frees memory that the other allocated. Bytes passed to a function are borrowed for that
 *             call unless its comment says longer. Structs passed by pointer are borrowed likewise: copy them.
 *  Threads    Every function here may be called from any thread, several at once, unless its comment says
 *             otherwise. [prompt] marks a function that must return at once: hand work to a thread of your own.
 *             [blocks] marks one that may wait.
 *  Growth     Structs begin with struct_size, the size its maker knows. New fields are only appended. Before a
 *             field is read that 1.0 did not have, compare struct_size; LSP_HAS does it. A reader ignores JSON
 *             members, status codes, flags and write kinds that it does not know.
 *  Versions   The major version is in the symbol's name. A library built for 1.x runs in every host 1.y, y >= x.
 *             The host checks and refuses; a library never has to.
 *  Errors     No exception, panic or long jump ever crosses. An error is a status and a JSON object
 *             {"code": "...", "message": "...", "field"?: "..."}; see lsp_status.
 */
#ifndef LLAMA_STACK_PROVIDER_H
#define LLAMA_STACK_PROVIDER_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define LSP_ABI_MAJOR 1
#define LSP_ABI_MINOR 1
#define LSP_ENTRY_SYMBOL "llama_stack_provider_v1"

/* True when the struct at `p` is new enough to hold `field`. */
#define LSP_HAS(p, type, field) \
    ((p)->struct_size >= offsetof(type, field) + sizeof(((type *)0)->field))

/* Borrowed bytes. data may be NULL when size is 0. Text is UTF-8 without a terminator. */
typedef struct lsp_bytes {
    const uint8_t *data;
    size_t size;
} lsp_bytes;

/*
 * How a call ended. An open set: treat an unknown one as LSP_INTERNAL. The HTTP status that a host answers is
 * in brackets; the error object's "code" says more ("model_not_found", "context_length_exceeded", ...).
 */
typedef int32_t lsp_status;
enum {
    LSP_OK = 0,
    LSP_BAD_REQUEST = 1,   /* not JSON, too deep, or it can never be served: context too long [400] */
    LSP_INVALID = 2,       /* JSON that breaks the schema, or a value out of range; name the field [422] */
    LSP_NOT_FOUND = 3,     /* an id that does not exist [404] */
    LSP_CONFLICT = 4,      /* an id that is in use [409] */
    LSP_TOO_LARGE = 5,     /* over a limit on size [413] */
    LSP_BUSY = 6,          /* queue full; "retry_after_seconds" in the error object is passed on [429] */
    LSP_UNSUPPORTED = 7,   /* a method that this provider does not have [501] */
    LSP_UNAVAILABLE = 8,   /* cannot serve now, may later [503] */
    LSP_TIMEOUT = 9,       /* the deadline passed [504] */
    LSP_STORAGE_FULL = 10, /* [507] */
    LSP_CANCELLED = 11,    /* answer to a cancelled call; there is no listener */
    LSP_INTERNAL = 12,     /* a fault of the provider; the message goes to the log, not to the client [500] */
    LSP_BAD_CONFIG = 13    /* only from create and, about the "config" of a resource, from "register": the error
                              object is an array of {"pointer": JSON Pointer into the config, "code", "message"}, and
                              the host shows each at its line of the distribution */
};

/* What a write carries. An answer is either events or body, decided by the first write. */
enum {
    LSP_BODY = 1, /* a piece of the answer's body; pieces are concatenated. Unary methods send one JSON value;
                     methods that answer JSON Lines send each line with its newline. */
    LSP_EVENT = 2 /* one event of a stream: one JSON value without a newline. The host frames it. */
};

/* What write answers. */
enum {
    LSP_MORE = 0,  /* taken; go on */
    LSP_PAUSE = 1, /* taken, but the reader is behind: wait until writable before the next write */
    LSP_CLOSED = 2 /* not taken: cancelled or gone. Stop, and finish with LSP_CANCELLED */
};

/*
 * Where the answer to one call goes. Made by the caller of the call; copy the struct when you need it after the
 * function that gave it to you returned. Writes to one sink come one after the other (any thread); different
 * sinks are independent. finish is called exactly once, also after a cancel, and nothing on that sink after it.
 * write and finish do not call back into the provider on the caller's stack, so a lock may be held around them;
 * when_writable may (its wake).
 */
typedef struct lsp_sink {
    uint32_t struct_size;
    uint32_t reserved;
    void *context;
    /* [prompt] Copies the bytes. */
    int32_t (*write)(void *context, int32_t kind, lsp_bytes bytes);
    /* [prompt] error is empty when status is LSP_OK, else the error object (may be empty). The request's memory and
       the sink are dead once this returns. */
    void (*finish)(void *context, lsp_status status, lsp_bytes error);
    /* [prompt] Calls wake(user) once, when a write would be taken without PAUSE or the call is closed; at once, on
       this stack, when that is so already. One waiter at a time. finish wakes one that still waits before it returns,
       so each wake comes exactly once and none comes after finish. wake is prompt and may come on any thread. */
    void (*when_writable)(void *context, void (*wake)(void *user), void *user);
    /* [blocks] The same for blocking code. Returns LSP_MORE or LSP_CLOSED. Never on a thread of an async pool. */
    int32_t (*wait_writable)(void *context);
} lsp_sink;

/*
 * One call. The struct is borrowed until invoke (or host->call) returns: copy it. The bytes it points to live until
 * the call's finish has returned.
 */
typedef struct lsp_request {
    uint32_t struct_size;
    uint32_t flags; /* 0 */
    /* Chosen by the caller, unique among its calls that have not finished. The handle for cancel. */
    uint64_t call_id;
    /* Only in host->call: "api" or "api/provider_id", or "network". Empty in invoke. */
    lsp_bytes target;
    /* A method of the API by its name in the endpoint table ("chat_completion"), or "register", "unregister". */
    lsp_bytes method;
    /* A JSON object made from the query of the request. Empty means {}. */
    lsp_bytes parameters;
    /* The client's bytes, untouched: the host has checked size, depth and duplicate keys, nothing else. */
    lsp_bytes body;
    /* A JSON object that only the host sets, never a client: what other dialects need beyond the draft. A provider
       refuses (LSP_BAD_REQUEST, code "unsupported_option") an option it does not support. Empty means {}. */
    lsp_bytes options;
    /* The resource's own id behind the alias that the client used ("model" of the body). Empty where none. */
    lsp_bytes resource;
    /* Who asks; empty when the host runs without authentication. */
    lsp_bytes principal;
    /* For logs; goes along when a provider calls another. */
    lsp_bytes request_id;
    /* CLOCK_MONOTONIC nanoseconds; 0 means none. */
    int64_t deadline_ns;
} lsp_request;

/*
 * NETWORK. A provider opens no connection of its own: it calls the target "network" with host->call, and the operator's
 * distribution says which servers it may reach (the section `network`). Methods:
 *
 *  "request"  One HTTP/1.1 request. parameters: {"method"?: "GET" | "POST" | "PUT" | "DELETE", "url", "headers"?:
 *             [[name, value], ...], "bytes_max"?, "seconds_max"?, "redirects_max"?: 3}. body: the request's own, at most
 *             64 MiB. The answer is LSP_BODY only: first {"status", "url", "headers"} and a newline, then the body's
 *             bytes as they come; the end of the call is the end of the body. "url" is where the answer came from, after
 *             redirects. Any HTTP status is an answer; a redirect is one when redirects_max is 0. Nothing is unpacked.
 *             LSP_PAUSE stops reading from the server; a cancel, like a deadline, closes the connection.
 *  "check"    Whether "url" may be requested, as far as can be said without connecting. The answer is {}.
 *  "status"   {"enabled": true} when the distribution lets this instance ask anything but what its own config names.
 *
 * Errors: LSP_BAD_REQUEST with the code "url_not_allowed"; LSP_UNAVAILABLE with "upstream_error" when the server is not
 * reached, breaks off, breaks HTTP or a limit (bytes_max, seconds_max, redirects_max). Their messages begin with a verb
 * ("must be ...") so that they can follow the name of what held the URL.
 */

/* Log levels. */
enum { LSP_TRACE = 0, LSP_DEBUG = 1, LSP_INFO = 2, LSP_WARNING = 3, LSP_ERROR = 4 };
/* Kinds of metric. */
enum { LSP_COUNTER = 1, LSP_GAUGE = 2, LSP_HISTOGRAM = 3 };

/* What the host lends to one instance. Valid from create until destroy's sink was finished. */
typedef struct lsp_host {
    uint32_t struct_size;
    uint16_t abi_major, abi_minor;
    void *context;
    /* [prompt] fields: a JSON object of strings, or empty. Never log the content of requests. */
    void (*log)(void *context, int32_t level, lsp_bytes message, lsp_bytes fields);
    /* [prompt] labels: a JSON object of strings, or empty. Names in snake_case with the unit last. */
    void (*metric)(void *context, int32_t kind, lsp_bytes name, double value, lsp_bytes labels);
    /* [prompt] Calls another provider, by request->target. The answer goes to sink, on any thread, perhaps before this
       returns. Only APIs that the descriptor's needs names. The memory of the request must live until finish. The host waits
       by the sink's when_writable alone: wait_writable may be NULL. */
    void (*call)(void *context, const lsp_request *request, const lsp_sink *sink);
    /* [prompt] Cancels a call made with `call`. Unknown and finished ids are ignored. */
    void (*cancel)(void *context, uint64_t call_id);
    /* [prompt] Makes a resource known: {"kind": "model", "id", "api"?, "path", "base"?, "beside"?}. The host keeps
       it across restarts and registers it with the provider that serves its kind ("api" says which API where several do;
       what has a "base" goes to the base's provider, else with "beside" to that resource's); then done is finished. An id that this provider has announced already is
       replaced: the old one serves until the new one does, and stays when that fails. Names of the distribution and
       what other providers announced are LSP_CONFLICT. Until all providers of the distribution have started and taken
       its resources an announcement waits: never wait for done in create or in "register". */
    void (*announce)(void *context, lsp_bytes resource, const lsp_sink *done);
    /* Since 1.1. [prompt] Takes back what this provider announced: {"kind", "id", "api"?}. The host unregisters it and
       forgets it; then done is finished. Whatever else it names is LSP_NOT_FOUND. Waits as announce does. */
    void (*withdraw)(void *context, lsp_bytes resource, const lsp_sink *done);
} lsp_host;

/* What an instance is for: an open set, treat an unknown one as LSP_SERVE. */
enum {
    LSP_SERVE = 0,
    LSP_CHECK = 1 /* `llama-stack validate`: it is created, told of its resources and destroyed, perhaps beside one that
                     serves from the same database or server. Say in ready what would keep it from serving; change
                     nothing outside state_path, which is empty and will be removed */
};

/* What an instance is created from. Borrowed until create returns: copy. */
typedef struct lsp_setup {
    uint32_t struct_size;
    uint32_t reserved;
    /* The entry's provider_id in the distribution. */
    lsp_bytes provider_id;
    /* The entry's config as a JSON object, checked against the descriptor's schema, defaults not filled in. */
    lsp_bytes config;
    /* An existing folder (mode 0700) that belongs to this instance alone; empty when the distribution has no state. */
    lsp_bytes state_path;
    /* The folder of the distribution's file, which relative paths in config refer to. */
    lsp_bytes base_path;
    /* Since 1.1. LSP_SERVE where struct_size does not hold it. */
    uint32_t purpose;
    uint32_t reserved_1;
} lsp_setup;

/* One kind of provider that a library holds. Constant, lives for ever. Strings are NUL-terminated UTF-8. */
typedef struct lsp_provider lsp_provider;
struct lsp_provider {
    uint32_t struct_size;
    uint32_t flags; /* 0 */
    /* For the library's own use: create receives the descriptor, so one function can serve several. */
    void *self;
    const char *api;           /* "inference" */
    const char *type;          /* "inline::cpu", "remote::openai" */
    const char *version;       /* the provider's own, "1.2.0" */
    const char *runtime;       /* "none" for C and Rust; "swift 6.3" for Swift: its libraries carry no version in their
                                  names, so the host refuses a runtime that differs from its own */
    const char *description;   /* one line for `llama-stack list providers` */
    const char *config_schema; /* JSON Schema of an object. Keywords: type, properties, required, enum, minimum,
                                  maximum, items, additionalProperties, default, description, network. A string with
                                  "network": true is the URL of a server, which this instance may then reach at its
                                  scheme, host and port, whatever the address, without redirects. A string with
                                  "x-resource": "model" is the name of a model: the host refuses one that the
                                  distribution does not have. At the root, "x-resources": {"tool_group": {...}} are
                                  such schemas of the configs of its resources, by kind: they are checked alike, and
                                  a "network" in them opens the same way. Other keywords with x- mean nothing to it */
    const char *methods;       /* JSON: [{"name": "chat_completion", "stream"?: true, "options"?: ["seed"]}]; a method
                                  that is not here is answered 501 by the host. "register" and "unregister" are not
                                  listed: every provider answers them, LSP_UNSUPPORTED for a kind it does not take */
    const char *needs;         /* JSON: the APIs it calls through the host, ["inference"]; "[]" for none.
                                  "inference?" is one that it can do without. "models" is not an API: it is told of
                                  every model by "register", see invoke ("shields", "tool_groups" likewise). "network"
                                  is the host's own, see NETWORK below; no API has this name */

    /* [prompt] Makes an instance. Finish ready when it can serve, or with an error: then the host calls destroy. Returns
       the instance, never NULL; it is passed to the functions below. `host` stays valid until destroy has finished. */
    void *(*create)(const lsp_provider *provider, const lsp_host *host, const lsp_setup *setup, const lsp_sink *ready);
    /* [prompt] Starts a call; sink may be finished before this returns. Only between ready and destroy.
       "register" and "unregister" carry one resource as body: {"kind", "id", "path"?, "config"?, ...as in the
       distribution}; a model's id is what later requests carry in `resource`. An id that this instance serves already
       is replaced in one step: the old one serves until the new one can, and goes on when that fails. A body with
       "provider" ("inference/cpu") is about a resource which that provider serves, with its "aliases"?, and comes only
       where `needs` asks for it: no call will name it, and the answer is for the log. */
    void (*invoke)(void *instance, const lsp_request *request, const lsp_sink *sink);
    /* [prompt] The call should end soon. May come before invoke returned, twice, or after finish: unknown ids are ignored.
       Never after destroy was called. The host has closed the call's sink by then: writes answer LSP_CLOSED, and who waits
       to write is woken. The sink must still be finished. */
    void (*cancel)(void *instance, uint64_t call_id);
    /* [prompt] Called once, perhaps while create still works. No invoke comes after it. The provider ends what runs and
       finishes every open sink (ready among them), stops its threads, frees the instance and then finishes done. */
    void (*destroy)(void *instance, const lsp_sink *done);

    const char *resources;     /* Since 1.1. JSON: the kinds of resource that it serves, ["model"]; "[]" for none. A
                                  distribution that lists another for it is refused at its line. NULL: not said, so
                                  "register" is asked */
};

/* What a library holds. Constant, lives for ever. */
typedef struct lsp_module {
    uint32_t struct_size;
    uint16_t abi_major, abi_minor; /* the header it was built with: LSP_ABI_MAJOR, LSP_ABI_MINOR */
    uint32_t provider_count;
    uint32_t reserved;
    const lsp_provider *const *providers;
} lsp_module;

/*
 * The one exported symbol. host_abi_minor is the host's minor version, for information. Called once, before any
 * thread of the library runs; must not start any. NULL means that the library refuses; it should not need to.
 */
typedef const lsp_module *(*lsp_entry)(uint32_t host_abi_minor);

#if defined(__GNUC__)
#define LSP_EXPORT __attribute__((visibility("default")))
#else
#define LSP_EXPORT
#endif

#ifdef __cplusplus
}
#endif
#endif

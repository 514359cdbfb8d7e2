extension ErrorCode {
    /// The name of ``abiStatus`` in the C header.
    package var abiStatusName: String {
        let names = [
            "LSP_OK", "LSP_BAD_REQUEST", "LSP_INVALID", "LSP_NOT_FOUND", "LSP_CONFLICT", "LSP_TOO_LARGE", "LSP_BUSY",
            "LSP_UNSUPPORTED", "LSP_UNAVAILABLE", "LSP_TIMEOUT", "LSP_STORAGE_FULL", "LSP_CANCELLED", "LSP_INTERNAL",
            "LSP_BAD_CONFIG",
        ]
        return names.indices.contains(Int(abiStatus)) ? names[Int(abiStatus)] : "\(abiStatus)"
    }

    /// When it is given, for the page about methods. Every row has one.
    package var meaning: String? { Self.meanings[code] }

    private static let meanings: [String: String] = [
        "invalid_json": "The body, the parameters or the options are not JSON.",
        "json_too_deep": "More levels of brackets than are taken.",
        "bad_request": "It can't be served as it is, and no code below says why.",
        "context_length_exceeded": "The prompt, or the prompt with `max_tokens`, is longer than the model's context.",
        "unsupported_option": "An option of the request that the method does not support.",
        "unsupported_content": "Content that the provider can't read: an attachment, a media type.",
        "template_error": "The model's chat template refused the dialog.",
        "template_limit": "The model's chat template took too many steps or wrote too much.",
        "url_not_allowed": "A URL that the distribution does not let a provider fetch.",
        "call_loop": "Providers call each other in a circle. *Host only.*",
        "invalid_request": "The JSON breaks the schema, or a value is out of range: name the field.",
        "invalid_schema": "A JSON Schema that is none, or that no answer can be held to: name keyword and place.",
        "idempotency_mismatch": "The same `Idempotency-Key` came with another request before.",
        "not_found": "An id that does not exist.",
        "model_not_found": "A model that does not exist.",
        "api_not_served": "An API that no provider serves, or that the caller's `needs` does not name. *Host only.*",
        "route_not_found": "A path that is not served. *Host only.*",
        "already_exists": "An id that is in use.",
        "body_too_large": "Over a limit on size.",
        "queue_full": "As many calls wait as may.",
        "not_implemented": "A method, or a kind of resource, that the provider does not have.",
        "provider_unavailable": "It can't serve now and may later.",
        "overloaded": "Memory or another resource of the machine is short.",
        "upstream_error": "A server that was asked on the client's behalf failed.",
        "provider_crashed": "The provider's process ended while the call ran. *Host only.*",
        "provider_protocol_error": "The provider's process broke the rules of its connection. *Host only.*",
        "shutting_down": "The server is being stopped. *Host only.*",
        "provider_timeout": "The deadline passed.",
        "storage_full": "No space left on the disk.",
        "cancelled": "The answer to a cancelled call. There is no listener.",
        "internal": "A fault of the provider.",
        "invalid_config":
            "Only from `create` and, about the `config` of a resource, from `register`: the error object is an array of `{\"pointer\", \"code\", \"message\"}`.",
        "host_not_allowed": "The `Host` header. *Host only.*",
        "origin_not_allowed": "The `Origin` header. *Host only.*",
        "method_not_allowed": "The path does not take this HTTP method. *Host only.*",
        "request_timeout": "The client did not send its request in time. *Host only.*",
        "uri_too_long": "*Host only.*",
        "unsupported_media_type": "The body is not `application/json`. *Host only.*",
        "headers_too_large": "*Host only.*",
    ]
}

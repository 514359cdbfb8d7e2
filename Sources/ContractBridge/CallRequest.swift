import CProviderABI
import LlamaStackAPI

/// One call: spans of bytes, not one blob, so that what is only forwarded is never decoded.
package struct CallRequest: Sendable {
    /// Unique among the calls of one channel that have not finished. The host draws it where it starts the call.
    package var callID: UInt64 = 0
    /// "api" or "api/provider_id"; only when a provider calls another.
    package var target = ""
    package var method: String
    /// A JSON object made from the query; empty means {}.
    package var parameters: [UInt8] = []
    /// The client's bytes.
    package var body: [UInt8] = []
    /// Options that only the host sets, never a client.
    package var options = JSONObject()
    /// The resource's own id behind its alias. The host's routing sets it.
    package var resource = ""
    /// Which provider is to make a resource; nil: the API's default. For the host alone.
    package var providerID: String?
    package var principal = ""
    package var requestID = ""
    /// CLOCK_MONOTONIC nanoseconds; 0 means none. When it passes, the call fails with `provider_timeout`.
    package var deadlineNanoseconds: Int64 = 0

    package init(callID: UInt64 = 0, method: String) {
        self.callID = callID
        self.method = method
    }
}

extension CallRequest {
    /// A copy of what the other side lent. Throws when the struct is too small to be a request of version 1.0, or when
    /// the options are no JSON object.
    package init(copying request: lsp_request) throws(CallError) {
        guard request.struct_size >= 152 else {
            throw CallError(.internal, "lsp_request.struct_size is \(request.struct_size), wanted 152")
        }
        self.init(method: request.method.text)
        callID = request.call_id
        target = request.target.text
        parameters = request.parameters.copied ?? []
        body = request.body.copied ?? []
        options = try Self.options(request.options.copied ?? [])
        resource = request.resource.text
        principal = request.principal.text
        requestID = request.request_id.text
        deadlineNanoseconds = request.deadline_ns
    }

    /// No bytes mean {}.
    package static func options(_ bytes: [UInt8]) throws(CallError) -> JSONObject {
        if bytes.isEmpty { return JSONObject() }
        guard case .object(let options)? = try? JSON(parsing: bytes) else {
            throw CallError(.badRequest, "the call's options must be a JSON object")
        }
        return options
    }
}

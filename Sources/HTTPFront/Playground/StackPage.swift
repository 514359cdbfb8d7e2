import HTTPTypes
import Host
import Hummingbird
import LlamaStackAPI
import NIOCore

/// The stack as the playground shows it: `/ui/stack.json`.
struct StackPage {
    static let path = "/ui/stack.json"
    let stack: Stack

    var responder: CallbackResponder<FrontContext> {
        CallbackResponder { _, _ in
            Response(
                status: .ok,
                headers: [
                    .contentType: "application/json", .cacheControl: "no-store", .xContentTypeOptions: "nosniff",
                ], body: .init(byteBuffer: ByteBuffer(bytes: json.bytes)))
        }
    }

    /// {"name", "apis", "providers", "resources", "distribution", "failed"}
    private var json: JSON {
        let summary = stack.summary
        let states = Dictionary(stack.providers.map { ($0.label, $0) }) { first, _ in first }
        return [
            "name": .string(stack.manifest.name),
            "apis": .array(summary.apis.map { .string($0.rawValue) }),
            "providers": .array(
                summary.providers.map { provider in
                    Self.json(provider, states["\(provider.api.rawValue)/\(provider.providerID)"])
                }),
            "resources": .array(summary.resources.map(Self.json)),
            "distribution": stack.manifest.masked,
            "failed": .array(summary.failed.map { ["name": .string($0.name), "reason": .string($0.reason)] }),
        ]
    }

    private static func json(_ provider: Summary.Provider, _ state: Stack.ProviderStatus?) -> JSON {
        var object: JSONObject = [
            "api": .string(provider.api.rawValue), "provider_id": .string(provider.providerID),
            "provider_type": .string(provider.providerType), "version": .string(provider.version),
            "runtime": .string(provider.runtime), "library": .string(provider.libraryPath),
            "methods": .array(provider.methods.map { .string($0) }),
            "needs": .array(provider.needs.map { .string($0) }),
        ]
        guard let state else { return .object(object) }
        object["state"] = .string(state.channel.state.rawValue)
        object["isolation"] = .string(state.channel.isolation)
        object["restarts"] = .integer(Int64(state.channel.restarts))
        object["open_calls"] = .integer(Int64(state.channel.openCalls))
        object["is_optional"] = .bool(state.isOptional)
        if let pid = state.channel.pid { object["pid"] = .integer(Int64(pid)) }
        if let since = state.channel.since { object["since"] = .string(since.ISO8601Format()) }
        return .object(object)
    }

    private static func json(_ resource: Summary.Resource) -> JSON {
        var object: JSONObject = [
            "kind": .string(resource.kind.name), "api": .string(resource.api.rawValue), "id": .string(resource.id),
            "provider_id": .string(resource.providerID), "aliases": .array(resource.aliases.map { .string($0) }),
            "is_announced": .bool(resource.isAnnounced),
        ]
        if let base = resource.base { object["base"] = .string(base) }
        return .object(object)
    }
}

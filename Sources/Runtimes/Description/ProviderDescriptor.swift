import ContractBridge
import LlamaStackAPI

/// One kind of provider that a library holds, read and checked.
package struct ProviderDescriptor: Sendable {
    package struct Method: Sendable, Hashable {
        package var name: String
        package var streams: Bool
        /// The options beyond the draft that it supports.
        package var options: [String]
    }

    package var api: String
    /// "inline::cpu".
    package var type: String
    package var version: String
    /// "none", or "swift 6.3".
    package var runtime: String
    package var description: String
    package var configSchema: JSON
    package var methods: [Method]
    /// The APIs that it calls through the host.
    package var needs: [String]
    /// The kinds of resource that it takes; nil when it does not say (before version 1.1 it could not).
    package var resources: [String]?

    package func method(_ name: String) -> Method? { methods.first { $0.name == name } }
}

extension ProviderDescriptor {
    /// As `plugin inspect --json` prints it, and as a child process sends it.
    package var json: JSON {
        [
            "api": .string(api), "type": .string(type), "version": .string(version), "runtime": .string(runtime),
            "runs_here": .bool(SwiftRuntime.matches(runtime)), "description": .string(description),
            "methods": .array(
                methods.map {
                    [
                        "name": .string($0.name), "stream": .bool($0.streams),
                        "options": .array($0.options.map { .string($0) }),
                    ]
                }),
            "needs": .array(needs.map { .string($0) }),
            "resources": resources.map { .array($0.map { .string($0) }) } ?? .null, "config_schema": configSchema,
        ]
    }

    /// Decodes ``json``; nil when a member is missing or the schema is invalid: the other side is broken.
    package init?(json: JSON) {
        func text(_ key: String) -> String? { json[key]?.stringValue }
        guard let api = text("api"), let type = text("type"), let version = text("version"),
            let runtime = text("runtime"), let description = text("description"),
            case .array(let methods)? = json["methods"], case .array(let needs)? = json["needs"],
            let configSchema = json["config_schema"], ConfigSchema.problem(of: configSchema) == nil
        else { return nil }
        self.api = api
        self.type = type
        self.version = version
        self.runtime = runtime
        self.description = description
        self.configSchema = configSchema
        self.needs = needs.compactMap(\.stringValue)
        if case .array(let resources)? = json["resources"] { self.resources = resources.compactMap(\.stringValue) }
        self.methods = methods.compactMap { method in
            guard let name = method["name"]?.stringValue, case .array(let options)? = method["options"] else {
                return nil
            }
            return Method(
                name: name, streams: method["stream"] == .bool(true), options: options.compactMap(\.stringValue))
        }
    }
}

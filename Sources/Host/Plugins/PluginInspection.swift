import LlamaStackAPI

/// What `llama-stack plugin inspect` shows of a library.
package struct PluginInspection: Sendable {
    package var library: PluginLibrary

    /// Loads the library. Blocks.
    package init(path: String) throws(PluginRefusal) { library = try PluginLibrary.load(path) }

    package var json: JSON {
        [
            "path": .string(library.path),
            "abi": .string("\(library.abiMajor).\(library.abiMinor)"),
            "providers": .array(library.providers.map(Self.json)),
        ]
    }

    private static func json(_ provider: ProviderDescriptor) -> JSON {
        [
            "api": .string(provider.api), "type": .string(provider.type), "version": .string(provider.version),
            "runtime": .string(provider.runtime), "runs_here": .bool(runsHere(provider)),
            "description": .string(provider.description),
            "methods": .array(
                provider.methods.map {
                    [
                        "name": .string($0.name), "stream": .bool($0.streams),
                        "options": .array($0.options.map { .string($0) }),
                    ]
                }),
            "needs": .array(provider.needs.map { .string($0) }),
            "resources": provider.resources.map { .array($0.map { .string($0) }) } ?? .null,
            "config_schema": provider.configSchema,
        ]
    }

    package var text: String {
        var lines = ["\(library.path)", "contract \(library.abiMajor).\(library.abiMinor)"]
        for provider in library.providers {
            lines.append("")
            lines.append("\(provider.api) \(provider.type) \(provider.version)")
            if !provider.description.isEmpty {
                lines.append("  \(Quote.printable(provider.description, charactersMax: 500))")
            }
            lines.append(
                "  runtime  \(provider.runtime)"
                    + (Self.runsHere(provider) ? "" : " (not this host's, which is \(SwiftRuntime.own))"))
            lines.append(
                "  methods  "
                    + provider.methods.map { $0.name + ($0.streams ? " (streams)" : "") }.joined(separator: ", "))
            lines.append("  needs    " + (provider.needs.isEmpty ? "nothing" : provider.needs.joined(separator: ", ")))
            if let kinds = provider.resources {
                lines.append("  takes    " + (kinds.isEmpty ? "no resources" : kinds.joined(separator: ", ")))
            }
            lines.append("  config")
            lines += Self.configLines(provider.configSchema)
        }
        return lines.joined(separator: "\n")
    }

    private static func configLines(_ schema: JSON) -> [String] {
        guard case .object(let properties)? = schema["properties"], !properties.isEmpty else { return ["    none"] }
        var required: [String] = []
        if case .array(let names)? = schema["required"] { required = names.compactMap(\.stringValue) }
        return properties.members.map { member in
            var line = "    \(member.key): \(member.value["type"]?.stringValue ?? "any")"
            if required.contains(member.key) { line += ", required" }
            if let value = member.value["default"] { line += ", default \(value.text)" }
            if let text = member.value["description"]?.stringValue {
                line += ". " + Quote.printable(text, charactersMax: 300)
            }
            return line
        }
    }

    private static func runsHere(_ provider: ProviderDescriptor) -> Bool {
        provider.runtime == "none" || SwiftRuntime.matches(provider.runtime)
    }
}

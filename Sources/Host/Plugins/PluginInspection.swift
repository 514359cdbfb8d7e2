import LlamaStackAPI

/// The facts about a library that `llama-stack plugin inspect` shows.
package struct PluginInspection: Sendable {
    package var library: LibraryDescription

    package init(_ library: LibraryDescription) { self.library = library }

    package var json: JSON { library.json }

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
                    + (SwiftRuntime.matches(provider.runtime) ? "" : " (this host takes none or \(SwiftRuntime.own))"))
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
}

/// A distribution of a test, written out as YAML.
struct Distribution {
    struct Provider {
        var id: String
        var type: String
        var config = "{}"
        var more = ""
    }

    struct Model {
        var id: String
        var provider: String
        var path: String?
        var aliases = "[]"
        /// Of an adapter.
        var base: String?
        var adapter: String?
        /// A line more.
        var more: String?
    }

    var providers: [Provider]
    var models: [Model]
    var server = "{}"
    /// Whole lines of the top level.
    var more = ""
    /// Whole lines of other APIs' providers.
    var moreProviders = ""

    /// The echo provider, with a model `echo`.
    static func echo(config: String = "{}", server: String = "{}") -> Distribution {
        Distribution(
            providers: [Provider(id: "echo", type: "inline::echo", config: config)],
            models: [Model(id: "echo", provider: "echo", aliases: "[llama3_8b_chat, llama3_8b]")], server: server)
    }

    /// The default model on the CPU, as `smollm`.
    static func cpu(type: String = "inline::cpu", config: String = "{}", server: String = "{}") throws -> Distribution {
        Distribution(
            providers: [Provider(id: "cpu", type: type, config: config)],
            models: [
                Model(
                    id: "smollm", provider: "cpu", path: try Setting.requireModel(),
                    aliases: "[llama3_8b_chat, llama3_8b]")
            ],
            server: server)
    }

    var yaml: String {
        var lines = ["version: 1", "name: test", "server: \(server)"]
        if !more.isEmpty { lines.append(more) }
        lines += ["providers:", "  inference:"]
        for provider in providers {
            lines.append("    - provider_id: \(provider.id)")
            lines.append("      provider_type: \(provider.type)")
            lines.append("      config: \(provider.config)")
            if !provider.more.isEmpty { lines.append("      \(provider.more)") }
        }
        if !moreProviders.isEmpty { lines.append(moreProviders) }
        lines.append("models:")
        for model in models {
            lines.append("  - model_id: \(model.id)")
            lines.append("    provider_id: \(model.provider)")
            lines.append("    aliases: \(model.aliases)")
            if let path = model.path { lines.append("    path: \(path)") }
            if let base = model.base { lines.append("    base: \(base)") }
            if let adapter = model.adapter { lines.append("    adapter: \(adapter)") }
            if let more = model.more { lines.append("    " + more) }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// A file that holds it, as long as the result is held.
    func file() throws -> DistributionFile { try DistributionFile(yaml) }
}

/// A distribution in a folder of its own.
final class DistributionFile: Sendable {
    let folder: TemporaryFolder
    let path: String

    init(_ yaml: String) throws {
        folder = try TemporaryFolder()
        path = try folder.write(yaml, "dist.yaml")
    }
}

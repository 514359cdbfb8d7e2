import ChildProcess
import LlamaStackAPI

/// A distribution as it stands in the file, before its parts are checked against each other.
struct RawManifest: Sendable {
    var version: Placed<Int>
    var name: String?
    var state: String?
    var isolation: String
    var server: (settings: ServerSettings, hostPosition: Position)
    var network: RawNetwork
    var providerPath: [Placed<String>]
    var providers: [RawProvider]
    var resources: [RawResource] = []
}

struct RawProvider: Sendable {
    var api: API
    var providerID: Placed<String>
    var providerType: Placed<String>
    var library: Placed<String>?
    var isolation: RawIsolation
    var isOptional: Bool
    var config: YAMLNode?
    var position: Position
}

/// Every key of a distribution, once.
enum ManifestKeys {
    static let limits = Section(
        "'limits'", ServerSettings.Limits.init,
        Key(
            "body_bytes_max", ValueReader.integer(1024...1_073_741_824).optional, default: nil, as: "each route's own",
            "The largest request body, for every route"),
        Key(
            "bodies_bytes_max", .integer(1024...1_099_511_627_776), default: 512 << 20,
            "All request bodies together, until their calls have ended; one more is refused with 429"),
        Key("connections_max", .integer(1...1_000_000), default: 1024, "Connections at once"),
        Key(
            "header_timeout_seconds", .seconds(0.1...3600), default: 10,
            "How long a client may take over the head of a request"),
        Key(
            "body_timeout_seconds", .seconds(0.1...86_400), default: 300,
            "How long a client may take over the body of a request"),
        Key(
            "idle_timeout_seconds", .seconds(0.1...86_400), default: 60,
            "How long a kept connection, or a body that has begun, may stay silent"),
        Key(
            "write_timeout_seconds", .seconds(0.1...86_400), default: 30,
            "How long a client may leave an answer unread"),
        Key(
            "call_seconds_max", .seconds(1...604_800), default: 600,
            "How long a call may write nothing, before its first write and between writes, until it ends with 504"),
        Key(
            "create_seconds_max", .seconds(1...604_800), default: 600,
            "How long a provider may take to become ready, and to take one resource; its library to load, but at most 60 s"
        ),
        Key(
            "drain_seconds", .seconds(0...3600), default: 10,
            "How long calls may still run after SIGTERM; in a reload, those of a provider that changes, and how long others wait for it"
        ))

    static let server = Section(
        "'server'",
        {
            (
                host: Placed<String>, port: Int, allowedHosts: [String], allowedOrigins: [String], isInsecure: Bool,
                pathPrefix: String, hasPlayground: Bool, limits: ServerSettings.Limits
            ) in
            let settings = ServerSettings(
                host: host.value, port: port, allowedHosts: allowedHosts, allowedOrigins: allowedOrigins,
                isInsecure: isInsecure, pathPrefix: pathPrefix, hasPlayground: hasPlayground, limits: limits)
            return (settings: settings, hostPosition: host.position)
        },
        Key(
            "host", ValueReader.string("address", ServerAddress.problem).placed,
            default: Placed(value: "127.0.0.1", position: .start), as: "127.0.0.1", "The address to listen on"),
        Key("port", .integer(0...65535), default: 8321, "The port to listen on; 0 takes a free one"),
        Key(
            "allowed_hosts", .list(of: .string(), "list of strings"), default: [], as: "none",
            "Values of the Host header that are served besides the address itself"),
        Key(
            "allowed_origins", .list(of: .string(), "list of strings"), default: [], as: "none",
            "Values of the Origin header that are served besides the server's own"),
        Key(
            "insecure", .boolean, default: false, standIn: true,
            "Serve an address that others can reach, though there is no authentication"),
        Key(
            "path_prefix", .string("path", PathPrefix.problem), default: "", as: "none",
            "The path that all routes are below, for a proxy that passes a part of its own on: /llama"),
        Key("playground", .boolean, default: true, "Serve the playground, pages for a browser, at /"),
        Key("limits", limits.reader, default: limits.defaults, as: "the defaults below", "Limits of size and time"))

    /// The list stands under an API's name, which the reader adds.
    static func provider(_ api: API) -> ValueReader<RawProvider> {
        ValueReader("mapping") { node, _, diagnostics in
            guard let entry = providerEntry.read(node, diagnostics) else { return nil }
            return RawProvider(
                api: api, providerID: entry.id, providerType: entry.type, library: entry.library,
                isolation: entry.isolation, isOptional: entry.isOptional, config: entry.config,
                position: node.position)
        }
    }

    struct ProviderFields: Sendable {
        var id: Placed<String>, type: Placed<String>, library: Placed<String>?, isolation: RawIsolation,
            isOptional: Bool
        var config: YAMLNode?
    }

    static let providerEntry = Section(
        "the provider",
        {
            (
                id: Placed<String>, type: Placed<String>, library: Placed<String>?, isolation: Placed<String>?,
                restart: Placed<RestartPolicy>?, cancelSeconds: Placed<Double>?, environment: Placed<[String]>?,
                limits: Placed<ResourceLimits>?, isOptional: Bool, config: YAMLNode?
            ) in
            ProviderFields(
                id: id, type: type, library: library,
                isolation: RawIsolation(
                    isolation: isolation, restart: restart, cancelSeconds: cancelSeconds, environment: environment,
                    limits: limits),
                isOptional: isOptional, config: config)
        },
        Key("provider_id", ValueReader.string("id", Identifiers.providerProblem).placed, "Its name in this file"),
        Key(
            "provider_type", ValueReader.string("type", Identifiers.typeProblem).placed,
            "What it is: inline::<name> or remote::<name>"),
        Key(
            "library", ValueReader.path.placed.optional, default: nil, as: "libprovider-<api>-<name>.so",
            "The library's name, or its path"),
        isolationKeys.isolation, isolationKeys.restart, isolationKeys.cancelSeconds, isolationKeys.environment,
        isolationKeys.limits,
        Key("optional", .boolean, default: false, "Start without it when it fails"),
        Key("config", ValueReader.mapping.optional, default: nil, as: "empty", "What `plugin inspect` shows"))

    private static func providersHint(_ node: YAMLNode) -> String? {
        guard case .sequence(let items) = node.content else { return nil }
        let areEntries = items.contains { $0["provider_id"] != nil || $0["provider_type"] != nil }
        return areEntries
            ? "put the list under the API that it serves: 'inference:', a line above and indented less"
            : ValueHint.mapping(node)
    }

    static let providers = ValueReader<[RawProvider]>("mapping of API to list of providers") { node, _, diagnostics in
        guard case .mapping(let members) = node.content else {
            diagnostics.add(
                node.position, "wrong_type", "'providers' must map APIs to lists of providers, got \(node.found)",
                hint: providersHint(node))
            return []
        }
        let names = API.allCases.map(\.rawValue)
        return members.flatMap { member -> [RawProvider] in
            guard let api = API(rawValue: member.key) else {
                let close = Spelling.closest(to: member.key, in: names)
                let rest = close.map { " (did you mean '\($0)'?)" } ?? "; there are " + names.joined(separator: ", ")
                diagnostics.add(member.keyPosition, "unknown_api", "unknown API \(Quote.short(member.key))\(rest)")
                return []
            }
            guard !member.value.isNull, !member.value.isUnresolved else { return [] }
            return ValueReader.list(of: provider(api), "list").read(member.value, member.key, diagnostics) ?? []
        }
    }

    static let manifest = Section(
        "the distribution",
        {
            (
                version: Placed<Int>, name: String?, state: String?, isolation: String,
                server: (settings: ServerSettings, hostPosition: Position), network: RawNetwork,
                providerPath: [Placed<String>], providers: [RawProvider]
            ) in
            RawManifest(
                version: version, name: name, state: state, isolation: isolation, server: server, network: network,
                providerPath: providerPath, providers: providers)
        },
        Key(
            "version", ValueReader.integer(0...1_000_000).placed,
            standIn: Placed(value: ManifestCheck.version, position: .start), "Of this format: 1"),
        Key(
            "name", ValueReader.string().optional, default: nil, as: "the file's name",
            "What the distribution is called"),
        Key("state", ValueReader.path.optional, default: nil, as: "none", "A folder for what is kept between runs"),
        Key(
            "isolation", ValueReader.word(isolationWords), default: "inline",
            "Where the code of providers runs that do not say it themselves"),
        Key("server", server.reader, default: server.defaults, as: "the defaults below", "Where and how to listen"),
        Key("network", network.reader, default: RawNetwork(), as: "none", "What providers may ask of other servers"),
        Key(
            "provider_path", .list(of: ValueReader.path.placed, "list of paths"), default: [], as: "none",
            "Folders to search for provider libraries first"),
        Key("providers", providers, default: [], as: "none", "What serves each API")
    ).adding(ResourceKeys.lists, to: \.resources)

    /// For the documentation of the format.
    static let documentation: [(section: String, rows: [KeyRow])] =
        [
            ("the distribution", manifest.rows), ("server", server.rows), ("server.limits", limits.rows),
            ("network", network.rows), ("network.providers.<provider_id>", networkRules.rows),
            ("providers.<api>[]", providerEntry.rows), ("providers.<api>[].restart", restart.rows),
            ("providers.<api>[].limits", processLimits.rows),
        ] + ResourceKind.all.map { ("\($0.section)[]", ResourceKeys.entry($0).rows) }
}

extension Manifest {
    /// Every key of a distribution, section by section.
    package static var documentation: [(section: String, rows: [KeyRow])] { ManifestKeys.documentation }
}

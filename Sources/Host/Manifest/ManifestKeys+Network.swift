import LlamaStackAPI
import Networking

/// The `network` section as the file has it.
struct RawNetwork: Sendable {
    var allow: [NetworkOrigin] = []
    var proxy: String?
    var caFile: Placed<String>?
    var providers: [Provider] = []

    struct Provider: Sendable {
        /// An entry's `provider_id`, or "api/provider_id".
        var name: Placed<String>
        var rules: RawNetworkRules
    }
}

extension RawNetwork {
    /// Every file that it names.
    var files: [Placed<String>] { [caFile].compactMap { $0 } + providers.compactMap(\.rules.caFile) }
}

/// The rules for one provider.
struct RawNetworkRules: Sendable {
    var rules = NetworkSettings.Provider()
    var caFile: Placed<String>?
}

extension ManifestKeys {
    static let networkRules = Section(
        "the provider",
        {
            (
                isEnabled: Bool, hosts: [String], httpHosts: [String], ports: [Int], allowPrivate: [String],
                caFile: Placed<String>?, bytesMax: Int, secondsMax: Int
            ) in
            var rules = NetworkSettings.Provider()
            (rules.isEnabled, rules.hosts, rules.httpHosts) = (isEnabled, hosts, httpHosts)
            (rules.ports, rules.allowPrivate) = (ports, allowPrivate)
            (rules.bytesMax, rules.secondsMax) = (bytesMax, secondsMax)
            return RawNetworkRules(rules: rules, caFile: caFile)
        },
        Key("enabled", .boolean, default: false, "Whether it may ask any host at all"),
        Key(
            "hosts", .list(of: host, "list of hosts"), default: [], as: "none",
            "The hosts that it may ask: `data.example.org`, `*.example.org` for all below it, `*` for all"),
        Key(
            "http_hosts", .list(of: host, "list of hosts"), default: [], as: "none",
            "Those of them that it may ask by `http://` as well; all others by `https://` alone"),
        Key(
            "ports", .list(of: .integer(1...65535), "list of ports"), default: [443, 80], as: "443, 80",
            "The ports that it may ask"),
        Key(
            "allow_private", .list(of: addressBlock, "list of blocks"), default: [], as: "none",
            "Blocks of addresses that it may ask though they are private, loopback or this machine's own"),
        Key(
            "ca_file", ValueReader.path.placed.optional, default: nil, as: "the network's",
            "A file of PEM certificates that are trusted beside the system's"),
        Key(
            "bytes_max", .integer(0...Int(Int64.max)), default: 0, as: "0, its own",
            "A longer answer is refused. Unset, the provider's own limit: 10 MiB for a document, 4 GiB for a dataset"),
        Key(
            "seconds_max", .integer(0...86_400), default: 0, as: "0, its own",
            "How long one request may take, redirects included. Unset, the provider's own limit: 10 s for a document, 300 s for a dataset"
        ))

    private static let host = ValueReader.string("host") {
        NetworkSettings.isHost($0) ? nil : "must be a host name, *.NAME or *, in lower case"
    }

    private static let addressBlock = ValueReader.string("block of addresses") {
        NetworkSettings.isAddressBlock($0) ? nil : "must be a block of addresses like 10.0.0.0/8 or fd00::/8"
    }

    private static let origin = ValueReader<NetworkOrigin>("origin") { node, name, diagnostics in
        let problem = "must be an origin like https://data.example.org or http://127.0.0.1:8265"
        let text = ValueReader.string("origin") { NetworkOrigin($0) == nil ? problem : nil }
            .read(node, name, diagnostics)
        return text.flatMap { NetworkOrigin($0) }
    }

    private static let networkProviders = ValueReader<[RawNetwork.Provider]>("mapping of provider_id to rules") {
        node, _, diagnostics in
        guard case .mapping(let members) = node.content else {
            diagnostics.add(
                node.position, "wrong_type", "'providers' must map ids of providers to rules, got \(node.found)",
                hint: ValueHint.mapping(node))
            return []
        }
        return members.compactMap { member in
            guard !member.value.isUnresolved else { return nil }
            let name = Placed(value: member.key, position: member.keyPosition)
            guard !member.value.isNull else { return RawNetwork.Provider(name: name, rules: RawNetworkRules()) }
            guard let rules = networkRules.read(member.value, diagnostics) else { return nil }
            if rules.rules.isEnabled, rules.rules.hosts.isEmpty {
                diagnostics.add(
                    member.value.position, "missing_key",
                    "'hosts' must name the hosts that \(Quote.short(member.key)) may ask; \"*\" allows all public ones")
            }
            return RawNetwork.Provider(name: name, rules: rules)
        }
    }

    static let network = Section(
        "'network'",
        {
            (allow: [NetworkOrigin], proxy: String?, caFile: Placed<String>?, providers: [RawNetwork.Provider]) in
            RawNetwork(allow: allow, proxy: proxy, caFile: caFile, providers: providers)
        },
        Key(
            "allow", .list(of: origin, "list of origins"), default: [], as: "none",
            "Origins that every provider which needs the network may ask, whatever their addresses: `http://127.0.0.1:8265`"
        ),
        Key(
            "proxy", proxy.optional, default: nil, as: "none",
            "The proxy that finds public hosts, `http://host:port`; variables of the environment are not read"),
        Key(
            "ca_file", ValueReader.path.placed.optional, default: nil, as: "none",
            "A file of PEM certificates that are trusted beside the system's"),
        Key(
            "providers", networkProviders, default: [], as: "none",
            "What each provider may ask, by its `provider_id`, or `api/provider_id` where two have the same"))

    private static let proxy = ValueReader.string("origin") {
        NetworkOrigin($0) == nil || !$0.hasPrefix("http://")
            ? "must be a proxy like http://proxy.example.org:3128" : nil
    }
}

extension ManifestCheck {
    /// Finds the entries that the rules are for, and makes paths absolute.
    func network(_ raw: RawNetwork, providers: [RawProvider]) -> NetworkSettings {
        var settings = NetworkSettings()
        (settings.allow, settings.proxy) = (raw.allow, raw.proxy)
        settings.caFile = raw.caFile.map { absolute($0.value) }
        for provider in raw.providers {
            guard let label = label(of: provider.name, providers) else { continue }
            var rules = provider.rules.rules
            rules.name = provider.name.value
            rules.caFile = provider.rules.caFile.map { absolute($0.value) }
            if settings.providers.updateValue(rules, forKey: label) != nil {
                diagnostics.add(
                    provider.name.position, "duplicate_provider", "\(label) has rules under 'network' already")
            }
        }
        return settings
    }

    private func label(of name: Placed<String>, _ providers: [RawProvider]) -> String? {
        let labels = providers.map { (label: "\($0.api.rawValue)/\($0.providerID.value)", id: $0.providerID.value) }
        let found = labels.filter { $0.label == name.value || $0.id == name.value }.map(\.label)
        if let label = found.first, found.count == 1 { return label }
        guard API.allCases.allSatisfy({ names.providers(of: $0).areAll }) else { return nil }
        guard found.isEmpty else {
            diagnostics.add(
                name.position, "unknown_provider",
                "\(Quote.short(name.value)) is the id of \(found.joined(separator: " and of ")): name one of them so")
            return nil
        }
        let close = Spelling.closest(to: name.value, in: labels.map(\.id)).map { " (did you mean '\($0)'?)" }
        let others = labels.isEmpty ? "; there are none" : "; there are " + labels.map(\.label).joined(separator: ", ")
        diagnostics.add(
            name.position, "unknown_provider",
            "no provider of this distribution is called \(Quote.short(name.value))\(close ?? others)")
        return nil
    }
}

import ContractBridge

/// The network access of one provider: the URLs that it may request, and the addresses that may be connected to.
///
/// A URL is read by one strict parser. Its host must be on the operator's list, its name is resolved here, every one of
/// its addresses is checked, and the connection goes to an address that was checked: a name server that gives another
/// answer a moment later changes nothing. The same holds for each redirect.
package struct NetworkAccess: Sendable {
    /// "memory_banks/file".
    package let label: String
    let limits: (bytesMax: Int, secondsMax: Int)
    /// The key in the distribution, for messages: "network.providers.file".
    private let key: String
    private let mayAskHosts: Bool
    private let hosts: [HostPattern]
    private let httpHosts: [HostPattern]
    private let ports: Set<Int>
    private let rules: AddressRules
    private let allow: Set<NetworkOrigin>
    private let endpoints: Set<NetworkOrigin>
    private let proxy: String?
    private let caFile: String?
    private let resolver: any Resolver

    /// - Parameter endpoints: what the provider's own config names.
    init(_ settings: NetworkSettings, label: String, endpoints: [NetworkOrigin], resolver: any Resolver) {
        let provider = settings.providers[label] ?? NetworkSettings.Provider()
        self.label = label
        key = "network.providers.\(provider.name ?? label)"
        limits = (provider.bytesMax, provider.secondsMax)
        mayAskHosts = provider.isEnabled
        hosts = provider.hosts.compactMap(HostPattern.init)
        httpHosts = provider.httpHosts.compactMap(HostPattern.init)
        ports = Set(provider.ports)
        rules = AddressRules(allowPrivate: provider.allowPrivate.compactMap { AddressBlock($0) })
        (allow, self.endpoints) = (Set(settings.allow), Set(endpoints))
        (proxy, caFile) = (settings.proxy, provider.caFile ?? settings.caFile)
        self.resolver = resolver
    }

    /// Whether it may ask anything beyond what its own config names.
    var isEnabled: Bool { mayAskHosts || !allow.isEmpty }

    /// How to get to one URL.
    struct Route: Sendable {
        var url: NetworkURL
        /// Those to connect to, all of them checked; empty where the proxy finds them.
        var addresses: [IPAddress]
        var proxy: String?
        var caFile: String?
        /// The rules for its addresses; nil when the operator named the origin itself.
        var rules: AddressRules?
        var mayRedirect: Bool
    }

    /// Throws `url_not_allowed`, or that the name is not known.
    ///
    /// - Parameter isRedirected: another server named the URL: what the config names is not open to it.
    func route(to url: NetworkURL, isRedirected: Bool = false) async throws -> Route {
        let origin = NetworkOrigin(url)
        let isEndpoint = !isRedirected && endpoints.contains(origin)
        var route = Route(
            url: url, addresses: [], caFile: caFile, rules: isEndpoint || allow.contains(origin) ? nil : rules,
            mayRedirect: !isEndpoint)
        if route.rules != nil { try checkLists(url) }
        switch url.host {
        case .address(let address):
            route.addresses = [address]
            if AddressRules.isPublic(address) { route.proxy = proxy }
        case .name("localhost"): route.addresses = try await resolver.addresses(of: "localhost")
        case .name(let name):
            route.proxy = proxy
            if proxy == nil { route.addresses = try await resolver.addresses(of: name) }
        }
        guard route.proxy != nil || !route.addresses.isEmpty else {
            throw CallError.upstream("its host's name is not known")
        }
        // One bad address among good ones is an attempt.
        guard let rules = route.rules else { return route }
        guard route.addresses.allSatisfy(rules.allows) else {
            throw CallError.notAllowed("must name a host with a public address: see \(key).allow_private")
        }
        return route
    }

    private func checkLists(_ url: NetworkURL) throws {
        guard mayAskHosts else {
            throw CallError.notAllowed(
                "must not be on the network: this server fetches nothing for it (\(key).enabled is false)")
        }
        guard hosts.contains(where: { $0.matches(url.host) }) else {
            throw CallError.notAllowed("must name a host that this server may fetch from: see \(key).hosts")
        }
        guard url.isSecure || httpHosts.contains(where: { $0.matches(url.host) }) else {
            throw CallError.notAllowed("must begin with https://: see \(key).http_hosts")
        }
        guard ports.contains(url.port) else {
            throw CallError.notAllowed("must use a port that this server may fetch from: see \(key).ports")
        }
    }
}

/// An entry of a list of allowed hosts: a name or address, `*.NAME` for all names below it, or `*`.
struct HostPattern: Sendable {
    private enum Scope {
        case all
        case below(String)
        case exactly(NetworkURL.Host)
    }

    private let scope: Scope

    init?(_ text: String) {
        if text == "*" {
            scope = .all
        } else if text.hasPrefix("*.") {
            guard case .name(let name)? = Self.host(String(text.dropFirst(2))) else { return nil }
            scope = .below("." + name)
        } else {
            guard let host = Self.host(text) else { return nil }
            scope = .exactly(host)
        }
    }

    func matches(_ host: NetworkURL.Host) -> Bool {
        switch (scope, host) {
        case (.all, _): true
        case (.below(let suffix), .name(let name)): name.hasSuffix(suffix)
        case (.below, .address): false
        case (.exactly(let wanted), _): wanted == host
        }
    }

    /// Parsed by the same parser as the URLs that it is compared with.
    private static func host(_ text: String) -> NetworkURL.Host? {
        let isVersion6 = IPAddress(version6: text) != nil
        guard let url = try? NetworkURL("https://" + (isVersion6 ? "[\(text)]" : text)), url.target == "/",
            url.port == 443, text == text.lowercased(), !text.hasSuffix("/")
        else { return nil }
        return url.host
    }
}

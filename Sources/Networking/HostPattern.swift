/// An entry of a list of allowed hosts: a name or address, `*.NAME` for all names below it, or `*`.
struct HostPattern: Sendable {
    private enum Form {
        case all
        case below(String)
        case exactly(NetworkURL.Host)
    }

    private let form: Form

    init?(_ text: String) {
        if text == "*" {
            form = .all
        } else if text.hasPrefix("*.") {
            guard case .name(let name)? = Self.host(String(text.dropFirst(2))) else { return nil }
            form = .below("." + name)
        } else {
            guard let host = Self.host(text) else { return nil }
            form = .exactly(host)
        }
    }

    func matches(_ host: NetworkURL.Host) -> Bool {
        switch (form, host) {
        case (.all, _): true
        case (.below(let suffix), .name(let name)): name.hasSuffix(suffix)
        case (.below, .address): false
        case (.exactly(let wanted), _): wanted == host
        }
    }

    /// Read by the same parser as the URLs that it is held against.
    private static func host(_ text: String) -> NetworkURL.Host? {
        let isVersion6 = IPAddress(version6: text) != nil
        guard let url = try? NetworkURL("https://" + (isVersion6 ? "[\(text)]" : text)), url.target == "/",
            url.port == 443, text == text.lowercased(), !text.hasSuffix("/")
        else { return nil }
        return url.host
    }
}

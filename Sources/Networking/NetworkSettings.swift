/// The operator's settings for the network. By default no request is allowed.
package struct NetworkSettings: Sendable, Equatable {
    /// Any provider that needs the network may ask these, whatever their addresses.
    package var allow: [NetworkOrigin] = []
    /// `http://host:port`; nil: none, whatever the environment says.
    package var proxy: String?
    /// An absolute path: PEM certificates that are trusted beside the system's.
    package var caFile: String?
    /// By the entry: "memory_banks/file".
    package var providers: [String: Provider] = [:]

    /// The settings of one provider.
    package struct Provider: Sendable, Equatable {
        /// As the file names it, for messages; nil: it does not.
        package var name: String?
        package var isEnabled = false
        /// `data.example.org`, `*.example.org` for all below it, `*` for all.
        package var hosts: [String] = []
        /// Those of them that may be asked by `http://` as well.
        package var httpHosts: [String] = []
        package var ports: [Int] = [443, 80]
        /// Blocks of addresses that may be asked though they are private, loopback or this machine's own.
        package var allowPrivate: [String] = []
        /// An absolute path, in place of ``NetworkSettings/caFile``.
        package var caFile: String?
        /// 0: what the provider asks for.
        package var bytesMax = 0
        /// The same.
        package var secondsMax = 0

        package init() {}
    }

    package init() {}

    /// Whether the text may stand in ``Provider/hosts``.
    package static func isHost(_ text: String) -> Bool { HostPattern(text) != nil }
    /// Whether the text may stand in ``Provider/allowPrivate``.
    package static func isAddressBlock(_ text: String) -> Bool { AddressBlock(text) != nil }
}

/// A scheme, a host and a port: `http://127.0.0.1:8265`.
package struct NetworkOrigin: Sendable, Hashable {
    let isSecure: Bool
    let host: NetworkURL.Host
    let port: Int

    init(_ url: NetworkURL) { (isSecure, host, port) = (url.isSecure, url.host, url.port) }

    /// The origin of any URL.
    package init?(of text: String) {
        guard let url = try? NetworkURL(text) else { return nil }
        self.init(url)
    }

    /// Nothing may follow the port but one slash.
    package init?(_ text: String) {
        guard let url = try? NetworkURL(text), url.target == "/", !text.hasSuffix("?") else { return nil }
        self.init(url)
    }
}

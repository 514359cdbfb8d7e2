import NIOCore

extension SocketAddress {
    /// The address as a URL has it: without the zone, which is no part of one, without the mark of an IPv4 address on a
    /// socket of IPv6, and in brackets where it has colons. nil for what is no address of the Internet.
    var hostName: String? {
        guard let ip = ipAddress else { return nil }
        let address = String(ip.prefix { $0 != "%" }).lowercased()
        let isMapped = address.hasPrefix("::ffff:") && address.contains(".")
        return Self.bracketed(isMapped ? String(address.dropFirst(7)) : address)
    }

    static func bracketed(_ address: String) -> String { address.contains(":") ? "[\(address)]" : address }
}

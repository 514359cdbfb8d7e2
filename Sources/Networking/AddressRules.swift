import Foundation

/// Which addresses may be connected to: public ones that are not this machine's, and what the operator allows.
struct AddressRules: Sendable {
    let allowPrivate: [AddressBlock]

    func allows(_ address: IPAddress) -> Bool {
        let address = address.unmapped
        if allowPrivate.contains(where: { $0.contains(address) }) { return true }
        return Self.isPublic(address) && Self.ownAddresses()?.contains(address) == false
    }

    /// Whether it leads to the Internet, by IANA's registries of special-purpose addresses.
    static func isPublic(_ address: IPAddress) -> Bool {
        let address = address.unmapped
        guard address.isVersion6 else { return !special4.contains { $0.contains(address) } }
        // A translator (NAT64, RFC 6052) connects to the version 4 address in it.
        if translated.contains(address) { return isPublic(IPAddress(bytes: Array(address.bytes.suffix(4)))) }
        return global6.contains(address) && !special6.contains { $0.contains(address) }
    }

    private static let special4: [AddressBlock] = [
        "0.0.0.0/8",  // this network
        "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16",  // private
        "100.64.0.0/10",  // carriers' NAT
        "127.0.0.0/8",  // loopback
        "169.254.0.0/16",  // link-local, clouds' metadata
        "192.0.0.0/24", "192.88.99.0/24",  // protocols, 6to4 relays
        "192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24",  // documentation
        "198.18.0.0/15",  // benchmarks
        "224.0.0.0/4", "240.0.0.0/4",  // multicast, reserved, broadcast
    ]

    private static let global6: AddressBlock = "2000::/3"
    private static let translated: AddressBlock = "64:ff9b::/96"
    /// Within ``global6``. Teredo and 6to4 carry a version 4 address that a relay would connect to.
    private static let special6: [AddressBlock] = [
        "2001::/23",  // protocols, Teredo, ORCHID
        "2001:db8::/32", "3fff::/20",  // documentation
        "2002::/16",  // 6to4
    ]

    /// Asked each time: interfaces come and go. nil when it can't be found out; then nothing is allowed.
    private static func ownAddresses() -> Set<IPAddress>? {
        var list: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&list) == 0 else { return nil }
        defer { freeifaddrs(list) }
        var addresses: Set<IPAddress> = []
        var next = list
        while let interface = next {
            if let address = interface.pointee.ifa_addr.flatMap({ IPAddress($0) }) {
                addresses.insert(address.unmapped)
            }
            next = interface.pointee.ifa_next
        }
        return addresses
    }
}

import Foundation

/// An address of version 4 or 6.
package struct IPAddress: Sendable, Hashable, CustomStringConvertible {
    /// 4 or 16, in network order.
    package let bytes: [UInt8]

    package init(bytes: [UInt8]) {
        precondition(bytes.count == 4 || bytes.count == 16, "an address has 4 or 16 bytes")
        self.bytes = bytes
    }

    package init?(_ text: String) {
        guard let address = IPAddress(version4: text) ?? IPAddress(version6: text) else { return nil }
        self = address
    }

    /// Four decimal numbers without leading zeros.
    init?(version4 text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let bytes = parts.compactMap { part in
            part.utf8.allSatisfy { (0x30...0x39).contains($0) } && (part == "0" || !part.hasPrefix("0"))
                ? UInt8(part) : nil
        }
        guard parts.count == 4, bytes.count == 4 else { return nil }
        self.bytes = bytes
    }

    /// Without brackets and without a zone.
    init?(version6 text: String) {
        var address = in6_addr()
        guard text.contains(":"), !text.contains("%"), inet_pton(AF_INET6, text, &address) == 1 else { return nil }
        bytes = withUnsafeBytes(of: &address) { Array($0) }
    }

    init?(_ address: UnsafePointer<sockaddr>) {
        switch Int32(address.pointee.sa_family) {
        case AF_INET:
            bytes = address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { address in
                withUnsafeBytes(of: address.pointee.sin_addr) { Array($0) }
            }
        case AF_INET6:
            bytes = address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { address in
                withUnsafeBytes(of: address.pointee.sin6_addr) { Array($0) }
            }
        default: return nil
        }
    }

    package var isVersion6: Bool { bytes.count == 16 }

    /// `::ffff:a.b.c.d` is a.b.c.d: the kernel connects to that.
    var unmapped: IPAddress {
        let mark: [UInt8] = Array(repeating: 0, count: 10) + [0xFF, 0xFF]
        return isVersion6 && bytes.starts(with: mark) ? IPAddress(bytes: Array(bytes.suffix(4))) : self
    }

    package var description: String {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        _ = bytes.withUnsafeBytes { bytes in
            inet_ntop(isVersion6 ? AF_INET6 : AF_INET, bytes.baseAddress, &text, socklen_t(text.count))
        }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// Addresses that begin with the same bits: `10.0.0.0/8`, `fd00::/8`.
package struct AddressBlock: Sendable, Equatable, ExpressibleByStringLiteral {
    private let address: IPAddress
    private let bits: Int

    package init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let address = IPAddress(String(parts[0])), parts[1].utf8.count <= 3,
            let bits = Int(parts[1]), (0...address.bytes.count * 8).contains(bits)
        else { return nil }
        (self.address, self.bits) = (address, bits)
    }

    package init(stringLiteral text: String) {
        guard let block = AddressBlock(text) else { preconditionFailure("\(text) is no block of addresses") }
        self = block
    }

    package func contains(_ other: IPAddress) -> Bool {
        guard other.bytes.count == address.bytes.count else { return false }
        let whole = bits / 8
        guard other.bytes.prefix(whole) == address.bytes.prefix(whole) else { return false }
        let rest = bits % 8
        return rest == 0 || (other.bytes[whole] ^ address.bytes[whole]) >> (8 - rest) == 0
    }
}

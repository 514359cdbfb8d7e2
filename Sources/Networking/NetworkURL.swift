import ContractBridge

/// An http or https URL, read by rules so strict that no two readers of it can disagree.
///
/// Refuses everything that RFC 3986 leaves open to interpretation: user names, backslashes, fragments, white space,
/// escapes in the host, non-ASCII, and every spelling of an IPv4 address but four plain decimal numbers. ``text`` is
/// put together anew from the parts that were checked; it alone is fetched.
package struct NetworkURL: Sendable, Equatable, CustomStringConvertible {
    package enum Host: Sendable, Hashable {
        /// In lower case.
        case name(String)
        case address(IPAddress)
    }

    private static let bytesMax = 2048

    package let isSecure: Bool
    package let host: Host
    package let port: Int
    /// Begins with a slash; a query follows after a question mark.
    package let target: String

    package init(_ text: String) throws(CallError) {
        guard text.utf8.count <= Self.bytesMax else {
            throw CallError.notAllowed("must be a URL of at most \(Self.bytesMax) bytes, got \(text.utf8.count)")
        }
        guard text.utf8.allSatisfy(Self.isURLByte) else {
            throw CallError.notAllowed(
                "must be a URL of plain ASCII: no spaces, no backslash, no '#', no control codes")
        }
        let rest: Substring
        if text.hasPrefix("https://") {
            (isSecure, rest) = (true, text.dropFirst(8))
        } else if text.hasPrefix("http://") {
            (isSecure, rest) = (false, text.dropFirst(7))
        } else {
            throw CallError.notAllowed("must begin with https://")
        }
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        (host, port) = try Self.split(authority, defaultPort: isSecure ? 443 : 80)
        let after = rest.dropFirst(authority.count)
        target = after.hasPrefix("/") ? String(after) : "/" + after
        guard Self.hasWholeEscapes(target) else {
            throw CallError.notAllowed("must have two hexadecimal digits after each %")
        }
    }

    /// The host as it stands in a URL and in the header `Host`.
    package var hostText: String {
        switch host {
        case .name(let name): name
        case .address(let address): address.isVersion6 ? "[\(address)]" : "\(address)"
        }
    }

    package var text: String {
        let usual = isSecure ? 443 : 80
        return (isSecure ? "https://" : "http://") + hostText + (port == usual ? "" : ":\(port)") + target
    }

    package var description: String { text }

    /// For the log: a query may hold secrets.
    var withoutQuery: String { String(text.prefix { $0 != "?" }) }

    /// Where a redirect leads: an absolute URL, or a reference relative to this one.
    func redirected(to location: String) throws(CallError) -> NetworkURL {
        if location.hasPrefix("https://") || location.hasPrefix("http://") { return try NetworkURL(location) }
        let scheme = isSecure ? "https:" : "http:"
        if location.hasPrefix("//") { return try NetworkURL(scheme + location) }
        // A colon before any slash would be another scheme.
        guard !location.prefix(while: { $0 != "/" && $0 != "?" }).contains(":") else {
            throw CallError.notAllowed("must not lead to another scheme than https")
        }
        let path = target.prefix { $0 != "?" }
        let base = scheme + "//" + hostText + ":\(port)"
        if location.hasPrefix("/") { return try NetworkURL(base + location) }
        if location.hasPrefix("?") || location.isEmpty { return try NetworkURL(base + path + location) }
        return try NetworkURL(base + path[...(path.lastIndex(of: "/") ?? path.startIndex)] + location)
    }

    // MARK: The parts

    private static func split(_ authority: Substring, defaultPort: Int) throws(CallError) -> (Host, Int) {
        guard !authority.contains("@") else { throw CallError.notAllowed("must name no user: there is a '@'") }
        let hostEnd: Substring.Index
        if authority.hasPrefix("[") {
            guard let bracket = authority.firstIndex(of: "]") else {
                throw CallError.notAllowed("must close the '[' of its address")
            }
            hostEnd = authority.index(after: bracket)
        } else {
            hostEnd = authority.firstIndex(of: ":") ?? authority.endIndex
        }
        return (try host(authority[..<hostEnd]), try port(authority[hostEnd...], defaultPort))
    }

    private static func port(_ text: Substring, _ defaultPort: Int) throws(CallError) -> Int {
        if text.isEmpty { return defaultPort }
        let digits = text.dropFirst()
        guard text.first == ":", (1...5).contains(digits.utf8.count), digits.utf8.allSatisfy(isDigit),
            !digits.hasPrefix("0"), let port = Int(digits), port <= 65535
        else { throw CallError.notAllowed("must have a port in 1...65535 after the host, or none") }
        return port
    }

    private static func host(_ text: Substring) throws(CallError) -> Host {
        if text.hasPrefix("[") {
            guard let address = IPAddress(version6: String(text.dropFirst().dropLast())) else {
                throw CallError.notAllowed("must have a plain IPv6 address in its brackets")
            }
            return .address(address)
        }
        let labels = text.lowercased().split(separator: ".", omittingEmptySubsequences: false)
        guard (1...253).contains(text.utf8.count), labels.allSatisfy(isLabel) else {
            throw CallError.notAllowed("must name its host in letters, digits, dots and hyphens")
        }
        // Whatever any reader could take for a number is no name: 2130706433, 0x7f.1, 0177.0.0.1, 127.1.
        guard let last = labels.last, isNumeric(last) else { return .name(text.lowercased()) }
        guard let address = IPAddress(version4: String(text)) else {
            throw CallError.notAllowed("must write an IPv4 address as four decimal numbers without leading zeros")
        }
        return .address(address)
    }

    private static func isLabel(_ label: Substring) -> Bool {
        (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
            && label.utf8.allSatisfy {
                isDigit($0) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) || $0 == 0x2D
            }
    }

    private static func isNumeric(_ label: Substring) -> Bool {
        label.utf8.allSatisfy(isDigit)
            || (label.hasPrefix("0x") && label.dropFirst(2).allSatisfy(\.isHexDigit))
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    /// RFC 3986's characters without '#'.
    private static func isURLByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"), 0x30...0x39: true
        default: "-._~:/?[]@!$&'()*+,;=%".utf8.contains(byte)
        }
    }

    private static func hasWholeEscapes(_ text: String) -> Bool {
        text.split(separator: "%", omittingEmptySubsequences: false).dropFirst().allSatisfy { part in
            part.utf8.count >= 2 && part.prefix(2).allSatisfy(\.isHexDigit)
        }
    }
}

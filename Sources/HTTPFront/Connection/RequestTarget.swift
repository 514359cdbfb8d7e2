/// The target of a request in its normal form (RFC 3986, section 6.2.2): letters and digits that are percent-encoded
/// are decoded, other encodings are written in capitals, dot segments are removed. The query stays as it is.
enum RequestTarget {
    /// - Parameter target: the origin form, `/path?query`; any other form is returned unchanged.
    static func normalized(_ target: String) -> String {
        guard target.utf8.first == slash, target.utf8.contains(where: { $0 == percent || $0 == dot }) else {
            return target
        }
        let path = target.utf8.prefix { $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") }
        let normal = withoutDotSegments(decoded(path))
        return String(decoding: normal, as: UTF8.self) + String(target[path.endIndex...])
    }

    /// The host and the origin form of a target in absolute form (RFC 9112, section 3.2.2), nil for other forms.
    static func absolute(_ target: String) -> (host: String, target: String)? {
        guard target.utf8.first != slash, let scheme = target.firstRange(of: "://") else { return nil }
        let rest = target[scheme.upperBound...]
        let host = rest.prefix { !"/?#".contains($0) }
        let path = rest[host.endIndex...]
        return (String(host), path.utf8.first == slash ? String(path) : "/" + path)
    }

    private static let slash = UInt8(ascii: "/")
    private static let percent = UInt8(ascii: "%")
    private static let dot = UInt8(ascii: ".")
    /// The characters that need no encoding anywhere (section 2.3).
    private static let unreserved = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~".utf8)

    /// Reserved characters stay encoded, since they would then mean something else; so does what is no text.
    private static func decoded(_ path: Substring.UTF8View) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = path
        while let byte = rest.popFirst() {
            let digits = rest.prefix(2)
            guard byte == percent, digits.count == 2, digits.allSatisfy(isHexDigit),
                let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
            else {
                bytes.append(byte)
                continue
            }
            rest = rest.dropFirst(2)
            if unreserved.contains(value) {
                bytes.append(value)
            } else {
                bytes.append(percent)
                bytes += String(decoding: digits, as: UTF8.self).uppercased().utf8
            }
        }
        return bytes
    }

    private static func isHexDigit(_ byte: UInt8) -> Bool { Character(UnicodeScalar(byte)).isHexDigit }

    /// Section 5.2.4. `..` never goes above the root.
    private static func withoutDotSegments(_ path: [UInt8]) -> [UInt8] {
        let segments = path.dropFirst().split(separator: slash, omittingEmptySubsequences: false)
        var kept: [ArraySlice<UInt8>] = []
        for (index, segment) in segments.enumerated() {
            let ups = segment.elementsEqual([dot, dot])
            guard ups || segment.elementsEqual([dot]) else {
                kept.append(segment)
                continue
            }
            if ups { _ = kept.popLast() }
            // A dot segment at the end names a folder.
            if index == segments.count - 1 { kept.append([]) }
        }
        return [slash] + kept.joined(separator: [slash])
    }
}

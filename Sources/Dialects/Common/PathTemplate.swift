/// The path of a route: literal segments, and `{name}` for one that the client fills in.
package struct PathTemplate: Sendable, Hashable, CustomStringConvertible, ExpressibleByStringLiteral {
    private enum Segment: Sendable, Hashable { case literal(String), parameter(String) }

    /// As it was written: `/v1/models/{model}`.
    package let description: String
    private let segments: [Segment]
    private let hasParameters: Bool

    package init(stringLiteral value: String) {
        description = value
        segments = value.split(separator: "/").map { segment in
            segment.first == "{" && segment.last == "}"
                ? .parameter(String(segment.dropFirst().dropLast())) : .literal(String(segment))
        }
        hasParameters = segments.contains { if case .parameter = $0 { true } else { false } }
    }

    /// The names of the segments that the client fills in, in order.
    package var parameters: [String] {
        segments.compactMap { if case .parameter(let name) = $0 { name } else { nil } }
    }

    /// The path with each parameter as the router writes it.
    package func text(_ parameter: (String) -> String) -> String {
        segments.map { segment in
            switch segment {
            case .literal(let text): "/" + text
            case .parameter(let name): "/" + parameter(name)
            }
        }.joined()
    }

    /// The values that the client filled in, by name, decoded once: `a%2Fb` is one segment, "a/b". nil when the path is another;
    /// so is one whose encoding is no text.
    ///
    /// - Parameter path: as it came, still encoded. Empty segments do not count.
    package func match(_ path: String) -> [String: String]? {
        if !hasParameters, path == description { return [:] }
        let given = path.utf8.split(separator: UInt8(ascii: "/"))
        guard given.count == segments.count else { return nil }
        var values: [String: String] = [:]
        for (segment, text) in zip(segments, given) {
            switch segment {
            case .literal(let literal): guard literal.utf8.elementsEqual(text) else { return nil }
            case .parameter(let name):
                guard let value = Self.decoded(text) else { return nil }
                values[name] = value
            }
        }
        return values
    }

    private static func decoded(_ text: Substring.UTF8View) -> String? {
        var bytes: [UInt8] = []
        var rest = text
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(digit), let low = rest.popFirst().flatMap(digit) else {
                return nil
            }
            bytes.append(high << 4 | low)
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        Character(UnicodeScalar(byte)).hexDigitValue.map(UInt8.init)
    }
}

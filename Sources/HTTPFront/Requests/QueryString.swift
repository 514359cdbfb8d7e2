import Host
import LlamaStackAPI

/// The names and values of a query, decoded: `&` between them, `+` for a space, and what `%` stands before must be two
/// hexadecimal digits of UTF-8 text. Decoding by halves would let two readers of one query see two things.
enum QueryString {
    static func parse(_ query: String) throws(CallError) -> [(name: String, value: String)] {
        var pairs: [(name: String, value: String)] = []
        for pair in query.utf8.split(separator: UInt8(ascii: "&")) {
            let end = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.endIndex
            pairs.append((try decode(pair[..<end]), try decode(pair[end...].dropFirst())))
        }
        return pairs
    }

    private static func decode(_ text: Substring.UTF8View) throws(CallError) -> String {
        var bytes: [UInt8] = []
        var rest = text
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "+"): bytes.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                guard let high = rest.popFirst().flatMap(digit), let low = rest.popFirst().flatMap(digit) else {
                    throw malformed
                }
                bytes.append(high << 4 | low)
            default: bytes.append(byte)
            }
        }
        guard let decoded = String(validating: bytes, as: UTF8.self) else { throw malformed }
        return decoded
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        Character(UnicodeScalar(byte)).hexDigitValue.map(UInt8.init)
    }

    private static var malformed: CallError {
        CallError(.badRequest, "the query is not percent-encoded UTF-8")
    }
}

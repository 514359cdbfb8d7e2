import Foundation

/// Bytes, over the wire a base64 string (RFC 4648, section 4, with padding and without line breaks).
public struct Base64Data: WireValue, Hashable, ExpressibleByArrayLiteral {
    public var bytes: [UInt8]

    public init(_ bytes: [UInt8]) { self.bytes = bytes }
    public init(arrayLiteral elements: UInt8...) { bytes = elements }

    public static var schema: Schema { .string(contentEncoding: "base64") }
    public var json: JSON { .string(Data(bytes).base64EncodedString()) }

    public init(json: JSON, at path: FieldPath) throws {
        guard case .string(let text) = json else { throw WireError(path, "must be a base64 string, got \(json.kind)") }
        guard let data = Data(base64Encoded: text) else {
            throw WireError(path, "must be base64 (RFC 4648) with padding and without line breaks")
        }
        bytes = Array(data)
    }
}

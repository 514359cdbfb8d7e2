/// A document that is no schema we take: where, which keyword, what was found and what was wanted.
package struct SchemaError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The kind of mistake.
    package enum Kind: Sendable, Equatable {
        /// It is no JSON Schema.
        case invalid
        /// It may be one, but has what is not supported here.
        case unsupported
        /// It passes one of ``SchemaLimits``.
        case limit
    }

    package let kind: Kind
    /// The JSON Pointer of the schema in the document; empty for the whole.
    package let place: String
    /// The keyword in that schema; empty when it is the schema itself.
    package let keyword: String
    package let message: String

    init(_ place: String, _ keyword: String, _ message: String) {
        self.init(.invalid, place, keyword, message)
    }

    init(_ kind: Kind, _ place: String, _ keyword: String, _ message: String) {
        (self.kind, self.place, self.keyword, self.message) = (kind, place, keyword, message)
    }

    /// `#/properties/city: minLength must be …`
    package var description: String { "#\(place): \(keyword.isEmpty ? "" : keyword + " ")\(message)" }
}

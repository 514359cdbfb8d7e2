import LlamaStackAPI

/// A value of an answer that is null where another record would leave it out: OpenAI's clients look for the key.
struct OrNull<Wrapped: WireValue>: WireValue {
    var value: Wrapped?

    init(_ value: Wrapped?) { self.value = value }

    static var schema: Schema { .named(Schema.nullableName(Wrapped.self), Wrapped.schema) }
    var json: JSON { value.json }
    func write(to bytes: inout [UInt8]) { value.write(to: &bytes) }
    init(json: JSON, at path: FieldPath) throws { value = try Wrapped?(json: json, at: path) }
}

extension Schema {
    /// The document writes a schema with such a name as the schema or null.
    static func nullableName(_ type: any WireValue.Type) -> String { "OrNull \(type)" }
}

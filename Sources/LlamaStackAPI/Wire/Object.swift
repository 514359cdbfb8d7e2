/// One field of a record: its key, where it lives in the Swift type, what it is when absent, what it means.
public struct Field<Root: Sendable, Value: WireValue>: Sendable {
    let key: String
    let get: @Sendable (Root) -> Value
    let absent: Value?
    /// Listed under `required` of the draft's document: every field that is not optional, defaults or not.
    let isOptional: Bool
    let description: String

    /// A field that the sender must give.
    public init(_ key: String, _ path: any KeyPath<Root, Value> & Sendable, _ description: String = "") {
        self.init(key: key, path: path, absent: nil, isOptional: false, description: description)
    }

    /// A field that is `default` when it is missing or null.
    public init(
        _ key: String, _ path: any KeyPath<Root, Value> & Sendable, default: Value, _ description: String = ""
    ) {
        self.init(key: key, path: path, absent: `default`, isOptional: false, description: description)
    }

    /// A field that may be missing or null, and is not written when nil.
    public init<Wrapped>(_ key: String, _ path: any KeyPath<Root, Value> & Sendable, _ description: String = "")
    where Value == Wrapped? {
        self.init(key: key, path: path, absent: .some(nil), isOptional: true, description: description)
    }

    private init(
        key: String, path: any KeyPath<Root, Value> & Sendable, absent: Value?, isOptional: Bool, description: String
    ) {
        self.key = key
        self.get = { $0[keyPath: path] }
        self.absent = absent
        self.isOptional = isOptional
        self.description = description
    }

    func decode(_ members: JSONObject, at path: FieldPath) throws -> Value {
        let value = members[key] ?? .null
        if value == .null, let absent { return absent }
        if members[key] == nil { throw WireError(path[key], "is required") }
        return try Value(json: value, at: path[key])
    }

    func encode(_ root: Root, into object: inout JSONObject) {
        let value = get(root).json
        if isOptional, value == .null { return }
        object[key] = value
    }

    var property: Schema.Property {
        Schema.Property(
            key: key, schema: Value.schema, isRequired: absent == nil, isOptional: isOptional,
            default: isOptional ? nil : absent?.json, description: description)
    }
}

/// The one declaration of a record. Decoding (strict: unknown keys are errors), encoding, defaults and the JSON
/// Schema all come from it, so they cannot disagree.
///
///     static let object = Object("Attachment", Self.init,
///         Field("url", \.url, "Where the bytes are"),
///         Field("mime_type", \.mimeType))
///
/// The initialiser's parameters and the fields come in the same order.
public struct Object<Root: Sendable>: Sendable {
    public let name: String
    public let properties: [Schema.Property]
    /// Whether the draft's document has it as a component; the others are written in place.
    public let isComponent: Bool
    public let description: String
    private let make: @Sendable (JSONObject, FieldPath) throws -> Root
    private let write: @Sendable (Root) -> JSONObject

    public init<each Value: WireValue>(
        _ name: String, isComponent: Bool = true, _ description: String = "",
        _ make: @escaping @Sendable (repeat each Value) -> Root, _ fields: repeat Field<Root, each Value>
    ) {
        self.name = name
        self.isComponent = isComponent
        self.description = description
        var properties: [Schema.Property] = []
        repeat properties.append((each fields).property)
        self.properties = properties
        self.make = { members, path in make(repeat try (each fields).decode(members, at: path)) }
        self.write = { root in
            var object = JSONObject()
            repeat (each fields).encode(root, into: &object)
            return object
        }
    }

    public func decode(_ json: JSON, at path: FieldPath) throws -> Root {
        guard case .object(let members) = json else { throw WireError(path, "must be an object, got \(json.kind)") }
        for key in members.keys where !properties.contains(where: { $0.key == key }) {
            throw WireError(path[key], "is not a field of \(name)" + suggestion(for: key))
        }
        return try make(members, path)
    }

    public func encode(_ root: Root) -> JSON { .object(write(root)) }

    public var schema: Schema {
        .object(Schema.Record(name: name, isComponent: isComponent, properties: properties, description: description))
    }

    private func suggestion(for key: String) -> String {
        let known = properties.map(\.key)
        if let close = Spelling.closest(to: key, in: known) { return " (did you mean '\(close)'?)" }
        return known.isEmpty ? "; it has none" : "; it has \(known.joined(separator: ", "))"
    }
}

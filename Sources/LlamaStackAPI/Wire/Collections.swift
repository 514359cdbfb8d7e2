// Arrays, sets and maps of wire values.

extension Array: WireValue where Element: WireValue {
    public static var schema: Schema { .array(Element.schema) }
    public var json: JSON { .array(map(\.json)) }
    public func write(to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "["))
        for (index, item) in enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            item.write(to: &bytes)
        }
        bytes.append(UInt8(ascii: "]"))
    }
    public init(json: JSON, at path: FieldPath) throws {
        guard case .array(let items) = json else { throw WireError(path, "must be an array, got \(json.kind)") }
        self = try items.enumerated().map { try Element(json: $1, at: path[$0]) }
    }
}

/// What JSON Lines are written of.
protocol WireList {
    /// Appends each item, and a line's end after it.
    func writeLines(to bytes: inout [UInt8])
}

extension Array: WireList where Element: WireValue {
    func writeLines(to bytes: inout [UInt8]) {
        for item in self {
            item.write(to: &bytes)
            bytes.append(UInt8(ascii: "\n"))
        }
    }
}

/// Over the wire an array whose items differ; written in sorted order.
extension Set: WireValue where Element: WireValue & Comparable {
    public static var schema: Schema { .array(Element.schema, uniqueItems: true) }
    public var json: JSON { .array(sorted().map(\.json)) }
    public init(json: JSON, at path: FieldPath) throws {
        self = []
        for (index, item) in try [Element](json: json, at: path).enumerated() where !insert(item).inserted {
            throw WireError(path[index], "comes twice; the items must differ")
        }
    }
}

/// An object with any keys, all of one type; written in the order of the keys.
extension Dictionary: WireValue where Key == String, Value: WireValue {
    public static var schema: Schema { .map(Value.schema) }
    public var json: JSON {
        var object = JSONObject()
        for (key, value) in sorted(by: { $0.key < $1.key }) { object.append(key, value.json) }
        return .object(object)
    }
    public init(json: JSON, at path: FieldPath) throws {
        guard case .object(let object) = json else { throw WireError(path, "must be an object, got \(json.kind)") }
        self = [:]
        for member in object.members { self[member.key] = try Value(json: member.value, at: path[member.key]) }
    }
}

/// Only as a field's type: nil when the field is missing or null.
extension Optional: WireValue where Wrapped: WireValue {
    public static var schema: Schema { Wrapped.schema }
    public static var whenMissing: Wrapped?? { .some(.none) }
    public var json: JSON { self?.json ?? .null }
    public func write(to bytes: inout [UInt8]) {
        if let self { self.write(to: &bytes) } else { bytes.append(contentsOf: "null".utf8) }
    }
    public init(json: JSON, at path: FieldPath) throws {
        self = json == .null ? nil : try Wrapped(json: json, at: path)
    }
}

// Arrays, sets and maps of wire values.

extension Array: WireValue where Element: WireValue {
    /// An array of the element's schema.
    public static var schema: Schema { .array(Element.schema) }
    /// The elements in order.
    public var json: JSON { .array(map(\.json)) }
    /// Appends the elements' own texts, so that no ``JSON`` is built where an element builds none.
    public func write(to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "["))
        for index in indices {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            self[index].write(to: &bytes)
        }
        bytes.append(UInt8(ascii: "]"))
    }
    /// The sum of the elements, as long as there is enough for them.
    public func measure(_ bytesLeft: inout Int) {
        bytesLeft -= 2 + count
        for item in self {
            guard bytesLeft >= 0 else { return }
            item.measure(&bytesLeft)
        }
    }
    /// Throws a ``WireError`` for anything but an array, and for the first element that does not fit; its path has the
    /// index.
    @inlinable
    public init(json: JSON, at path: FieldPath) throws {
        guard case .array(let items) = json else { throw WireError(path, "must be an array, got \(json.kind)") }
        self = []
        reserveCapacity(items.count)
        for index in items.indices {
            append(try Element(plain: items[index]) ?? Element(json: items[index], at: path[index]))
        }
    }
}

/// A list that can be written as JSON Lines.
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
    /// An array whose items differ.
    public static var schema: Schema { .array(Element.schema, uniqueItems: true) }
    /// The elements, sorted, so that the text is the same every time.
    public var json: JSON { .array(sorted().map(\.json)) }
    /// The sum of the elements.
    public func measure(_ bytesLeft: inout Int) {
        bytesLeft -= 2 + count
        for item in self where bytesLeft >= 0 { item.measure(&bytesLeft) }
    }
    /// Throws a ``WireError`` as an array does, and for an element that comes twice.
    public init(json: JSON, at path: FieldPath) throws {
        self = []
        for (index, item) in try [Element](json: json, at: path).enumerated() where !insert(item).inserted {
            throw WireError(path[index], "comes twice; the items must differ")
        }
    }
}

/// An object with any keys, all of one type; written in the order of the keys.
extension Dictionary: WireValue where Key == String, Value: WireValue {
    /// An object whose members all have the value's schema.
    public static var schema: Schema { .map(Value.schema) }
    /// The members in the order of their keys, so that the text is the same every time.
    public var json: JSON {
        var object = JSONObject()
        for (key, value) in sorted(by: { $0.key < $1.key }) { object.append(key, value.json) }
        return .object(object)
    }
    /// The sum of the members, as long as there is enough for them.
    public func measure(_ bytesLeft: inout Int) {
        bytesLeft -= 2
        for (key, value) in self where bytesLeft >= 0 {
            key.measure(&bytesLeft)
            value.measure(&bytesLeft)
        }
    }
    /// Throws a ``WireError`` for anything but an object, and for the first member that does not fit; its path has the
    /// key.
    public init(json: JSON, at path: FieldPath) throws {
        guard case .object(let object) = json else { throw WireError(path, "must be an object, got \(json.kind)") }
        self = [:]
        for member in object.members { self[member.key] = try Value(json: member.value, at: path[member.key]) }
    }
}

/// Only as a field's type: nil when the field is missing or null.
extension Optional: WireValue where Wrapped: WireValue {
    /// The wrapped type's schema: that a field may be absent is the field's property.
    public static var schema: Schema { Wrapped.schema }
    /// nil: an optional field may be missing.
    public static var whenMissing: Wrapped?? { .some(.none) }
    /// Takes the plain values of the wrapped type.
    @inlinable public init?(plain json: JSON) {
        guard let value = Wrapped(plain: json) else { return nil }
        self = .some(value)
    }
    /// `null` for nil; a record leaves such a member out.
    public var json: JSON { self?.json ?? .null }
    /// Appends `null` for nil.
    public func write(to bytes: inout [UInt8]) {
        if let self { self.write(to: &bytes) } else { bytes.append(contentsOf: "null".utf8) }
    }
    /// The wrapped value's size.
    public func measure(_ bytesLeft: inout Int) {
        if let self { self.measure(&bytesLeft) } else { bytesLeft -= 4 }
    }
    /// nil for `null`. Throws the wrapped type's ``WireError`` for anything else that does not fit.
    public init(json: JSON, at path: FieldPath) throws {
        self = json.isNull ? nil : try Wrapped(json: json, at: path)
    }
}

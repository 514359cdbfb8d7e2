import Foundation

// The plain values of the wire.

extension Bool: WireValue {
    /// Takes a boolean.
    @inlinable public init?(plain json: JSON) {
        guard case .bool(let value) = json else { return nil }
        self = value
    }
    /// A boolean.
    public static var schema: Schema { .boolean }
    /// `true` or `false`.
    public var json: JSON { .bool(self) }
    /// Appends the word.
    public func write(to bytes: inout [UInt8]) { bytes.append(contentsOf: (self ? "true" : "false").utf8) }
    /// The longer of the two.
    public func measure(_ bytesLeft: inout Int) { bytesLeft -= 5 }
    /// Throws a ``WireError`` for anything but a boolean: no number or text stands for one.
    public init(json: JSON, at path: FieldPath) throws {
        guard case .bool(let value) = json else { throw WireError(path, "must be a boolean, got \(json.kind)") }
        self = value
    }
}

extension Int: WireValue {
    /// Takes a number without a fraction.
    @inlinable public init?(plain json: JSON) {
        guard case .integer(let value) = json else { return nil }
        self = Int(value)
    }
    /// An integer without bounds.
    public static var schema: Schema { .integer() }
    /// The exact integer.
    public var json: JSON { .integer(Int64(self)) }
    /// Appends the digits.
    public func write(to bytes: inout [UInt8]) { bytes.append(contentsOf: String(self).utf8) }
    /// The longest integer.
    public func measure(_ bytesLeft: inout Int) { bytesLeft -= 20 }
    /// Takes 3 and 3.0, as JSON Schema does. Throws a ``WireError`` for anything else, and for a number that `Int`
    /// cannot hold.
    public init(json: JSON, at path: FieldPath) throws {
        switch json {
        case .integer(let value): self = Int(value)
        case .number(let value):
            guard let whole = Int(exactly: value) else { throw WireError(path, "must be an integer, got \(value)") }
            self = whole
        case .exact(let value):
            throw WireError(path, "must be an integer of at most 64 bits, got \(value.text.prefix(40))")
        default: throw WireError(path, "must be an integer, got \(json.kind)")
        }
    }
}

extension Double: WireValue {
    /// A number without bounds.
    public static var schema: Schema { .number() }
    /// A number; NaN and infinity are written as `null`.
    public var json: JSON { .number(self) }
    /// The longest number.
    public func measure(_ bytesLeft: inout Int) { bytesLeft -= 25 }
    /// Takes integers too; beyond 2^53 they are rounded. Throws a ``WireError`` for anything but a number.
    public init(json: JSON, at path: FieldPath) throws {
        guard let value = json.numberValue else { throw WireError(path, "must be a number, got \(json.kind)") }
        guard value.isFinite else { throw WireError(path, "must be a number that a double can hold") }
        self = value
    }
}

/// Written with as few digits as read back to the same value.
extension Float: WireValue {
    /// A number without bounds.
    public static var schema: Schema { .number() }
    /// The shortest decimal that reads back as the same `Float`; NaN and infinity are written as `null`.
    public var json: JSON { .number(Double(description) ?? Double(self)) }
    /// The longest number.
    public func measure(_ bytesLeft: inout Int) { bytesLeft -= 25 }
    /// Rounds to the nearest `Float`; beyond its range that is an infinity. Throws a ``WireError`` for anything but a
    /// number.
    public init(json: JSON, at path: FieldPath) throws { self = Float(try Double(json: json, at: path)) }
}

extension String: WireValue {
    /// Takes a string.
    @inlinable public init?(plain json: JSON) {
        guard case .string(let value) = json else { return nil }
        self = value
    }
    /// A string of any length.
    public static var schema: Schema { .string() }
    /// The text itself.
    public var json: JSON { .string(self) }
    /// Appends the text in quotes, escaped, without building a ``JSON`` first.
    public func write(to bytes: inout [UInt8]) { JSONEscape.encode(self, into: &bytes) }
    /// The text in quotes, without what escapes add.
    public func measure(_ bytesLeft: inout Int) { bytesLeft -= utf8.count + 2 }
    /// Throws a ``WireError`` for anything but a string.
    public init(json: JSON, at path: FieldPath) throws {
        guard case .string(let value) = json else { throw WireError(path, "must be a string, got \(json.kind)") }
        self = value
    }
}

extension JSON: WireValue {
    /// Any value.
    public static var schema: Schema { .any }
    /// The value itself.
    public var json: JSON { self }
    /// The sum of what it holds.
    public func measure(_ bytesLeft: inout Int) {
        switch self {
        case .null, .bool: bytesLeft -= 5
        case .integer, .number: bytesLeft -= 25
        case .exact(let number): number.text.measure(&bytesLeft)
        case .string(let text): text.measure(&bytesLeft)
        case .array(let items): items.measure(&bytesLeft)
        case .object(let object): object.measure(&bytesLeft)
        }
    }
    /// Takes every value, `null` among them.
    public init(json: JSON, at path: FieldPath) throws { self = json }
}

/// map<any>: an object with any keys and values.
extension JSONObject: WireValue {
    /// Takes an object.
    @inlinable public init?(plain json: JSON) {
        guard case .object(let value) = json else { return nil }
        self = value
    }
    /// An object with any members.
    public static var schema: Schema { .map(.any) }
    /// The object itself.
    public var json: JSON { .object(self) }
    /// The sum of the members.
    public func measure(_ bytesLeft: inout Int) {
        bytesLeft -= 2
        for member in members where bytesLeft >= 0 {
            member.key.measure(&bytesLeft)
            member.value.measure(&bytesLeft)
        }
    }
    /// Throws a ``WireError`` for anything but an object.
    public init(json: JSON, at path: FieldPath) throws {
        guard case .object(let value) = json else { throw WireError(path, "must be an object, got \(json.kind)") }
        self = value
    }
}

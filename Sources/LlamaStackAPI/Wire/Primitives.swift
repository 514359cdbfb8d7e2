import Foundation

// The plain values of the wire.

extension Bool: WireValue {
    public static var schema: Schema { .boolean }
    public var json: JSON { .bool(self) }
    public init(json: JSON, at path: FieldPath) throws {
        guard case .bool(let value) = json else { throw WireError(path, "must be a boolean, got \(json.kind)") }
        self = value
    }
}

extension Int: WireValue {
    public static var schema: Schema { .integer() }
    public var json: JSON { .integer(Int64(self)) }
    /// Takes 3 and 3.0, as JSON Schema does.
    public init(json: JSON, at path: FieldPath) throws {
        switch json {
        case .integer(let value): self = Int(value)
        case .number(let value):
            guard let whole = Int(exactly: value) else { throw WireError(path, "must be an integer, got \(value)") }
            self = whole
        default: throw WireError(path, "must be an integer, got \(json.kind)")
        }
    }
}

extension Double: WireValue {
    public static var schema: Schema { .number() }
    public var json: JSON { .number(self) }
    public init(json: JSON, at path: FieldPath) throws {
        switch json {
        case .integer(let value): self = Double(value)
        case .number(let value): self = value
        default: throw WireError(path, "must be a number, got \(json.kind)")
        }
    }
}

/// Written with as few digits as read back to the same value.
extension Float: WireValue {
    public static var schema: Schema { .number() }
    public var json: JSON { .number(Double(description) ?? Double(self)) }
    public init(json: JSON, at path: FieldPath) throws { self = Float(try Double(json: json, at: path)) }
}

extension String: WireValue {
    public static var schema: Schema { .string() }
    public var json: JSON { .string(self) }
    public func write(to bytes: inout [UInt8]) { JSONEscape.encode(self, into: &bytes) }
    public init(json: JSON, at path: FieldPath) throws {
        guard case .string(let value) = json else { throw WireError(path, "must be a string, got \(json.kind)") }
        self = value
    }
}

extension JSON: WireValue {
    public static var schema: Schema { .any }
    public var json: JSON { self }
    public init(json: JSON, at path: FieldPath) throws { self = json }
}

/// map<any>: an object with any keys and values.
extension JSONObject: WireValue {
    public static var schema: Schema { .map(.any) }
    public var json: JSON { .object(self) }
    public init(json: JSON, at path: FieldPath) throws {
        guard case .object(let value) = json else { throw WireError(path, "must be an object, got \(json.kind)") }
        self = value
    }
}

/// A value that goes over the wire: made from JSON strictly, written as JSON, described by a schema.
///
/// Records do not conform by hand: they conform to ``WireRecord`` and declare one ``Object``.
public protocol WireValue: Sendable {
    /// The shape of every value of the type, for the document and for schemas of configurations.
    static var schema: Schema { get }
    /// Throws a ``WireError`` that names `path` when `json` does not fit.
    init(json: JSON, at path: FieldPath) throws
    /// The same for JSON that surely fits, in less time; nil where ``init(json:at:)`` is to say, which is the default.
    init?(plain json: JSON)
    /// The value as JSON, as ``init(json:at:)`` reads it.
    var json: JSON { get }
    /// Appends the text of ``json``, the same bytes, where there is a way that builds no ``JSON`` first.
    func write(to bytes: inout [UInt8])
    /// Takes about the size of the text from `bytesLeft`, and leaves it below zero when there are too few, or when the
    /// size is not known without writing the text, which is the default.
    func measure(_ bytesLeft: inout Int)
    /// The value of a field of this type when it is missing or null; nil when such a field is required. Only optionals
    /// have one.
    static var whenMissing: Self? { get }
}

extension WireValue {
    /// The default: nil.
    @inlinable public init?(plain json: JSON) { return nil }

    /// nil: a field of this type is required unless it has a default.
    public static var whenMissing: Self? { nil }

    /// The default: builds ``json`` and writes it.
    public func write(to bytes: inout [UInt8]) {
        var writer = JSONWriter(indent: nil, appendingTo: bytes.take())
        writer.write(json, level: 0)
        bytes = writer.bytes
    }

    /// The default: the size is not known.
    public func measure(_ bytesLeft: inout Int) { bytesLeft = -1 }

    /// Whether the text surely takes no more bytes than about this. Answers in a moment, whatever the value holds.
    package func isShort(bytesMax: Int) -> Bool {
        var bytesLeft = bytesMax
        measure(&bytesLeft)
        return bytesLeft >= 0
    }

    /// The value as a JSON text.
    public var jsonBytes: [UInt8] {
        var bytes: [UInt8] = []
        // Growing to this by halves takes longer than writing it.
        bytes.reserveCapacity(256)
        write(to: &bytes)
        return bytes
    }
}

extension [UInt8] {
    /// The bytes as the only reference to them: appending to the result does not copy.
    fileprivate mutating func take() -> [UInt8] {
        defer { self = [] }
        return self
    }
}

/// A record of the wire: everything about it comes from `object`.
public protocol WireRecord: WireValue {
    /// The one declaration of the record's fields.
    static var object: Object<Self> { get }
}

extension WireRecord {
    /// The schema of the record's fields.
    public static var schema: Schema { object.schema }
    /// Throws a ``WireError`` at the first mistake: an unknown key, a missing field, a value that does not fit.
    public init(json: JSON, at path: FieldPath) throws { self = try Self.object.decode(json, at: path) }
    /// The fields in their order; optional ones that are nil are left out.
    public var json: JSON { Self.object.encode(self) }
    /// Appends the record's text field by field, without building a ``JSON`` first.
    public func write(to bytes: inout [UInt8]) { Self.object.write(self, to: &bytes) }
    /// The sum of the fields.
    public func measure(_ bytesLeft: inout Int) { Self.object.measure(self, &bytesLeft) }
}

/// Where a value stood in the request: `sampling_params.top_p`, `messages[2].role`.
public indirect enum FieldPath: Sendable, CustomStringConvertible {
    /// The whole body.
    case root
    /// A member of the object at the path.
    case key(FieldPath, String)
    /// An item of the array at the path, from 0.
    case index(FieldPath, Int)

    /// The path as an error shows it; empty for the root. Long keys are cut.
    public var description: String {
        switch self {
        case .root: ""
        // A key may be the sender's own, of any length.
        case .key(.root, let key): Quote.short(key)
        case .key(let parent, let key): "\(parent).\(Quote.short(key))"
        case .index(let parent, let index): "\(parent)[\(index)]"
        }
    }

    /// The path of a member.
    public subscript(key: String) -> FieldPath { .key(self, key) }
    /// The path of an item.
    public subscript(index: Int) -> FieldPath { .index(self, index) }
}

/// JSON that does not fit the schema, or a value out of range.
public struct WireError: Error, Sendable, Equatable, CustomStringConvertible {
    /// `invalid_request` unless the value's type says otherwise.
    public var code: ErrorCode
    /// Empty when it is about the whole body.
    public var field: String
    /// A sentence that begins after the field's name: "must be a string, got a number".
    public var message: String

    /// An error at `path`.
    ///
    /// - Parameter message: a sentence that begins after the field's name.
    public init(_ path: FieldPath, _ message: String, code: ErrorCode = .invalidRequest) {
        self.code = code
        self.field = path.description
        self.message = message
    }

    /// The field, or "the body", and the message.
    public var description: String { "\(field.isEmpty ? "the body" : field) \(message)" }
}

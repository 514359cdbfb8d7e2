/// A value that goes over the wire: made from JSON strictly, written as JSON, described by a schema.
///
/// Records do not conform by hand: they conform to ``WireRecord`` and declare one ``Object``.
public protocol WireValue: Sendable {
    static var schema: Schema { get }
    /// Throws a ``WireError`` that names `path` when `json` does not fit.
    init(json: JSON, at path: FieldPath) throws
    var json: JSON { get }
    /// Appends the text of ``json``, the same bytes, where there is a way that builds no ``JSON`` first.
    func write(to bytes: inout [UInt8])
    /// What a field of this type is when it is missing or null; nil when it must not be. Only optionals have it.
    static var whenMissing: Self? { get }
}

extension WireValue {
    public static var whenMissing: Self? { nil }

    public func write(to bytes: inout [UInt8]) {
        var writer = JSONWriter(indent: nil, appendingTo: bytes.take())
        writer.write(json, level: 0)
        bytes = writer.bytes
    }

    /// The value as a JSON text.
    public var jsonBytes: [UInt8] {
        var bytes: [UInt8] = []
        write(to: &bytes)
        return bytes
    }
}

extension [UInt8] {
    /// The bytes, of which nobody else has a share now: whoever appends to them does not copy.
    fileprivate mutating func take() -> [UInt8] {
        defer { self = [] }
        return self
    }
}

/// A record of the wire: everything about it comes from `object`.
public protocol WireRecord: WireValue {
    static var object: Object<Self> { get }
}

extension WireRecord {
    public static var schema: Schema { object.schema }
    public init(json: JSON, at path: FieldPath) throws { self = try Self.object.decode(json, at: path) }
    public var json: JSON { Self.object.encode(self) }
    public func write(to bytes: inout [UInt8]) { Self.object.write(self, to: &bytes) }
}

/// Where a value stood in the request: `sampling_params.top_p`, `messages[2].role`.
public indirect enum FieldPath: Sendable, CustomStringConvertible {
    case root
    case key(FieldPath, String)
    case index(FieldPath, Int)

    public var description: String {
        switch self {
        case .root: ""
        // A key may be the sender's own, of any length.
        case .key(.root, let key): Quote.short(key)
        case .key(let parent, let key): "\(parent).\(Quote.short(key))"
        case .index(let parent, let index): "\(parent)[\(index)]"
        }
    }

    public subscript(key: String) -> FieldPath { .key(self, key) }
    public subscript(index: Int) -> FieldPath { .index(self, index) }

    /// Another field of the same record.
    func sibling(_ key: String) -> FieldPath {
        switch self {
        case .root: .key(.root, key)
        case .key(let parent, _), .index(let parent, _): .key(parent, key)
        }
    }
}

/// JSON that does not fit the schema, or a value out of range.
public struct WireError: Error, Sendable, Equatable, CustomStringConvertible {
    public var code: ErrorCode
    /// Empty when it is about the whole body.
    public var field: String
    /// A sentence that begins after the field's name: "must be a string, got a number".
    public var message: String

    public init(_ path: FieldPath, _ message: String, code: ErrorCode = .invalidRequest) {
        self.code = code
        self.field = path.description
        self.message = message
    }

    public var description: String { "\(field.isEmpty ? "the body" : field) \(message)" }
}

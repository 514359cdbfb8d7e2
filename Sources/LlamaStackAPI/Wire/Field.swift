/// One field of a record: its key, where it lives in the Swift type, what it is when absent, what it means.
public struct Field<Root: Sendable, Value: WireValue>: Sendable {
    @usableFromInline let code: FieldCode

    // The initialisers are inlinable so that each module has the code of its values for their very types: the same
    // code for any type takes five times as long. ``FieldCode`` knows the type of the value alone, so that this code is
    // there once for each of them and not for each field.

    /// A field that the sender must give. Of an optional type: one that may be missing or null, and is not written when
    /// nil.
    @inlinable
    public init(_ key: String, _ path: any KeyPath<Root, Value> & Sendable, _ description: String = "") {
        code = FieldCode(Place(path), absent: Value.whenMissing, .plain(key, Value.self, description))
    }

    /// The same for a text that is the id or an alias of a resource of the distribution: of a "model". Of a provider's
    /// configuration the host then refuses a name that it does not know, at its line.
    @inlinable
    public init(
        _ key: String, _ path: any KeyPath<Root, Value> & Sendable, naming resourceKind: String,
        _ description: String = ""
    ) {
        code = FieldCode(
            Place(path), absent: Value.whenMissing, .plain(key, Value.self, description, naming: resourceKind))
    }

    /// The same for a text that is the URL of a server. A provider whose configuration has the field may ask that
    /// server through the host: its scheme, host and port, whatever the address, without redirects.
    @inlinable
    public init(
        _ key: String, _ path: any KeyPath<Root, Value> & Sendable, isServerURL: Bool, _ description: String = ""
    ) {
        code = FieldCode(
            Place(path), absent: Value.whenMissing, .plain(key, Value.self, description, isServerURL: isServerURL))
    }

    /// An optional field beyond the draft, which a provider sends only to a caller with the option `extended`.
    @inlinable
    public init(
        extended key: String, _ path: any KeyPath<Root, Value> & Sendable, _ description: String = ""
    ) {
        code = FieldCode(Place(path), absent: Value.whenMissing, .extended(key, Value.self, description))
    }

    /// A field that the sender must give, and that must hold `check`.
    @inlinable
    public init(
        _ key: String, _ path: any KeyPath<Root, Value> & Sendable, check: Check<Value>, _ description: String = ""
    ) {
        code = FieldCode(Place(path), absent: nil, check: check, .checked(key, Value.schema, check, description))
    }

    /// A field that may be missing or null, and that must hold `check` when it is there.
    @inlinable
    package init<Wrapped>(
        _ key: String, _ path: any KeyPath<Root, Value> & Sendable, ifPresent check: Check<Wrapped>,
        schema: Schema = Wrapped.schema, _ description: String = ""
    ) where Value == Wrapped? {
        code = FieldCode(
            Place(path), absent: .some(nil), check: check.ifPresent,
            .checked(key, schema, check, description, isOptional: true))
    }

    /// A field that is `default` when it is missing or null.
    @inlinable
    public init(
        _ key: String, _ path: any KeyPath<Root, Value> & Sendable, default: Value, check: Check<Value>? = nil,
        _ description: String = ""
    ) {
        code = FieldCode(
            Place(path), absent: `default`, check: check,
            .checked(key, Value.schema, check, description, default: `default`.json))
    }

    /// A field that is `absent` when it is missing or null and is always written, though the document states no
    /// default.
    @inlinable
    public init(
        _ key: String, _ path: any KeyPath<Root, Value> & Sendable, whenAbsent absent: Value, _ description: String = ""
    ) {
        code = FieldCode(Place(path), absent: absent, .unchecked(key, Value.schema, description))
    }

    /// A field that always is `constant`: input with another value is refused.
    @inlinable
    public init(
        _ key: String, _ path: any KeyPath<Root, Value> & Sendable, constant: Value, _ description: String = ""
    )
    where Value: WireEnum {
        let check = Check<Value>.constant(constant)
        code = FieldCode(
            Place(path), absent: nil, check: check, .checked(key, .constant(constant.rawValue), check, description))
    }

    /// A field whose kind another field of the record tells.
    @inlinable
    public init(
        _ key: String, _ path: any KeyPath<Root, Value> & Sendable, taggedBy tag: String, _ description: String = ""
    )
    where Value: TaggedWireValue {
        code = FieldCode(Place(path), taggedBy: tag, .unchecked(key, Value.schema, description))
    }

    /// A record whose fields stand among those of `Root`, at the same level. To be written as ``Inline``.
    @inlinable
    public init(_ path: any KeyPath<Root, Value> & Sendable, _ object: Object<Value>) {
        code = FieldCode(Place(path), inlining: object)
    }
}

/// A field that is a record written in place, without a key of its own: see ``Field/init(_:_:)``.
public typealias Inline = Field

/// A value whose kind is told by a field beside it.
public protocol TaggedWireValue: WireValue {
    /// The type of the field that says which kind the value is.
    associatedtype Tag: WireValue
    /// Reads the kind that `tag` names. Throws a ``WireError`` that names `path` when `json` does not fit it.
    init(json: JSON, tag: Tag, at path: FieldPath) throws
}

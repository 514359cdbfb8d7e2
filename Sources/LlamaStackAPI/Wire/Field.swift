/// One field of a record: its key, where it lives in the Swift type, what it is when absent, what it means.
public struct Field<Root: Sendable, Value: WireValue>: Sendable {
    @usableFromInline let code: FieldCode

    // The initialisers are inlinable so that each module has the code of its own fields for their very types: the same
    // code for any type takes five times as long.

    /// A field that the sender must give. Of an optional type: one that may be missing or null, and is not written when
    /// nil.
    @inlinable
    public init(_ key: String, _ path: any KeyPath<Root, Value> & Sendable, _ description: String = "") {
        let absent = Value.whenMissing
        self.init(
            path, absent: absent, FieldProperty(key, Value.schema, isOptional: absent != nil, description: description))
    }

    /// The same for a text that is the id or an alias of a resource of the distribution: of a "model". Of a provider's
    /// configuration the host then refuses a name that it does not know, at its line.
    @inlinable
    public init(
        _ key: String, _ path: any KeyPath<Root, Value> & Sendable, naming resourceKind: String,
        _ description: String = ""
    ) {
        let absent = Value.whenMissing
        var property = FieldProperty(key, Value.schema, isOptional: absent != nil, description: description)
        property.resourceKind = resourceKind
        self.init(path, absent: absent, property)
    }

    /// The same for a text that is the URL of a server. A provider whose configuration has the field may ask that
    /// server through the host: its scheme, host and port, whatever the address, without redirects.
    @inlinable
    public init(
        _ key: String, _ path: any KeyPath<Root, Value> & Sendable, isServerURL: Bool, _ description: String = ""
    ) {
        let absent = Value.whenMissing
        var property = FieldProperty(key, Value.schema, isOptional: absent != nil, description: description)
        property.isServerURL = isServerURL
        self.init(path, absent: absent, property)
    }

    /// An optional field beyond the draft, which a provider sends only to a caller with the option `extended`.
    @inlinable
    public init(
        extended key: String, _ path: any KeyPath<Root, Value> & Sendable, _ description: String = ""
    ) {
        let absent = Value.whenMissing
        precondition(absent != nil, "\(key) must be of an optional type")
        var property = FieldProperty(key, Value.schema, isOptional: true, description: description)
        property.isExtended = true
        self.init(path, absent: absent, property)
    }

    /// A field that the sender must give, and that must hold `check`.
    @inlinable
    public init(
        _ key: String, _ path: any KeyPath<Root, Value> & Sendable, check: Check<Value>, _ description: String = ""
    ) {
        var property = FieldProperty(key, Value.schema, description: description)
        (property.wanted, property.bounds) = (check.wanted, check.bounds)
        self.init(path, absent: nil, property) { json, _, path, key in
            let value = try Self.value(json, path, key)
            try check(value, at: path[key])
            return value
        }
    }

    /// A field that may be missing or null, and that must hold `check` when it is there.
    @inlinable
    package init<Wrapped>(
        _ key: String, _ path: any KeyPath<Root, Value> & Sendable, ifPresent check: Check<Wrapped>,
        schema: Schema = Wrapped.schema, _ description: String = ""
    ) where Value == Wrapped? {
        var property = FieldProperty(key, schema, isOptional: true, description: description)
        (property.wanted, property.bounds) = (check.wanted, check.bounds)
        self.init(path, absent: .some(nil), property) { json, _, path, key in
            let value = try Self.value(json, path, key)
            if let value { try check(value, at: path[key]) }
            return value
        }
    }

    /// A field that is `default` when it is missing or null.
    @inlinable
    public init(
        _ key: String, _ path: any KeyPath<Root, Value> & Sendable, default: Value, check: Check<Value>? = nil,
        _ description: String = ""
    ) {
        var property = FieldProperty(key, Value.schema, description: description)
        property.default = `default`.json
        if let check { (property.wanted, property.bounds) = (check.wanted, check.bounds) }
        self.init(path, absent: `default`, property) { json, _, path, key in
            let value = try Self.value(json, path, key)
            try check?(value, at: path[key])
            return value
        }
    }

    /// A field that is `absent` when it is missing or null and is always written, though the document states no
    /// default.
    @inlinable
    public init(
        _ key: String, _ path: any KeyPath<Root, Value> & Sendable, whenAbsent absent: Value, _ description: String = ""
    ) {
        self.init(path, absent: absent, FieldProperty(key, Value.schema, description: description))
    }

    /// A field that always is `constant`: input with another value is refused.
    @inlinable
    public init(
        _ key: String, _ path: any KeyPath<Root, Value> & Sendable, constant: Value, _ description: String = ""
    )
    where Value: WireEnum {
        let check = Check<Value>("\"\(constant.rawValue)\"") { $0 == constant }
        var property = FieldProperty(key, .constant(constant.rawValue), description: description)
        (property.wanted, property.bounds) = (check.wanted, check.bounds)
        self.init(path, absent: nil, property) { json, _, path, key in
            let value = try Self.value(json, path, key)
            try check(value, at: path[key])
            return value
        }
    }

    /// A field whose kind another field of the record tells.
    @inlinable
    public init(
        _ key: String, _ path: any KeyPath<Root, Value> & Sendable, taggedBy tag: String, _ description: String = ""
    )
    where Value: TaggedWireValue {
        self.init(path, absent: nil, FieldProperty(key, Value.schema, description: description)) {
            json, members, path, key in
            let tag = try Value.Tag(json: members[tag] ?? .null, at: path[tag])
            return try Value(json: json, tag: tag, at: path[key])
        }
    }

    /// A record whose fields stand among those of `Root`, at the same level. To be written as ``Inline``.
    @inlinable
    public init(_ path: any KeyPath<Root, Value> & Sendable, _ object: Object<Value>) {
        precondition(!object.isOpen, "\(object.name) takes any key, so it can't be inlined")
        let place = Place(path)
        code = FieldCode(
            key: "", properties: object.properties, isInlined: true, layout: .init(Value.self),
            read: { _, members, path, memory in
                memory.initializeMemory(as: Value.self, to: try object.make(members, path))
            },
            encode: { root, members in place.with(root) { object.code.encode($0, into: &members) } },
            write: { root, bytes in place.with(root) { object.code.write($0, to: &bytes) } },
            measure: { root, bytesLeft in place.with(root) { object.code.measure($0, &bytesLeft) } })
    }

    @inlinable
    init(
        _ path: any KeyPath<Root, Value> & Sendable, absent: Value?, _ property: FieldProperty,
        read: @escaping @Sendable (JSON, JSONObject, FieldPath, String) throws -> Value = { json, _, path, key in
            try Self.value(json, path, key)
        }
    ) {
        let (key, isOptional) = (property.key, property.isOptional)
        let place = Place(path)
        code = FieldCode(
            key: key, properties: [property.described(absent: absent?.json, isRequired: absent == nil)],
            isInlined: false, layout: .init(Value.self),
            read: { json, members, path, memory in
                let value: Value
                if let absent, json?.isNull ?? true {
                    value = absent
                } else if let json {
                    value = try read(json, members, path, key)
                } else {
                    throw WireError(path[key], "is required")
                }
                memory.initializeMemory(as: Value.self, to: value)
            },
            encode: { root, members in
                let value = place.value(root).json
                if !isOptional || !value.isNull { members.append(key, value) }
            },
            write: { root, bytes in place.value(root).write(to: &bytes) },
            measure: { root, bytesLeft in place.value(root).measure(&bytesLeft) })
    }

    /// A member's value. Its path is made only where it may be needed: making one takes longer than most values.
    @inlinable
    static func value(_ json: JSON, _ path: FieldPath, _ key: String) throws -> Value {
        try Value(plain: json) ?? Value(json: json, at: path[key])
    }

    /// The place of the value in a record that lies in memory: a stored property's is its offset, since a key path
    /// that is not known at compile time takes ten times as long.
    @usableFromInline
    struct Place: Sendable {
        @usableFromInline let offset: Int?
        @usableFromInline let path: any KeyPath<Root, Value> & Sendable

        @inlinable
        init(_ path: any KeyPath<Root, Value> & Sendable) {
            (self.path, offset) = (path, MemoryLayout<Root>.offset(of: path))
        }

        @inlinable @inline(__always)
        func value(_ root: UnsafeRawPointer) -> Value {
            guard let offset else { return root.assumingMemoryBound(to: Root.self).pointee[keyPath: path] }
            return root.advanced(by: offset).assumingMemoryBound(to: Value.self).pointee
        }

        @inlinable
        func with(_ root: UnsafeRawPointer, _ body: (UnsafeRawPointer) -> Void) {
            if let offset { return body(root.advanced(by: offset)) }
            withUnsafePointer(to: value(root)) { body(UnsafeRawPointer($0)) }
        }
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

/// One field of a record: its key, where it lives in the Swift type, what it is when absent, what it means.
public struct Field<Root: Sendable, Value: WireValue>: Sendable {
    let key: String
    /// `"key":`
    private let keyText: [UInt8]
    private let get: @Sendable (Root) -> Value
    private let read: @Sendable (JSON, JSONObject, FieldPath) throws -> Value
    private let absent: Value?
    /// The keys that it takes: one, or those of the record that it inlines.
    let properties: [Schema.Property]
    private let isOptional: Bool
    private let inlined: Object<Value>?

    /// A field that the sender must give. Of an optional type: one that may be missing or null, and is not written when
    /// nil.
    public init(_ key: String, _ path: any KeyPath<Root, Value> & Sendable, _ description: String = "") {
        let absent = Value.whenMissing
        self.init(key, path, absent: absent, check: nil, Property(isOptional: absent != nil, description: description))
    }

    /// The same for a text that is the id or an alias of a resource of the distribution: of a "model". Of a provider's
    /// configuration the host then refuses a name that it does not know, at its line.
    public init(
        _ key: String, _ path: any KeyPath<Root, Value> & Sendable, naming resourceKind: String,
        _ description: String = ""
    ) {
        let absent = Value.whenMissing
        self.init(
            key, path, absent: absent, check: nil,
            Property(isOptional: absent != nil, description: description, resourceKind: resourceKind))
    }

    /// The same for a text that is the URL of a server. A provider whose configuration has the field may ask that
    /// server through the host: its scheme, host and port, whatever the address, without redirects.
    public init(
        _ key: String, _ path: any KeyPath<Root, Value> & Sendable, isServerURL: Bool, _ description: String = ""
    ) {
        let absent = Value.whenMissing
        self.init(
            key, path, absent: absent, check: nil,
            Property(isOptional: absent != nil, description: description, isServerURL: isServerURL))
    }

    /// An optional field beyond the draft, which a provider sends only to a caller with the option `extended`.
    public init(
        extended key: String, _ path: any KeyPath<Root, Value> & Sendable, _ description: String = ""
    ) {
        let absent = Value.whenMissing
        precondition(absent != nil, "\(key) must be of an optional type")
        self.init(
            key, path, absent: absent, check: nil,
            Property(isOptional: true, description: description, isExtended: true))
    }

    /// A field that the sender must give, and that must hold `check`.
    public init(
        _ key: String, _ path: any KeyPath<Root, Value> & Sendable, check: Check<Value>, _ description: String = ""
    ) {
        self.init(key, path, absent: nil, check: check, Property(description: description))
    }

    /// A field that may be missing or null, and that must hold `check` when it is there.
    package init<Wrapped>(
        _ key: String, _ path: any KeyPath<Root, Value> & Sendable, ifPresent check: Check<Wrapped>,
        schema: Schema = Wrapped.schema, _ description: String = ""
    ) where Value == Wrapped? {
        self.init(
            key, path, absent: .some(nil), check: nil,
            Property(schema: schema, isOptional: true, description: description, wanted: check.wanted)
        ) { json, _, path in
            let value = try Value(json: json, at: path)
            if let value { try check(value, at: path) }
            return value
        }
    }

    /// A field that is `default` when it is missing or null.
    public init(
        _ key: String, _ path: any KeyPath<Root, Value> & Sendable, default: Value, check: Check<Value>? = nil,
        _ description: String = ""
    ) {
        self.init(
            key, path, absent: `default`, check: check, Property(default: `default`.json, description: description))
    }

    /// A field that is `absent` when it is missing or null and is always written, though the document states no
    /// default.
    public init(
        _ key: String, _ path: any KeyPath<Root, Value> & Sendable, whenAbsent absent: Value, _ description: String = ""
    ) {
        self.init(key, path, absent: absent, check: nil, Property(description: description))
    }

    /// A field that always is `constant`: input with another value is refused.
    public init(
        _ key: String, _ path: any KeyPath<Root, Value> & Sendable, constant: Value, _ description: String = ""
    )
    where Value: WireEnum {
        self.init(
            key, path, absent: nil, check: Check("\"\(constant.rawValue)\"") { $0 == constant },
            Property(schema: .constant(constant.rawValue), description: description))
    }

    /// A field whose kind another field of the record tells.
    public init(
        _ key: String, _ path: any KeyPath<Root, Value> & Sendable, taggedBy tag: String, _ description: String = ""
    )
    where Value: TaggedWireValue {
        self.init(key, path, absent: nil, check: nil, Property(description: description)) { json, members, path in
            let tag = try Value.Tag(json: members[tag] ?? .null, at: path.sibling(tag))
            return try Value(json: json, tag: tag, at: path)
        }
    }

    /// A record whose fields stand among those of `Root`, at the same level. To be written as ``Inline``.
    public init(_ path: any KeyPath<Root, Value> & Sendable, _ object: Object<Value>) {
        precondition(!object.isOpen, "\(object.name) takes any key, so it can't be inlined")
        (key, keyText, absent, isOptional, inlined) = ("", [], nil, false, object)
        get = Self.reader(of: path)
        read = { _, members, path in try object.make(members, path) }
        properties = object.properties
    }

    private struct Property {
        var schema = Value.schema
        var isOptional = false
        var `default`: JSON?
        var description: String
        var resourceKind: String?
        var isServerURL = false
        var isExtended = false
        var wanted: String?
    }

    private init(
        _ key: String, _ path: any KeyPath<Root, Value> & Sendable, absent: Value?, check: Check<Value>?,
        _ property: Property,
        read: @escaping @Sendable (JSON, JSONObject, FieldPath) throws -> Value = { json, _, path in
            try Value(json: json, at: path)
        }
    ) {
        self.key = key
        self.keyText = key.jsonBytes + [UInt8(ascii: ":")]
        self.get = Self.reader(of: path)
        self.absent = absent
        self.read = { json, members, path in
            let value = try read(json, members, path)
            try check?(value, at: path)
            return value
        }
        isOptional = property.isOptional
        inlined = nil
        properties = [
            Schema.Property(
                key: key, schema: property.schema, isRequired: absent == nil, isOptional: property.isOptional,
                default: property.default, description: property.description, resourceKind: property.resourceKind,
                isServerURL: property.isServerURL, isExtended: property.isExtended,
                whenAbsent: property.isOptional ? nil : absent?.json, wanted: property.wanted ?? check?.wanted)
        ]
    }

    /// Reads a stored property at its offset: a key path that is not known at compile time takes ten times as long.
    private static func reader(of path: any KeyPath<Root, Value> & Sendable) -> @Sendable (Root) -> Value {
        guard let offset = MemoryLayout<Root>.offset(of: path) else { return { $0[keyPath: path] } }
        return { root in
            withUnsafePointer(to: root) {
                UnsafeRawPointer($0).advanced(by: offset).assumingMemoryBound(to: Value.self).pointee
            }
        }
    }

    func decode(_ members: JSONObject, at path: FieldPath) throws -> Value {
        if inlined != nil { return try read(.null, members, path) }
        let value = members[key]
        if value == nil || value == .null, let absent { return absent }
        guard let value else { throw WireError(path[key], "is required") }
        return try read(value, members, path[key])
    }

    func encode(_ root: Root, into object: inout JSONObject) {
        if let inlined {
            for member in inlined.makeMembers(get(root)).members { object.append(member.key, member.value) }
            return
        }
        let value = get(root).json
        if isOptional, value == .null { return }
        object.append(key, value)
    }

    /// The same into a text whose last byte is `{` or the end of a member.
    func write(_ root: Root, to bytes: inout [UInt8]) {
        if let inlined { return inlined.writeMembers(get(root), &bytes) }
        let start = bytes.count
        if bytes.last != UInt8(ascii: "{") { bytes.append(UInt8(ascii: ",")) }
        bytes.append(contentsOf: keyText)
        let value = bytes.count
        get(root).write(to: &bytes)
        if isOptional, bytes[value...].elementsEqual("null".utf8) { bytes.removeSubrange(start...) }
    }

    /// Nothing once there is not enough.
    func measure(_ root: Root, _ bytesLeft: inout Int) {
        guard bytesLeft >= 0 else { return }
        bytesLeft -= keyText.count + 1
        get(root).measure(&bytesLeft)
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

/// The place of a field's value in a record that lies in memory. A stored property's is its offset: a key path that is
/// not known at compile time takes ten times as long.
@usableFromInline
struct Place<Value>: Sendable {
    @usableFromInline let offset: Int
    /// Computes the value where the property is no stored one and has no offset.
    @usableFromInline let computed: (@Sendable (UnsafeRawPointer) -> Value)?

    @usableFromInline
    init<Root>(_ path: any KeyPath<Root, Value> & Sendable) {
        if let offset = MemoryLayout<Root>.offset(of: path) {
            (self.offset, computed) = (offset, nil)
        } else {
            offset = 0
            computed = { root in root.assumingMemoryBound(to: Root.self).pointee[keyPath: path] }
        }
    }

    @inlinable @inline(__always)
    func value(_ root: UnsafeRawPointer) -> Value {
        if let computed { return computed(root) }
        return root.advanced(by: offset).assumingMemoryBound(to: Value.self).pointee
    }

    @inlinable
    func with(_ root: UnsafeRawPointer, _ body: (UnsafeRawPointer) -> Void) {
        guard let computed else { return body(root.advanced(by: offset)) }
        withUnsafePointer(to: computed(root)) { body(UnsafeRawPointer($0)) }
    }
}

// Not inlined, so that the code of the closures does not take on what is constant in each field.
extension FieldCode {
    /// A field with a key of its own.
    ///
    /// - Parameter absent: its value when it is missing or null; nil: it must be there.
    @inlinable @inline(never)
    convenience init<Value: WireValue>(
        _ place: Place<Value>, absent: Value?, check: Check<Value>? = nil, _ property: FieldProperty
    ) {
        self.init(place, absent: absent, property) { json, _, path, key in
            // Its path is made only where it may be needed: making one takes longer than most values.
            let value = try Value(plain: json) ?? Value(json: json, at: path[key])
            try check?(value, at: path[key])
            return value
        }
    }

    /// A field whose kind the field `tag` tells.
    @inlinable @inline(never)
    convenience init<Value: TaggedWireValue>(_ place: Place<Value>, taggedBy tag: String, _ property: FieldProperty) {
        self.init(place, absent: nil, property) { json, members, path, key in
            let tag = try Value.Tag(json: members[tag] ?? .null, at: path[tag])
            return try Value(json: json, tag: tag, at: path[key])
        }
    }

    @inlinable
    convenience init<Value: WireValue>(
        _ place: Place<Value>, absent: Value?, _ property: FieldProperty,
        _ value: @escaping @Sendable (JSON, JSONObject, FieldPath, String) throws -> Value
    ) {
        let (key, isOptional) = (property.key, property.isOptional)
        self.init(
            key: key, properties: [property.described(absent: absent?.json, isRequired: absent == nil)],
            isInlined: false, layout: .init(Value.self),
            read: { json, members, path, memory in
                if let absent, json?.isNull ?? true {
                    memory.initializeMemory(as: Value.self, to: absent)
                } else if let json {
                    memory.initializeMemory(as: Value.self, to: try value(json, members, path, key))
                } else {
                    throw WireError(path[key], "is required")
                }
            },
            encode: { root, members in
                let value = place.value(root).json
                if !isOptional || !value.isNull { members.append(key, value) }
            },
            write: { root, bytes in place.value(root).write(to: &bytes) },
            measure: { root, bytesLeft in place.value(root).measure(&bytesLeft) })
    }

    /// The fields of a record in place.
    @usableFromInline
    convenience init<Value>(_ place: Place<Value>, inlining object: Object<Value>) {
        precondition(!object.isOpen, "\(object.name) takes any key, so it can't be inlined")
        self.init(
            key: "", properties: object.properties, isInlined: true, layout: .init(Value.self),
            read: { _, members, path, memory in
                memory.initializeMemory(as: Value.self, to: try object.make(members, path))
            },
            encode: { root, members in place.with(root) { object.code.encode($0, into: &members) } },
            write: { root, bytes in place.with(root) { object.code.write($0, to: &bytes) } },
            measure: { root, bytesLeft in place.with(root) { object.code.measure($0, &bytesLeft) } })
    }
}

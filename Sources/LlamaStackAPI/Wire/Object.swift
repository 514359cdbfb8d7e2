/// The one declaration of a record. Decoding (strict: unknown keys are errors), encoding, defaults and the JSON
/// Schema all come from it, so they cannot disagree.
///
///     static let object = Object("Attachment", Self.init,
///         Field("url", \.url, "Where the bytes are"),
///         Field("mime_type", \.mimeType))
///
/// The initialiser's parameters and the fields come in the same order. With `rest`, keys that no field has are no
/// errors but go there, and are written after the fields. An ``Inline`` field puts the fields of another record in its
/// place, so that records share fields:
///
///     static let object = Object("Configuration", Self.init,
///         Field("folder", \.folder),
///         Inline(\.chunking, ChunkingSettings.object))
public struct Object<Root: Sendable>: Sendable {
    @usableFromInline let code: RecordCode
    /// Makes the record from its members.
    @usableFromInline let make: @Sendable (JSONObject, FieldPath) throws -> Root

    /// The record's name in errors and in the document.
    public var name: String { code.name }
    /// The fields in the order in which they are written.
    public var properties: [Schema.Property] { code.properties }
    /// Whether the draft's document has it as a component; the others are written in place.
    public var isComponent: Bool { code.isComponent }
    /// Whether keys that no field has are kept in place of refused.
    public var isOpen: Bool { code.isOpen }

    /// Declares a record.
    ///
    /// - Parameter name: its name in errors and in the document.
    /// - Parameter isComponent: whether the document has it as a component of its own.
    /// - Parameter rest: where keys go that no field has; nil: they are errors.
    /// - Parameter make: makes the record from the fields' values, in the fields' order.
    /// - Parameter fields: the fields, in the order in which they are written.
    public init<each Value: WireValue>(
        _ name: String, isComponent: Bool = true,
        rest: (any WritableKeyPath<Root, JSONObject> & Sendable)? = nil,
        _ make: @escaping @Sendable (repeat each Value) -> Root, _ fields: repeat Field<Root, each Value>
    ) {
        var all: [FieldCode] = []
        repeat all.append((each fields).code)
        // By its offset: see ``Field``.
        let restOffset: Int? = rest.flatMap { MemoryLayout<Root>.offset(of: $0) }
        precondition((rest == nil) == (restOffset == nil), "the rest of \(name) must be a stored property")
        let code = RecordCode(name, isComponent: isComponent, restOffset: restOffset, all)
        self.code = code
        @Sendable func made(_ values: inout RecordCode.Values) -> Root {
            make(repeat values.next((each Value).self))
        }
        self.make = { members, path in
            var root = try code.withValues(of: members, path, made)
            guard let restOffset else { return root }
            withUnsafeMutablePointer(to: &root) { root in
                (UnsafeMutableRawPointer(root) + restOffset).assumingMemoryBound(to: JSONObject.self).pointee =
                    members.filter { !code.has($0) }
            }
            return root
        }
    }

    /// Reads a record. Throws a ``WireError`` at the first mistake: no object, an unknown key (with a suggestion), a
    /// missing field, a value that does not fit.
    public func decode(_ json: JSON, at path: FieldPath) throws -> Root {
        guard case .object(let members) = json else { throw WireError(path, "must be an object, got \(json.kind)") }
        if !isOpen, let key = code.firstUnknown(members) {
            throw WireError(path[key], "is not a field of \(name)" + suggestion(for: key))
        }
        return try make(members, path)
    }

    /// The record as an object, fields in their order. Optional fields that are nil are left out.
    public func encode(_ root: Root) -> JSON {
        var members = JSONObject()
        withUnsafePointer(to: root) { code.encode(UnsafeRawPointer($0), into: &members) }
        return .object(members)
    }

    /// Appends the text of what ``encode(_:)`` gives.
    public func write(_ root: Root, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "{"))
        withUnsafePointer(to: root) { code.write(UnsafeRawPointer($0), to: &bytes) }
        bytes.append(UInt8(ascii: "}"))
    }

    /// Takes about the size of that text from `bytesLeft`: see ``WireValue/measure(_:)``.
    func measure(_ root: Root, _ bytesLeft: inout Int) {
        withUnsafePointer(to: root) { code.measure(UnsafeRawPointer($0), &bytesLeft) }
    }

    /// The record's schema, from those of its fields that the draft has.
    public var schema: Schema {
        .record(
            Schema.Record(
                name: name, isComponent: isComponent, isOpen: isOpen, properties: properties.filter { !$0.isExtended }))
    }

    private func suggestion(for key: String) -> String {
        let known = properties.map(\.key)
        if let close = Spelling.closest(to: key, in: known) { return " (did you mean '\(close)'?)" }
        return known.isEmpty ? "; it has none" : "; it has \(known.joined(separator: ", "))"
    }
}

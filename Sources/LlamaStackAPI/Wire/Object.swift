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
    /// The record's name in errors and in the document.
    public let name: String
    /// The fields in the order in which they are written.
    public let properties: [Schema.Property]
    /// Whether the draft's document has it as a component; the others are written in place.
    public let isComponent: Bool
    /// Whether keys that no field has are kept in place of refused.
    public let isOpen: Bool
    let make: @Sendable (JSONObject, FieldPath) throws -> Root
    let makeMembers: @Sendable (Root) -> JSONObject
    let writeMembers: @Sendable (Root, inout [UInt8]) -> Void
    let measureMembers: @Sendable (Root, inout Int) -> Void

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
        self.name = name
        self.isComponent = isComponent
        var properties: [Schema.Property] = []
        repeat properties += (each fields).properties
        self.properties = properties
        self.isOpen = rest != nil
        let known = properties.map(\.key)
        precondition(Set(known).count == known.count, "\(name) has a key twice: \(known)")
        self.make = { members, path in
            var root = make(repeat try (each fields).decode(members, at: path))
            if let rest { root[keyPath: rest] = members.filter { !known.contains($0) } }
            return root
        }
        self.makeMembers = { root in
            var object = JSONObject()
            repeat (each fields).encode(root, into: &object)
            // A key of a field in the rest would come twice.
            for member in rest.map({ root[keyPath: $0].members }) ?? [] where !known.contains(member.key) {
                object.append(member.key, member.value)
            }
            return object
        }
        self.writeMembers = { root, bytes in
            repeat (each fields).write(root, to: &bytes)
            for member in rest.map({ root[keyPath: $0].members }) ?? [] where !known.contains(member.key) {
                if bytes.last != UInt8(ascii: "{") { bytes.append(UInt8(ascii: ",")) }
                member.key.write(to: &bytes)
                bytes.append(UInt8(ascii: ":"))
                member.value.write(to: &bytes)
            }
        }
        self.measureMembers = { root, bytesLeft in
            bytesLeft -= 2
            repeat (each fields).measure(root, &bytesLeft)
            rest.map { root[keyPath: $0] }?.measure(&bytesLeft)
        }
    }

    /// Reads a record. Throws a ``WireError`` at the first mistake: no object, an unknown key (with a suggestion), a
    /// missing field, a value that does not fit.
    public func decode(_ json: JSON, at path: FieldPath) throws -> Root {
        guard case .object(let members) = json else { throw WireError(path, "must be an object, got \(json.kind)") }
        for key in isOpen ? [] : members.keys where !properties.contains(where: { $0.key == key }) {
            throw WireError(path[key], "is not a field of \(name)" + suggestion(for: key))
        }
        return try make(members, path)
    }

    /// The record as an object, fields in their order. Optional fields that are nil are left out.
    public func encode(_ root: Root) -> JSON { .object(makeMembers(root)) }

    /// Appends the text of what ``encode(_:)`` gives.
    public func write(_ root: Root, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "{"))
        writeMembers(root, &bytes)
        bytes.append(UInt8(ascii: "}"))
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

import LlamaStackAPI

/// A piece of a YAML document, with its place.
struct YAMLNode: Sendable {
    indirect enum Content: Sendable {
        case scalar(YAMLScalar)
        case sequence([YAMLNode])
        case mapping([YAMLMember])
    }

    var content: Content
    var position: Position
    /// A part of it was refused and reported: what it does not hold is not missing.
    var isIncomplete = false
}

struct YAMLMember: Sendable {
    var key: String
    var keyPosition: Position
    var value: YAMLNode
}

struct YAMLScalar: Sendable {
    var text: String
    /// Quoted and block scalars are strings whatever they look like.
    var isPlain: Bool
    /// Its text came from the environment, or its key says that it is a secret: never printed.
    var isSecret = false
    /// A reference in it failed and was reported: whatever it stands for, nothing more is said.
    var isUnresolved = false
    /// It was one reference and nothing else: its text is typed as a plain scalar's, and is a string where one is
    /// wanted.
    var isReference = false
    /// `!!str`: a string whatever it looks like, also when it is one reference.
    var isTaggedString = false

    /// The value by YAML 1.2's core schema.
    var value: JSON { isPlain ? CoreSchema.value(of: text) : .string(text) }

    /// The text where a string is wanted; nil when it is none.
    var string: String? {
        if case .string(let text) = value { return text }
        return isReference && !text.isEmpty ? text : nil
    }

    /// For a message.
    var quoted: String { isSecret ? "***" : Quote.short(text) }
}

extension YAMLNode {
    var json: JSON {
        switch content {
        case .scalar(let scalar): scalar.value
        case .sequence(let items): .array(items.map(\.json))
        case .mapping(let members):
            .object(members.reduce(into: JSONObject()) { $0[$1.key] = $1.value.json })
        }
    }

    /// The value that a schema's type asks for: a reference whose text looks like a number is a string where one is
    /// wanted, and an optional key with nothing behind it is not there, as for `${env.X:=}` where X is not set.
    func json(fitting schema: JSON?) -> JSON {
        switch content {
        case .scalar(let scalar):
            schema?["type"] == "string" ? scalar.string.map { .string($0) } ?? scalar.value : scalar.value
        case .sequence(let items): .array(items.map { $0.json(fitting: schema?["items"]) })
        case .mapping(let members):
            .object(
                members.reduce(into: JSONObject()) { object, member in
                    let property = schema?["properties"]?[member.key]
                    if member.value.isNull, let property, property["type"] != "null",
                        schema?.requires(member.key) == false
                    {
                        return
                    }
                    let inner = property ?? schema?["additionalProperties"]
                    object[member.key] = member.value.json(fitting: inner)
                })
        }
    }

    /// Nothing stands behind its key.
    var isNull: Bool {
        guard case .scalar(let scalar) = content, scalar.value == .null else { return false }
        return scalar.string == nil
    }

    subscript(key: String) -> YAMLNode? {
        guard case .mapping(let members) = content else { return nil }
        return members.first { $0.key == key }?.value
    }

    /// Its name in messages.
    var kind: String {
        switch content {
        case .scalar(let scalar): scalar.value.kind
        case .sequence: "a list"
        case .mapping: "a mapping"
        }
    }

    /// "a string 'x'": the kind and, of a scalar, the text.
    var found: String {
        switch content {
        case .scalar(let scalar):
            scalar.value == .null ? "nothing" : "\(scalar.value.kind) \(scalar.quoted)"
        default: kind
        }
    }
}

extension JSON {
    /// Whether a schema of an object asks for the key.
    fileprivate func requires(_ key: String) -> Bool {
        guard case .array(let keys)? = self["required"] else { return false }
        return keys.contains(.string(key))
    }
}

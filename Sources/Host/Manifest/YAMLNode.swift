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

    /// The value by YAML 1.2's core schema.
    var value: JSON { isPlain ? CoreSchema.value(of: text) : .string(text) }

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

    var isNull: Bool {
        if case .scalar(let scalar) = content { return scalar.value == .null }
        return false
    }

    subscript(key: String) -> YAMLNode? {
        guard case .mapping(let members) = content else { return nil }
        return members.first { $0.key == key }?.value
    }

    /// What a message calls it.
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

import LlamaStackAPI

/// Something that a distribution or a trainer names and a provider serves: a model, an adapter, a shield, a tool group.
public struct Resource: Sendable, Equatable {
    /// "model", "shield", …: an open set.
    public var kind: String
    public var id: String
    /// A file or folder, absolute.
    public var path: String?
    /// For an adapter: the id of the model that it changes.
    public var base: String?
    /// Everything else that the distribution says about it.
    public var attributes: JSONObject

    public init(
        kind: String, id: String, path: String? = nil, base: String? = nil, attributes: JSONObject = JSONObject()
    ) {
        (self.kind, self.id, self.path, self.base, self.attributes) = (kind, id, path, base, attributes)
    }
}

extension Resource: WireValue {
    public static var schema: Schema { .map(.any) }

    public init(json: JSON, at path: FieldPath) throws {
        var members = try JSONObject(json: json, at: path)
        func take<Value: WireValue>(_ key: String, as type: Value.Type = Value.self) throws -> Value {
            defer { members[key] = nil }
            if members[key] == nil, Value.self == String.self { throw WireError(path[key], "is required") }
            return try Value(json: members[key] ?? .null, at: path[key])
        }
        kind = try take("kind")
        id = try take("id")
        self.path = try take("path", as: String?.self)
        base = try take("base", as: String?.self)
        attributes = members
    }

    public var json: JSON {
        var object: JSONObject = ["kind": .string(kind), "id": .string(id)]
        object["path"] = path.map { .string($0) }
        object["base"] = base.map { .string($0) }
        for member in attributes.members { object[member.key] = member.value }
        return .object(object)
    }
}

import LlamaStackAPI

extension Schema {
    /// JSON Schema in the words that the contract allows: type, properties, required, enum, minimum, maximum, items,
    /// additionalProperties, default, description; and the host's own: `network`, for the URL of a server, and
    /// `x-resource`, the kind of resource that a text names. What they cannot say (patterns, unions) is left to the
    /// decoding.
    var configurationSchema: JSON {
        switch self {
        case .any, .anyOf, .oneOf: [:]
        case .object: ["type": "object"]
        case .boolean: ["type": "boolean"]
        case .integer(let minimum, let maximum):
            bounded("integer", minimum.map { .integer($0) }, maximum.map { .integer($0) })
        case .number(let minimum, let maximum):
            bounded("number", minimum.map { .number($0) }, maximum.map { .number($0) })
        case .string: ["type": "string"]
        case .array(let item, _, _): ["type": "array", "items": item.configurationSchema]
        case .map(let value): ["type": "object", "additionalProperties": value.configurationSchema]
        case .enumeration(_, let values, let isOpen):
            isOpen ? ["type": "string"] : ["type": "string", "enum": .array(values.map { .string($0) })]
        case .constant(let value): ["type": "string", "enum": [.string(value)]]
        case .named(_, _, let schema): schema.configurationSchema
        case .record(let record): record.configurationSchema
        }
    }

    private func bounded(_ type: String, _ minimum: JSON?, _ maximum: JSON?) -> JSON {
        var object: JSONObject = ["type": .string(type)]
        object["minimum"] = minimum
        object["maximum"] = maximum
        return .object(object)
    }
}

extension Schema.Record {
    var configurationSchema: JSON {
        var members: JSONObject = [:]
        for property in properties {
            guard case .object(var schema) = property.schema.configurationSchema else { continue }
            schema["default"] = property.default
            schema["x-resource"] = property.resourceKind.map { .string($0) }
            if property.isServerURL { schema["network"] = true }
            if !property.description.isEmpty { schema["description"] = .string(property.description) }
            members[property.key] = .object(schema)
        }
        var object: JSONObject = ["type": "object", "properties": .object(members)]
        let required = properties.filter(\.isRequired).map { JSON.string($0.key) }
        if !required.isEmpty { object["required"] = .array(required) }
        object["additionalProperties"] = .bool(isOpen)
        return .object(object)
    }
}

extension Schema {
    /// As it stands in the OpenAPI document where it is used, in the draft's manner: components by reference and
    /// everything else in place; `required` lists every field that is not optional, defaults or not.
    var openAPI: JSON {
        guard let name, isComponent else { return openAPIDefinition }
        return ["$ref": .string("#/components/schemas/\(name)")]
    }

    /// The schema that a reference points to.
    var openAPIDefinition: JSON {
        switch self {
        case .any: Self.anyValue
        case .boolean: ["type": "boolean"]
        case .integer(let minimum, let maximum):
            Self.object(("type", "integer"), ("minimum", minimum?.json), ("maximum", maximum?.json))
        case .number(let minimum, let maximum):
            Self.object(("type", "number"), ("minimum", minimum?.json), ("maximum", maximum?.json))
        case .string(let format, let pattern, let encoding):
            Self.object(
                ("type", "string"), ("format", format?.json), ("pattern", pattern?.json),
                ("contentEncoding", encoding?.json))
        case .array(let item, let uniqueItems, _):
            Self.object(("type", "array"), ("items", item.openAPI), ("uniqueItems", uniqueItems ? true : nil))
        case .map(let value): ["type": "object", "additionalProperties": value.openAPI]
        case .object: ["type": "object"]
        case .enumeration(_, let values, _): ["type": "string", "enum": values.json]
        case .constant(let value): ["type": "string", "const": .string(value)]
        case .oneOf(let members): ["oneOf": .array(members.map(\.openAPI))]
        case .anyOf(let members): ["anyOf": .array(members.map(\.openAPI))]
        case .named(_, _, let schema): schema.openAPI
        case .record(let record): record.openAPIDefinition
        }
    }

    /// The draft's words for a value of any kind.
    private static let anyValue: JSON = [
        "oneOf": .array(["null", "boolean", "number", "string", "array", "object"].map { ["type": $0] })
    ]

    /// Without the members that are nil.
    fileprivate static func object(_ members: (String, JSON?)...) -> JSON {
        var object = JSONObject()
        for (key, value) in members { object[key] = value }
        return .object(object)
    }
}

extension Schema.Record {
    fileprivate var openAPIDefinition: JSON {
        var fields = JSONObject()
        for property in properties { fields[property.key] = property.openAPI }
        let required = properties.filter { !$0.isOptional }.map(\.key)
        return Schema.object(
            ("type", "object"), ("properties", .object(fields)), ("additionalProperties", .bool(isOpen)),
            ("required", required.isEmpty ? nil : required.json))
    }
}

extension Schema.Property {
    fileprivate var openAPI: JSON {
        guard case .object(var object) = schema.openAPI else { return schema.openAPI }
        object["default"] = `default`
        if !description.isEmpty { object["description"] = .string(description) }
        return .object(object)
    }
}

extension Int64 {
    fileprivate var json: JSON { .integer(self) }
}

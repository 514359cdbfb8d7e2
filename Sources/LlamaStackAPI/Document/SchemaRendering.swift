extension Schema {
    /// Who reads the rendered schema, which decides what is spelled out and what `required` means.
    enum Rendering {
        /// The OpenAPI document, in the draft's manner: components by reference and everything else in place;
        /// `required` lists every field that is not optional, defaults or not.
        case document
        /// JSON Schema of what a client may send: every field with a default may be missing or null.
        case request
        /// JSON Schema of what a server sends: a field is there, or it is optional and absent; nothing is null.
        case response
    }

    /// As it stands where it is used: a reference when it is written elsewhere.
    func json(_ rendering: Rendering) -> JSON {
        guard let name else { return definition(rendering) }
        switch (rendering, self) {
        case (.document, .named(_, true, _)): return ["$ref": .string("#/components/schemas/\(name)")]
        case (.document, .record(let record)) where record.isComponent:
            return ["$ref": .string("#/components/schemas/\(name)")]
        case (.document, _): return definition(rendering)
        default: return ["$ref": .string("#/$defs/\(name)")]
        }
    }

    /// The definition that a reference to the schema points to.
    func definition(_ rendering: Rendering) -> JSON {
        switch self {
        case .any: rendering == .document ? Self.anyValue : [:]
        case .boolean: ["type": "boolean"]
        case .integer(let minimum, let maximum):
            Self.object(("type", "integer"), ("minimum", minimum?.json), ("maximum", maximum?.json))
        case .number(let minimum, let maximum):
            Self.object(("type", "number"), ("minimum", minimum?.json), ("maximum", maximum?.json))
        case .string(let format, let pattern, let encoding):
            Self.object(
                ("type", "string"), ("format", format?.json), ("pattern", pattern?.json),
                ("contentEncoding", encoding?.json))
        case .array(let item, let uniqueItems):
            Self.object(("type", "array"), ("items", item.json(rendering)), ("uniqueItems", uniqueItems ? true : nil))
        case .map(let value): ["type": "object", "additionalProperties": value.json(rendering)]
        case .object: ["type": "object"]
        case .enumeration(_, let values, _):
            Self.object(("type", rendering == .document ? "string" : nil), ("enum", values.json))
        case .constant(let value):
            Self.object(("type", rendering == .document ? "string" : nil), ("const", .string(value)))
        case .oneOf(let members):
            [rendering == .document ? "oneOf" : "anyOf": .array(members.map { $0.json(rendering) })]
        case .anyOf(let members): ["anyOf": .array(members.map { $0.json(rendering) })]
        case .named(_, _, let schema): schema.json(rendering)
        case .record(let record): record.definition(rendering)
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
    fileprivate func definition(_ rendering: Schema.Rendering) -> JSON {
        var fields = JSONObject()
        for property in properties { fields[property.key] = property.json(rendering) }
        let required = properties.filter { rendering == .request ? $0.isRequired : !$0.isOptional }.map(\.key)
        return Schema.object(
            ("type", "object"), ("properties", .object(fields)), ("additionalProperties", .bool(isOpen)),
            ("required", required.isEmpty && rendering == .document ? nil : required.json))
    }
}

extension Schema.Property {
    func json(_ rendering: Schema.Rendering) -> JSON {
        let json = schema.json(rendering)
        switch rendering {
        case .response: return json
        case .request: return isRequired ? json : ["anyOf": [json, ["type": "null"]]]
        case .document:
            guard case .object(var object) = json else { return json }
            object["default"] = `default`
            if !description.isEmpty { object["description"] = .string(description) }
            return .object(object)
        }
    }
}

extension Int64 {
    fileprivate var json: JSON { .integer(self) }
}

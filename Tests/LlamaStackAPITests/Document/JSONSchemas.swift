@testable import LlamaStackAPI

/// JSON Schema (2020-12) of everything the API says, one definition a name: strict as the decoders are.
struct JSONSchemas {
    /// The schemas of requests: every field with a default may be missing or null.
    static func requests(_ endpoints: [EndpointDescription]) -> JSON { Self(isRequest: true).document(endpoints) }

    /// The schemas of answers: a field is there, or it is optional and absent; nothing is null.
    static func responses(_ endpoints: [EndpointDescription]) -> JSON { Self(isRequest: false).document(endpoints) }

    let isRequest: Bool

    private func document(_ endpoints: [EndpointDescription]) -> JSON {
        var definitions = JSONObject()
        for (name, schema) in endpoints.namedSchemas { definitions[name] = definition(of: schema) }
        return ["$schema": "https://json-schema.org/draft/2020-12/schema", "$defs": .object(definitions)]
    }

    /// As it stands where it is used: a reference when it is written elsewhere.
    private func schema(_ schema: Schema) -> JSON {
        schema.name.map { ["$ref": .string("#/$defs/\($0)")] } ?? definition(of: schema)
    }

    /// The schema that a reference points to.
    func definition(of schema: Schema) -> JSON {
        switch schema {
        case .any: [:]
        case .array(let item, let uniqueItems, _):
            uniqueItems
                ? ["type": "array", "items": self.schema(item), "uniqueItems": true]
                : ["type": "array", "items": self.schema(item)]
        case .map(let value): ["type": "object", "additionalProperties": self.schema(value)]
        case .enumeration(_, let values, _): ["enum": values.json]
        case .constant(let value): ["const": .string(value)]
        case .oneOf(let members), .anyOf(let members): ["anyOf": .array(members.map { self.schema($0) })]
        case .named(_, _, let schema): self.schema(schema)
        case .record(let record): definition(of: record)
        case .boolean, .integer, .number, .string, .object: schema.openAPIDefinition
        }
    }

    private func definition(of record: Schema.Record) -> JSON {
        var fields = JSONObject()
        for property in record.properties {
            let schema = schema(property.schema)
            fields[property.key] =
                isRequest && !property.isRequired ? ["anyOf": [schema, ["type": "null"]]] : schema
        }
        let required = record.properties.filter { isRequest ? $0.isRequired : !$0.isOptional }.map(\.key)
        return [
            "type": "object", "properties": .object(fields), "additionalProperties": .bool(record.isOpen),
            "required": required.json,
        ]
    }
}

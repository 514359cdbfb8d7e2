import LlamaStackAPI

/// Schemas as the served document has them: what is really taken and sent. A request may leave out, or send null for,
/// whatever has a value when it is absent; an answer leaves out only what is optional. So a record has a component for
/// each of the two.
struct ServedSchema {
    /// By name: the components that were referred to so far.
    private(set) var components = JSONObject()
    private var known: Set<String> = []

    enum Side { case request, answer }

    /// The schema where it is used; a record is a reference.
    mutating func schema(_ schema: Schema, _ side: Side) -> JSON {
        switch schema {
        case .any: return [:]
        case .boolean: return ["type": "boolean"]
        case .integer(let minimum, let maximum):
            return Self.object(
                ("type", "integer"), ("minimum", .integer(minimum ?? .min)), ("maximum", .integer(maximum ?? .max)))
        case .number(let minimum, let maximum):
            return Self.object(
                ("type", "number"), ("minimum", minimum.map { .number($0) }), ("maximum", maximum.map { .number($0) }))
        case .string(_, _, "base64"?):
            return ["type": "string", "contentEncoding": "base64", "pattern": .string(Self.base64)]
        case .string(let format, let pattern, let encoding):
            return Self.object(
                ("type", "string"), ("format", format.map { .string($0) }), ("pattern", pattern.map { .string($0) }),
                ("contentEncoding", encoding.map { .string($0) }))
        case .array(let item, let uniqueItems, let counts):
            return Self.object(
                ("type", "array"), ("items", self.schema(item, side)), ("uniqueItems", uniqueItems ? true : nil),
                ("minItems", counts.map { .integer(Int64($0.lowerBound)) }),
                ("maxItems", counts.map { .integer(Int64($0.upperBound)) }))
        case .map(let value): return ["type": "object", "additionalProperties": self.schema(value, side)]
        case .object: return ["type": "object"]
        case .enumeration(_, let values, let isOpen):
            let words = JSON.array(values.map { .string($0) })
            guard isOpen else { return ["type": "string", "enum": words] }
            // An id of the distribution may be any.
            let id: JSON = ["type": "string", "examples": words]
            return side == .request ? Self.bounded(id, Check<String>.identifierBounds) : id
        case .constant(let value): return ["type": "string", "const": .string(value)]
        case .oneOf(let members), .anyOf(let members):
            return ["anyOf": .array(members.map { self.schema($0, side) })]
        case .named("URL", _, _): return side == .request ? Self.urlOrObject : Self.url
        case .named(let name, _, let inner):
            let value = self.schema(inner, side)
            return name.hasPrefix("OrNull") ? Self.orNull(value) : value
        case .record(let record): return reference(record, side)
        }
    }

    private mutating func reference(_ record: Schema.Record, _ side: Side) -> JSON {
        let name = record.name + (side == .request ? "-request" : "")
        if known.insert(name).inserted {
            var fields = JSONObject()
            for property in record.properties {
                let words = side == .request ? Self.words["\(record.name).\(property.key)"] : nil
                fields[property.key] = field(property, side, among: words)
            }
            let required = record.properties.filter { side == .request ? $0.isRequired : !$0.isOptional }.map(\.key)
            // A client must not break when a field is added; a request's unknown fields are refused where they are.
            components[name] = Self.object(
                ("type", "object"), ("properties", .object(fields)),
                ("additionalProperties", side == .request && !record.isOpen ? false : nil),
                ("required", required.isEmpty ? nil : .array(required.map { .string($0) })))
        }
        return ["$ref": .string("#/components/schemas/\(name)")]
    }

    /// - Parameter words: all that it takes, where its schema does not tell.
    private mutating func field(_ property: Schema.Property, _ side: Side, among words: [String]? = nil) -> JSON {
        var value =
            words.map { ["type": "string", "enum": .array($0.map { .string($0) })] }
            ?? schema(property.schema, side)
        if side == .request {
            value = Self.bounded(value, property.bounds)
            if !property.isRequired { value = Self.orNull(value) }
        }
        guard case .object(var object) = value else { return value }
        if let absent = property.default, absent != .null { object["default"] = absent }
        if !property.description.isEmpty { object["description"] = .string(property.description) }
        return .object(object)
    }

    /// A parameter of a query: it is text, whatever it means.
    mutating func parameter(_ property: Schema.Property) -> JSON {
        let value = Self.bounded(schema(property.schema, .request), property.bounds)
        return [
            "name": .string(property.key), "in": "query", "description": .string(property.description),
            "required": .bool(property.isRequired), "schema": value,
        ]
    }

    private static func orNull(_ schema: JSON) -> JSON {
        schema == [:] ? schema : ["anyOf": [schema, ["type": "null"]]]
    }

    private static func bounded(_ schema: JSON, _ bounds: JSONObject) -> JSON {
        guard case .object(var object) = schema else { return schema }
        for member in bounds.members { object[member.key] = member.value }
        return .object(object)
    }

    /// Fields whose words the draft's schema does not list.
    private static let words = ["SamplingParams.strategy": SamplingStrategy.allCases.map(\.rawValue)]
    /// With padding, without line breaks and without bits that say nothing.
    private static let base64 =
        "^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=|[A-Za-z0-9+/][AQgw]==)?$"
    private static let url: JSON = [
        "type": "string", "pattern": "^(https?://|file://|[dD][aA][tT][aA]:)", "description": "A URL.",
    ]
    /// As other clients of the draft's time send it too.
    private static let urlOrObject: JSON = [
        "anyOf": [
            url,
            ["type": "object", "required": ["url"], "properties": ["url": url], "additionalProperties": false],
            ["type": "object", "required": ["uri"], "properties": ["uri": url], "additionalProperties": false],
        ]
    ]

    /// Without the members that are nil.
    private static func object(_ members: (String, JSON?)...) -> JSON {
        var object = JSONObject()
        for (key, value) in members { object[key] = value }
        return .object(object)
    }
}

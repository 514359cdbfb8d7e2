extension Schema {
    /// The name under which other schemas may refer to it.
    package var name: String? {
        switch self {
        case .enumeration(let name, _, _), .named(let name, _, _): name
        case .record(let record): record.name
        default: nil
        }
    }

    /// The schemas it is made of, one level down.
    package var parts: [Schema] {
        switch self {
        case .array(let item, _): [item]
        case .map(let value): [value]
        case .oneOf(let members), .anyOf(let members): members
        case .named(_, _, let schema): [schema]
        case .record(let record): record.properties.map(\.schema)
        default: []
        }
    }
}

extension [EndpointDescription] {
    /// Every schema with a name that the endpoints' bodies, answers and events are made of, once, by name.
    package var namedSchemas: [(name: String, schema: Schema)] {
        var found: [String: Schema] = [:]
        func visit(_ schema: Schema) {
            if let name = schema.name, found.updateValue(schema, forKey: name) != nil { return }
            schema.parts.forEach(visit)
        }
        for endpoint in self { [endpoint.body, endpoint.answer, endpoint.event].forEach { $0.map(visit) } }
        return found.sorted { $0.key < $1.key }.map { (name: $0.key, schema: $0.value) }
    }
}

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

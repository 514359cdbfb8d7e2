/// JSON Schema (2020-12) of everything the API says, one definition a name: strict as the decoders are.
package enum JSONSchemas {
    /// The schemas of everything that clients may send.
    package static func requests(_ endpoints: [EndpointDescription] = Endpoints.all) -> JSON {
        document(endpoints, .request)
    }

    /// The schemas of everything that servers send.
    package static func responses(_ endpoints: [EndpointDescription] = Endpoints.all) -> JSON {
        document(endpoints, .response)
    }

    private static func document(_ endpoints: [EndpointDescription], _ rendering: Schema.Rendering) -> JSON {
        var definitions = JSONObject()
        for (name, schema) in endpoints.namedSchemas { definitions[name] = schema.definition(rendering) }
        return ["$schema": "https://json-schema.org/draft/2020-12/schema", "$defs": .object(definitions)]
    }
}

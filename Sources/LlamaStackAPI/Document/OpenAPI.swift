/// The OpenAPI 3.1 document of the API, from the one table of endpoints.
package enum OpenAPI {
    package static let title = "[DRAFT] Llama Stack Specification"
    package static let version = "0.0.1"
    package static let server = "http://any-hosted-llama-stack.com"

    /// Without `extensions` it is the draft's own surface: 25 routes.
    package static func document(
        of endpoints: [EndpointDescription] = Endpoints.all, extensions: Bool = false
    ) -> JSON {
        let printed = endpoints.filter { extensions || !$0.isExtension }
        var paths = JSONObject()
        for endpoint in printed {
            var item = paths[endpoint.route.path].flatMap(\.objectValue) ?? JSONObject()
            item[endpoint.route.verb.rawValue.lowercased()] = operation(endpoint, extensions: extensions)
            paths[endpoint.route.path] = .object(item)
        }
        var components = JSONObject()
        for (name, schema) in printed.namedSchemas where schema.isComponent {
            components[name] = schema.openAPIDefinition
        }
        let tags = API.allCases.filter { api in printed.contains { $0.api == api } }.map(\.tag)
        return [
            "openapi": "3.1.0",
            "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
            "info": ["title": .string(title), "version": .string(version)],
            "servers": [["url": .string(server)]],
            "tags": .array(tags.map { ["name": .string($0)] }),
            "paths": .object(paths),
            "components": ["schemas": .object(components)],
        ]
    }

    private static func operation(_ endpoint: EndpointDescription, extensions: Bool) -> JSON {
        let more = extensions ? providerParameter(endpoint) : []
        var operation: JSONObject = [
            "tags": [.string(endpoint.api.tag)],
            "summary": .string(endpoint.summary),
            "operationId": .string("\(endpoint.api.rawValue)_\(endpoint.method)"),
            "parameters": .array(endpoint.query.map(parameter) + more),
        ]
        if let body = endpoint.body {
            operation["requestBody"] = ["content": ["application/json": schema(body)], "required": true]
        }
        var response: JSONObject = ["description": "OK"]
        let content = content(endpoint)
        if !content.isEmpty { response["content"] = .object(content) }
        operation["responses"] = ["200": .object(response)]
        return .object(operation)
    }

    private static func providerParameter(_ endpoint: EndpointDescription) -> [JSON] {
        guard case .creation = endpoint.routingKey else { return [] }
        return [
            [
                "name": .string(RoutingKey.providerParameter), "in": "query",
                "description": "The provider to make it with; absent: the distribution's first of this API.",
                "required": false, "schema": ["type": "string"],
            ]
        ]
    }

    private static func parameter(_ property: Schema.Property) -> JSON {
        [
            "name": .string(property.key), "in": "query", "description": .string(property.description),
            "required": .bool(property.isRequired), "schema": property.schema.openAPI,
        ]
    }

    /// The schemas of the answer and of an event, by media type. JSON Lines state the schema of a line.
    private static func content(_ endpoint: EndpointDescription) -> JSONObject {
        var content = JSONObject()
        switch (endpoint.answerFormat, endpoint.answer) {
        case (.jsonLines, .array(let line, _, _)?): content["application/jsonl"] = schema(line)
        case (_, let answer?): content["application/json"] = schema(answer)
        case (_, nil): break
        }
        if let event = endpoint.event { content["text/event-stream"] = schema(event) }
        return content
    }

    private static func schema(_ schema: Schema) -> JSON { ["schema": schema.openAPI] }
}

extension Schema {
    /// Whether the document has it under `components`.
    var isComponent: Bool {
        switch self {
        case .named(_, let isComponent, _): isComponent
        case .record(let record): record.isComponent
        default: false
        }
    }
}

import Dialects
import Host
import LlamaStackAPI

/// The OpenAPI document of what is served: the draft's routes with their aliases, its extensions, the dialects, each a
/// tag, and the server's own routes; what each really takes, and every error that it can answer. Events are described
/// as OpenAPI 3.2 does.
struct ServedDocument {
    private var schemas = ServedSchema()
    private var paths = JSONObject()
    private var responses = JSONObject()

    /// - Parameter pathPrefix: the part of each path before its route's own.
    static func json(_ dialects: [Dialect], pathPrefix: String) -> JSON {
        var document = ServedDocument()
        for endpoint in Endpoints.all { document.add(endpoint) }
        for dialect in dialects {
            for endpoint in dialect.endpoints { document.add(endpoint, of: dialect) }
        }
        for (path, summary) in [
            ("/health/live", "The process answers."), ("/health/ready", "The next request will be served."),
            ("/openapi.json", "This document."),
        ] { document.addOwn(path, summary) }
        let tags = API.allCases.map(\.tag) + dialects.map(\.name) + ["Server"]
        return [
            "openapi": "3.2.0", "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
            "info": ["title": "Llama Stack", "version": .string(OpenAPI.version)],
            "servers": [["url": .string(pathPrefix.isEmpty ? "/" : pathPrefix)]],
            "tags": .array(tags.map { ["name": .string($0)] }), "paths": .object(document.paths),
            "components": [
                "schemas": .object(document.schemas.components), "responses": .object(document.responses),
            ],
        ]
    }

    private mutating func put(_ verb: Verb, _ path: String, _ operation: JSONObject) {
        // Both spellings of a path are one route: the document has it once.
        let path = PathTemplate(stringLiteral: path).text { "{\($0)}" }
        var item = paths[path]?.objectValue ?? JSONObject()
        let key = verb.rawValue.lowercased()
        if item[key] == nil { item[key] = .object(operation) }
        paths[path] = .object(item)
    }

    // MARK: The draft's table

    private mutating func add(_ endpoint: EndpointDescription) {
        for (index, route) in endpoint.routes.enumerated() {
            var operation: JSONObject = [
                "tags": [.string(endpoint.api.tag)], "summary": .string(endpoint.summary),
                "operationId": .string(
                    "\(endpoint.api.rawValue)_\(endpoint.method)" + (index == 0 ? "" : "_alias\(index)")),
            ]
            var parameters: [JSON] = []
            if route.takesParametersInBody {
                operation["requestBody"] = body(Self.record(of: endpoint.query, "\(endpoint.method)_parameters"))
            } else {
                parameters = endpoint.query.map { schemas.parameter($0) }
            }
            if case .creation = endpoint.routingKey {
                parameters.append([
                    "name": .string(RoutingKey.providerParameter), "in": "query", "required": false,
                    "description": "The provider to make it with; absent: the distribution's first of this API.",
                    "schema": ["type": "string"],
                ])
            }
            if let name = route.bodyParameter {
                parameters.append([
                    "name": .string(name), "in": "query", "required": true, "explode": true,
                    "schema": ["type": "array", "items": ["type": "string"], "minItems": 1],
                ])
            } else if let schema = endpoint.body {
                operation["requestBody"] = body(schema)
            }
            operation["parameters"] = .array(parameters)
            operation["responses"] = answers(content(endpoint), "Draft", DraftError.schema, 200) { $0.httpStatus }
            put(route.verb, route.path, operation)
        }
    }

    /// The parameters of a query as the members of an object.
    private static func record(of properties: [Schema.Property], _ name: String) -> Schema {
        guard case .record(var record) = Nothing.schema else { return .object }
        (record.name, record.properties) = (name, properties)
        return .record(record)
    }

    private mutating func body(_ schema: Schema) -> JSON {
        ["required": true, "content": ["application/json": ["schema": schemas.schema(schema, .request)]]]
    }

    private mutating func content(_ endpoint: EndpointDescription) -> JSONObject {
        var content = JSONObject()
        switch (endpoint.answerFormat, endpoint.answer) {
        case (.jsonLines, .array(let line, _, _)?):
            let item = schemas.schema(line, .answer)
            content["application/jsonl"] = ["itemSchema": item]
            content["application/json"] = ["schema": ["type": "array", "items": item]]
        case (_, let answer?): content["application/json"] = ["schema": schemas.schema(answer, .answer)]
        case (_, nil): break
        }
        if let event = endpoint.event { content["text/event-stream"] = events(event) }
        return content
    }

    /// Each event is a record of the field `data`, whose text is JSON.
    ///
    /// - Parameter end: the text of a last event that is none.
    private mutating func events(_ event: Schema, end: String? = nil) -> JSON {
        let record: JSON = [
            "type": "object", "required": ["data"],
            "properties": [
                "event": ["type": "string"],
                "data": [
                    "type": "string", "contentMediaType": "application/json",
                    "contentSchema": schemas.schema(event, .answer),
                ],
            ],
        ]
        guard let end else { return ["itemSchema": record] }
        let last: JSON = ["type": "object", "required": ["data"], "properties": ["data": ["const": .string(end)]]]
        return ["itemSchema": ["anyOf": [record, last]]]
    }

    // MARK: Dialects

    private mutating func add(_ endpoint: DialectEndpoint, of dialect: Dialect) {
        for (index, path) in endpoint.paths.enumerated() {
            var operation: JSONObject = [
                "tags": [.string(dialect.name)], "summary": .string(endpoint.summary),
                "operationId": .string(
                    "\(dialect.name.lowercased())_\(endpoint.method)" + (index == 0 ? "" : "_alias\(index)")),
                "parameters": .array(
                    path.parameters.map {
                        [
                            "name": .string($0), "in": "path", "required": true,
                            "schema": ["type": "string", "minLength": 1],
                        ]
                    }),
            ]
            if let schema = endpoint.body { operation["requestBody"] = body(schema) }
            var content: JSONObject = ["application/json": ["schema": schemas.schema(endpoint.answer, .answer)]]
            if let event = endpoint.event { content["text/event-stream"] = events(event, end: endpoint.framing.end) }
            operation["responses"] = answers(content, dialect.name, dialect.errorSchema, 200, dialect.errorStatus)
            put(endpoint.verb, path.description, operation)
        }
    }

    // MARK: The server

    private mutating func addOwn(_ path: String, _ summary: String) {
        let content: JSONObject = ["application/json": ["schema": ["type": "object"]]]
        var answers = answers(content, "Draft", DraftError.schema, 200) { $0.httpStatus }.objectValue ?? [:]
        if path == "/health/ready" {
            answers["503"] = ["description": "It is not ready; why is in the body.", "content": .object(content)]
        }
        put(
            .get, path,
            [
                "tags": ["Server"], "summary": .string(summary), "parameters": [],
                "operationId": .string(
                    "server_" + path.dropFirst().replacing("/", with: "_").replacing(".", with: "_")),
                "responses": .object(answers),
            ])
    }

    /// The answer, and every status that an error can have.
    private mutating func answers(
        _ content: JSONObject, _ form: String, _ error: Schema, _ success: Int, _ status: (ErrorCode) -> Int
    ) -> JSON {
        var answer: JSONObject = ["description": "OK"]
        if !content.isEmpty { answer["content"] = .object(content) }
        var all: JSONObject = [String(success): .object(answer)]
        var codes: [Int: [String]] = [:]
        for code in ErrorCode.all where ![.cancelled, .invalidConfig].contains(code) {
            codes[status(code), default: []].append(code.code)
        }
        for (status, names) in codes.sorted(by: { $0.key < $1.key }) {
            let name = "\(form)-\(status)"
            if responses[name] == nil {
                responses[name] = [
                    "description": .string(names.joined(separator: ", ")),
                    "content": ["application/json": ["schema": schemas.schema(error, .answer)]],
                ]
            }
            all[String(status)] = ["$ref": .string("#/components/responses/\(name)")]
        }
        return .object(all)
    }
}

/// The form of the draft's errors, as ``ErrorBody`` writes them.
private struct DraftError: WireRecord {
    struct Detail: WireRecord {
        var code: String
        var message: String
        var field: String?
        var requestID: String?

        static let object = Object(
            "ErrorDetail", Self.init, Field("code", \.code, "Stable, for programs."),
            Field("message", \.message, "For people."),
            Field("field", \.field, "The field of the request that is wrong."),
            Field("request_id", \.requestID, "Names the request in the log."))
    }

    var detail: Detail

    static let object = Object("Error", Self.init, Field("detail", \.detail, "The failure."))
}

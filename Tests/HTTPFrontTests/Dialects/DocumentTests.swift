import LlamaStackAPI
import Testing

@testable import Dialects
@testable import HTTPFront
@testable import Host

/// The served document: every route, and nothing else.
struct DocumentTests {
    @Test("every route is a page, or in the tables, in the document and in `list routes`, and these have no other")
    func routes() async throws {
        let stack = try await Stack.start(try ScriptedStack.manifest(), environment: [:])
        let served = EndpointRoutes(
            stack: stack, settings: ServerSettings(), dialects: Dialects.all, drain: Drain()
        ).table
        await stack.shutdown(withinSeconds: 2)
        let routes = Set(served.filter { $0.verb != "HEAD" }.map { "\($0.verb) \($0.path)" })

        let drafts = Endpoints.all.flatMap(\.routes).map { "\($0.verb.rawValue) \(Self.plain($0.path))" }
        let dialects = Dialects.all.flatMap(\.endpoints).flatMap { endpoint in
            endpoint.paths.map { "\(endpoint.verb.rawValue) \($0)" }
        }
        let own = ["GET /health/live", "GET /health/ready", "GET /openapi.json"]
        let pages = PlaygroundPages.paths.map { "GET \($0 == "/" ? "" : $0)" }
        #expect(routes == Set(drafts + dialects + own + pages))

        let document = try await withFront { try await $0.ask("GET", "/openapi.json").json }
        let paths = try #require(document["paths"]?.objectValue)
        let printed = paths.members.flatMap { path in
            (path.value.objectValue?.keys ?? []).map { "\($0.uppercased()) \(path.key)" }
        }
        // The pages are for people.
        #expect(Set(printed) == routes.subtracting(pages))
    }

    @Test("the document refers to nothing that it does not have, and no two operations have one id")
    func references() async throws {
        let document = try await withFront { try await $0.ask("GET", "/openapi.json").json }
        #expect(document["openapi"] == "3.2.0")
        var ids: [String] = []
        func visit(_ json: JSON) {
            switch json {
            case .object(let object):
                if let reference = object["$ref"]?.stringValue {
                    let found = reference.split(separator: "/").dropFirst().reduce(document as JSON?) {
                        $0?[String($1)]
                    }
                    #expect(found != nil, "\(reference)")
                }
                if let id = object["operationId"]?.stringValue { ids.append(id) }
                object.members.forEach { visit($0.value) }
            case .array(let items): items.forEach(visit)
            default: break
            }
        }
        visit(document)
        #expect(Set(ids).count == ids.count)
    }

    @Test("a request's field that may be absent may be null, and its bounds are those that are checked")
    func bounds() throws {
        #expect(ServedSchema.bounds("at least 0.0") == ["minimum": 0])
        #expect(ServedSchema.bounds("in -2.0...2.0") == ["minimum": -2, "maximum": 2])
        #expect(ServedSchema.bounds("in (0, 1]") == ["exclusiveMinimum": 0, "maximum": 1])
        #expect(ServedSchema.bounds("at most 2048 texts") == ["maxItems": 2048])
        #expect(ServedSchema.bounds("1 to 2048 texts") == ["minItems": 1, "maxItems": 2048])
        #expect(ServedSchema.bounds("in 0.01...10.0") == ["minimum": .number(0.01), "maximum": 10])
        var schemas = ServedSchema()
        _ = schemas.schema(ChatCompletionRequest.schema, .request)
        let fields = try #require(schemas.components["ChatCompletionRequest-request"]?["properties"])
        #expect(fields["max_tokens"]?["anyOf"]?[0]?["minimum"] == 0)
        #expect(schemas.components["ChatCompletionRequest-request"]?["required"] == ["model", "dialog"])
    }

    private static func plain(_ path: String) -> String { "/" + path.split(separator: "/").joined(separator: "/") }
}

extension JSON {
    fileprivate subscript(index: Int) -> JSON? {
        guard case .array(let items) = self, items.indices.contains(index) else { return nil }
        return items[index]
    }
}

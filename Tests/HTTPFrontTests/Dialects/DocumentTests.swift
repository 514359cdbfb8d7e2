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
        var schemas = ServedSchema()
        _ = schemas.schema(ChatCompletionRequest.schema, .request)
        let fields = try #require(schemas.components["ChatCompletionRequest-request"]?["properties"])
        #expect(fields["max_tokens"]?["anyOf"]?[0]?["minimum"] == 0)
        let openAI = try #require(OpenAI.dialect.endpoints.first { $0.method == "chat_completions" }?.body)
        _ = schemas.schema(openAI, .request)
        let chat = try #require(schemas.components["OpenAIChatRequest-request"]?["properties"])
        func bound(_ key: String, _ word: String) -> JSON? { chat[key]?["anyOf"]?[0]?[word] ?? chat[key]?[word] }
        #expect(bound("presence_penalty", "minimum") == -2 && bound("presence_penalty", "maximum") == 2)
        #expect(bound("top_p", "exclusiveMinimum") == 0 && bound("top_p", "maximum") == 1)
        #expect(bound("repetition_penalty", "minimum") == .number(0.01) && bound("repetition_penalty", "maximum") == 10)
        #expect(bound("messages", "minItems") == 1 && bound("messages", "maxItems") == 100_000)
        #expect(bound("stop", "anyOf")?[1]?["maxItems"] == 16)
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

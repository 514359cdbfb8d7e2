import FakeOrigin
import Foundation
import LlamaStackAPI
import Testing

@testable import Host

/// `web_search` of `inline::builtin`, from the library that a build leaves, against a server in Brave's form.
@Suite(.timeLimit(.minutes(10)))
struct WebSearchTests {
    private static func start(_ config: String, isolation: String = "inline", more: String = "") async throws -> Stack {
        let yaml = """
            version: 1
            providers:
              tools:
                - {provider_id: builtin, provider_type: inline::builtin, isolation: \(isolation), config: \(config)}
            tool_groups: [{tool_group_id: web_search, provider_id: builtin}]
            """
        let manifest = try Manifest.parse(
            Array((yaml + more).utf8), file: "d.yaml", directory: "/", environment: [:])
        return try await Stack.start(manifest, environment: [:])
    }

    private static func config(_ origin: Origin, path: String = "/res/v1/web/search") -> String {
        "{web_search: {url: 'http://127.0.0.1:\(origin.port)\(path)', api_key: secret-key}}"
    }

    private static func search(_ stack: Stack, _ arguments: JSONObject = ["query": "oslo fjord"]) async throws
        -> ToolResult
    {
        var request = CallRequest(method: "invoke")
        request.body = ToolCall(toolName: "web_search", arguments: arguments).json.bytes
        let parts = try await stack.call(Tools.invoke.description, request: request).collect()
        return try Tools.invoke.decodeAnswer(parts)
    }

    private static func listed(_ stack: Stack) async throws -> ListedTool {
        let answer = try await stack.call(Tools.list.description, request: CallRequest(method: "list")).collect()
        return try #require(try Tools.list.decodeAnswer(answer).first)
    }

    /// An answer with every kind of result, in the order infobox, web, videos, web, news.
    private static let recorded = """
        {"type": "search", "query": {"original": "oslo fjord", "is_navigational": false},
         "mixed": {"type": "mixed", "main": [
            {"type": "infobox", "index": 0, "all": false}, {"type": "discussions", "index": 0},
            {"type": "web", "index": 1, "all": false}, {"type": "web", "index": 9},
            {"type": "videos", "all": true}, {"type": "web", "index": 0}, {"type": "news", "all": true}]},
         "infobox": {"type": "graph", "results": [{"type": "infobox", "title": "Oslofjord", "position": 0,
            "url": "https://a.test/o", "long_desc": "An inlet.", "thumbnail": {"src": "x"}}]},
         "web": {"type": "search", "results": [
            {"type": "search_result", "title": "First", "url": "https://b.test", "description": "one", "meta_url": {}},
            {"type": "search_result", "title": "Second", "url": "https://c.test", "description": "<b>two</b>",
             "profile": {"name": "n"}, "extra_snippets": ["s1", "s2"], "language": "en"}]},
         "videos": {"type": "videos", "results": [
            {"type": "video_result", "url": "https://v.test/1", "title": "V1", "description": "d", "video": {}},
            {"type": "video_result", "url": "https://v.test/2", "title": "V2"}]},
         "news": {"type": "news", "results": [{"type": "news_result", "title": "N", "url": "https://n.test"}]}}
        """

    @Test(arguments: ["inline", "process"])
    func `three results come in the server's order, with few keys`(_ isolation: String) async throws {
        try await Origin.run(Origin.answering(Origin.ok(Self.recorded, type: "application/json"))) { origin in
            let stack = try await Self.start(Self.config(origin), isolation: isolation)
            #expect(try await Self.listed(stack).isAvailable)
            let result = try await Self.search(stack)
            guard case .text(let text) = result.content else { throw CallError(.internal, "no text") }
            #expect(
                try JSON(parsing: Array(text.utf8)) == [
                    "query": "oslo fjord",
                    "top_k": [
                        [
                            "type": "infobox", "title": "Oslofjord", "url": "https://a.test/o",
                            "long_desc": "An inlet.",
                        ],
                        [
                            "type": "search_result", "title": "Second", "url": "https://c.test",
                            "description": "<b>two</b>", "extra_snippets": ["s1", "s2"],
                        ],
                        [
                            [
                                "type": "video_result", "url": "https://v.test/1", "title": "V1", "description": "d",
                            ],
                            ["type": "video_result", "url": "https://v.test/2", "title": "V2"],
                        ],
                    ],
                ])
            #expect(!result.isError)
            let request = origin.requests[0]
            #expect(request.hasPrefix("GET /res/v1/web/search?q=oslo%20fjord HTTP/1.1\r\n"))
            #expect(request.lowercased().contains("\r\nx-subscription-token: secret-key\r\n"))
            #expect(request.lowercased().contains("\r\naccept: application/json\r\n"))
            await stack.shutdown(withinSeconds: 5)
        }
    }

    @Test func `the words are one parameter, whatever they have, beside those of the address`() async throws {
        try await Origin.run(Origin.answering(Origin.ok("{\"type\": \"search\"}"))) { origin in
            let stack = try await Self.start(Self.config(origin, path: "/s?count=3"))
            let result = try await Self.search(stack, ["query": "a&b=c#d/é?\r\nX: y"])
            #expect(result == ToolResult(content: .text(#"{"query":"a&b=c#d/é?\r\nX: y","top_k":[]}"#)))
            #expect(
                origin.requests[0].hasPrefix("GET /s?count=3&q=a%26b%3Dc%23d%2F%C3%A9%3F%0D%0AX%3A%20y HTTP/1.1\r\n"))
            await stack.shutdown(withinSeconds: 5)
        }
    }

    @Test func `faq and locations are lists, and long texts and lists are cut`() async throws {
        let long = String(repeating: "x", count: 3_000)
        let questions = (1...9).map { #"{"question": "\#($0)", "answer": "\#(long)", "url": null}"# }
        let body = """
            {"mixed": {"main": [{"type": "faq"}, {"type": "locations"}]},
             "faq": {"results": [\(questions.joined(separator: ","))]},
             "locations": {"results": [{"title": "Café", "coordinates": [59.9, 10.7], "id": "7",
                "postal_address": {"city": "Oslo"}}]}}
            """
        try await Origin.run(Origin.answering(Origin.ok(body))) { origin in
            let stack = try await Self.start(Self.config(origin))
            guard case .text(let text) = try await Self.search(stack).content else {
                throw CallError(.internal, "the result is no text")
            }
            let found = try JSON(parsing: Array(text.utf8))["top_k"]
            guard case .array(let kinds)? = found, case .array(let faq) = kinds[0] else {
                throw CallError(.internal, text)
            }
            #expect(faq.count == 5)
            #expect(faq[0] == ["question": "1", "answer": .string(String(long.prefix(1_000)) + "…")])
            #expect(
                kinds[1] == [
                    ["title": "Café", "coordinates": [59.9, 10.7], "postal_address": ["city": "Oslo"]]
                ])
            await stack.shutdown(withinSeconds: 5)
        }
    }

    @Test(arguments: [
        (401, "the search server refuses the server's key (status 401): answer without searching"),
        (403, "the search server refuses the server's key (status 403): answer without searching"),
        (422, "the search server does not take this query (status 422): word it in another way"),
        (429, "the search server takes no more searches now (status 429): try once more later"),
        (500, "the search server failed (status 500): answer without searching"),
        (302, "the search server failed (status 302): answer without searching"),
    ])
    func `a status of the server is a sentence for the model, and no redirect is followed`(
        _ status: Int, _ sentence: String
    ) async throws {
        let answer = "HTTP/1.1 \(status) No\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 2\r\n\r\nno"
        try await Origin.run(Origin.answering(answer)) { origin in
            let stack = try await Self.start(Self.config(origin))
            let result = try await Self.search(stack)
            #expect(result == ToolResult(content: .text(sentence), isError: true))
            #expect(origin.requests.count == 1)
            await stack.shutdown(withinSeconds: 5)
        }
    }

    @Test(arguments: [
        "", "<html>", "[]", "{\"mixed\"", "{}", "{\"mixed\": {\"main\": 5}}", "{\"mixed\": []}",
        String(repeating: "[", count: 100_000),
    ])
    func `an answer that is none of Brave's is a sentence for the model`(_ body: String) async throws {
        try await Origin.run(Origin.answering(Origin.ok(body))) { origin in
            let stack = try await Self.start(Self.config(origin))
            let result = try await Self.search(stack)
            guard case .text(let text) = result.content else {
                throw CallError(.internal, "the result is no text")
            }
            #expect(result.isError && text.hasPrefix("the search server's answer "), "\(text)")
            await stack.shutdown(withinSeconds: 5)
        }
    }

    @Test func `entries that point at nothing, or have another shape, are left out`() async throws {
        let body = """
            {"mixed": {"main": [1, {}, {"type": 5}, {"type": "web"}, {"type": "web", "index": -1},
                {"type": "web", "index": 0}, {"type": "news"}, {"type": "web", "index": 1}]},
             "web": {"results": [7, {"title": "kept"}]}, "news": {"results": {}}}
            """
        try await Origin.run(Origin.answering(Origin.ok(body))) { origin in
            let stack = try await Self.start(Self.config(origin))
            #expect(
                try await Self.search(stack)
                    == ToolResult(content: .text(#"{"query":"oslo fjord","top_k":[{"title":"kept"}]}"#)))
            await stack.shutdown(withinSeconds: 5)
        }
    }

    @Test func `a body without an end is an error of what was asked, and the connection is closed`() async throws {
        try await Origin.run({ _, connection in
            connection.send("HTTP/1.1 200 OK\r\n\r\n{")
            connection.sendForever(Array(repeating: UInt8(ascii: " "), count: 4_096))
        }) { origin in
            let stack = try await Self.start(Self.config(origin))
            let error = await #expect(throws: CallError.self) { _ = try await Self.search(stack) }
            #expect(error?.code == .upstreamError)
            #expect(
                error?.message == "the search server can't be fetched: it is longer than 1048576 bytes (bytes_max)")
            await stack.shutdown(withinSeconds: 5)
        }
    }

    @Test func `a server that is not there is an error of what was asked`() async throws {
        let stack = try await Self.start("{web_search: {url: 'http://127.0.0.1:1/s', api_key: k}}")
        let error = await #expect(throws: CallError.self) { _ = try await Self.search(stack) }
        #expect(error?.code == .upstreamError && error?.message.hasPrefix("the search server ") == true)
        await stack.shutdown(withinSeconds: 5)
    }

    @Test func `arguments that can't be used are answered without asking the server`() async throws {
        try await Origin.run(Origin.answering(Origin.ok(Self.recorded))) { origin in
            let stack = try await Self.start(Self.config(origin))
            let long = String(repeating: "x", count: 401)
            let results: [(JSONObject, Content)] = [
                ([:], "query: is required, the words to search for"),
                (["query": 5], "query: must be a string, the words to search for, got a number"),
                (["query": ""], "query: must have 1 to 400 characters, got 0"),
                (["query": .string(long)], "query: must have 1 to 400 characters, got 401"),
                (["q": "x", "query": "y"], "'q' is no argument: write the words to search for in query"),
            ]
            for (arguments, content) in results {
                #expect(try await Self.search(stack, arguments) == ToolResult(content: content, isError: true))
            }
            #expect(origin.requests.isEmpty)
            await stack.shutdown(withinSeconds: 5)
        }
    }

    @Test(arguments: [
        ("{}", "no search server is configured: inline::builtin needs web_search.url and web_search.api_key"),
        (
            "{web_search: {api_key: k}}",
            "no search server is configured: inline::builtin needs web_search.url and web_search.api_key"
        ),
        (
            "{web_search: {url: 'https://a.test/s', api_key: ''}}",
            "the configuration web_search.api_key of inline::builtin is empty"
        ),
    ])
    func `without a server and a key it is listed as not available, and no agent is made that runs it`(
        _ config: String, _ reason: String
    ) async throws {
        let folder = NSTemporaryDirectory() + "web-search-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let library = URL(fileURLWithPath: tests).deletingLastPathComponent().path + "/libscripted-provider.so"
        let yaml = """
            version: 1
            state: \(folder)
            providers:
              inference: [{provider_id: s, provider_type: inline::scripted, library: \(library)}]
              tools: [{provider_id: builtin, provider_type: inline::builtin, config: \(config)}]
              agentic_system: [{provider_id: agents, provider_type: inline::reference}]
            models: [{model_id: scripted}]
            tool_groups: [{tool_group_id: web_search}]
            """
        let manifest = try Manifest.parse(Array(yaml.utf8), file: "d.yaml", directory: "/", environment: [:])
        let stack = try await Stack.start(manifest, environment: [:])
        let listed = try await Self.listed(stack)
        #expect(listed.toolName == "web_search" && !listed.isAvailable && listed.reason == reason)
        let result = try await Self.search(stack)
        #expect(result == ToolResult(content: "web_search is not configured here", isError: true))

        var request = CallRequest(method: AgenticSystem.create.description.method)
        request.body = Array(
            #"""
            {"uuid": "0d6bd9cc-8a3a-4c34-9d3c-1e8d0f0a0001", "instructions": "search", "model": "scripted",
             "available_tools": [{"tool_name": "web_search"}], "executable_tools": ["web_search"]}
            """#.utf8)
        let error = await #expect(throws: CallError.self) {
            _ = try await stack.call(AgenticSystem.create.description, request: request).collect()
        }
        #expect(error?.code == .invalidRequest && error?.field == "executable_tools")
        #expect(error?.message.contains("names 'web_search', which is not available: \(reason)") == true)
        await stack.shutdown(withinSeconds: 5)
    }
}

import Foundation
import LlamaStackAPI
import RawHTTP
import Testing

@testable import Dialects
@testable import HTTPFront
@testable import Host

/// The dialects over HTTP: framing, paths, and the form of errors wherever they come from.
struct DialectTests {
    private let path = "/v1/chat/completions"

    private func body(_ script: String, _ more: JSONObject = [:]) -> String {
        var body: JSONObject = [
            "model": "llama3_8b_chat", "messages": [["role": "user", "content": .string(script)]],
        ]
        for member in more.members { body[member.key] = member.value }
        return JSON.object(body).text
    }

    @Test("a whole answer is OpenAI's, with its id, its model as asked, and how long it took")
    func whole() async throws {
        let reply = try await withFront { try await $0.ask("POST", path, body("hello there")) }
        #expect(reply.status == 200, "\(reply.text)")
        #expect(reply.json["object"] == "chat.completion")
        #expect(reply.json["model"] == "llama3_8b_chat")
        #expect(reply.json["choices"]?.items[0]["message"]?["content"] == "hello there")
        #expect(reply["openai-processing-ms"].flatMap { Int($0) } != nil)
        #expect(reply["X-Request-Id"] != nil)
    }

    @Test("a stream is one data record a chunk and ends with [DONE]")
    func stream() async throws {
        let reply = try await withFront {
            try await $0.ask("POST", path, body(#"{"events": 2}"#, ["stream": true]))
        }
        #expect(reply["Content-Type"] == "text/event-stream")
        let records = reply.text.components(separatedBy: "\n\n")
        #expect(records.suffix(2) == ["data: [DONE]", ""])
        let chunks = try records.dropLast(2).map { record in
            #expect(record.hasPrefix("data: {"))
            return try JSON(parsing: Array(record.dropFirst("data: ".count).utf8))
        }
        let texts = chunks.compactMap { $0["choices"]?.items[0]["delta"]?["content"]?.stringValue }
        #expect(texts == ["", "piece 0 ", "piece 1 "])
        #expect(Set(chunks.map { $0["id"] }).count == 1)
    }

    @Test("an error before the first event keeps its status, and one after it is the last record")
    func failures() async throws {
        try await withFront { front in
            let early = try await front.ask(
                "POST", path, body(#"{"events": 0, "error": "queue_full"}"#, ["stream": true]))
            #expect(early.status == 429)
            expectForm(early, "queue_full")
            let late = try await front.ask(
                "POST", path, body(#"{"events": 1, "error": "queue_full"}"#, ["stream": true]))
            #expect(late.status == 200)
            let records = late.text.components(separatedBy: "\n\n").filter { !$0.isEmpty }
            #expect(records.last?.hasPrefix(#"data: {"error":{"message":"#) == true, "\(late.text)")
            #expect(!late.text.contains("[DONE]"))
        }
    }

    @Test("every error of this system has OpenAI's form, and a status that their clients know")
    func errors() async throws {
        try await withFront { front in
            for code in ErrorCode.all where ![.cancelled, .invalidConfig].contains(code) && code.httpStatus != 403 {
                let reply = try await front.ask("POST", path, body(#"{"events": 0, "error": "\#(code.code)"}"#))
                expectForm(reply, code.code)
                #expect(reply.status == (code.httpStatus == 422 ? 400 : code.httpStatus), "\(code)")
                if code == .notImplemented { #expect(reply["x-should-retry"] == "false") }
                if code == .internal { #expect(!reply.text.contains("scripted")) }
            }
        }
    }

    @Test("errors of the front have the dialect's form below its prefix, and the draft's elsewhere")
    func forms() async throws {
        try await withFront { front in
            let unknown = try await front.ask("GET", "/v1/nothing/here")
            #expect(unknown.status == 404)
            expectForm(unknown, "route_not_found")
            let wrong = try await front.ask("GET", path)
            #expect((wrong.status, wrong["Allow"]) == (405, "POST"))
            expectForm(wrong, "method_not_allowed")
            #expect(try await front.ask("DELETE", "/v1/models/a%2Fb")["Allow"] == "GET, HEAD")
            expectForm(try await front.ask("PUT", "/chat/completions"), "method_not_allowed")
            expectForm(try await front.ask("POST", path, "{"), "invalid_json")
            expectForm(try await front.ask("POST", path, headers: "Content-Length: 0\r\n"), "unsupported_media_type")
            let long = try await front.ask(
                "POST", path, body(String(repeating: "x", count: 3 << 20)))
            #expect(long.status == 413)
            expectForm(long, "body_too_large")
            let host = try await front.ask("GET", "/v1/models", headers: "Origin: http://evil.test\r\n")
            #expect(host.status == 403)
            expectForm(host, "origin_not_allowed")
            #expect(try await front.ask("GET", "/nothing").errorFormProblem == nil)
        }
    }

    @Test("a model is found by its id and its aliases, whatever its path's encoding, with both clients' members")
    func models() async throws {
        try await withFront { front in
            let list = try await front.ask("GET", "/v1/models")
            #expect(list.json.objectValue?.keys == ["object", "data"])
            #expect(list.json["data"]?.items.map { $0["id"] } == ["scripted-model"])
            for path in ["/v1/models/llama3_8b", "/v1/models/llama3%5F8b", "/models/llama3_8b/"] {
                let one = try await front.ask("GET", path)
                #expect(one.json["id"] == "llama3_8b", "\(path): \(one.text)")
                #expect(one.json["identifier"] == "llama3_8b")
                #expect(one.json["provider_resource_id"] == "scripted-model")
                #expect(one.json["owned_by"] == "scripted")
                #expect(one.json["context_length"] == 1000)
                #expect(one.json["model_type"] == "llm")
                #expect(one.json["capabilities"] == ["chat", "completions"])
            }
            let none = try await front.ask("GET", "/v1/models/a%2Fb%3Ac")
            #expect(none.status == 404)
            #expect(none.json["error"]?["message"]?.stringValue?.contains("'a/b:c'") == true)
            #expect(none.json["error"]?["code"] == "model_not_found")
        }
    }

    @Test("fields without effect are named, as far as they can stand in a header")
    func ignored() async throws {
        let reply = try await withFront {
            try await $0.ask("POST", path, body("hello", ["user": "me", "vendor_field": 1, "a\r\nb": 2]))
        }
        #expect(reply.status == 200)
        #expect(reply["X-Ignored-Fields"] == "user, vendor_field, ?")
    }

    @Test("an option that the provider does not support is refused by the client's field")
    func unsupported() async throws {
        let reply = try await withFront { try await $0.ask("POST", path, body("hello", ["seed": 1])) }
        #expect(reply.status == 400)
        expectForm(reply, "unsupported_option")
        #expect(reply.json["error"]?["param"] == "seed")
    }

    @Test("every route is below the path of a proxy, and only there")
    func pathPrefix() async throws {
        try await withFront({ $0.pathPrefix = "/llama" }) { front in
            #expect(try await front.ask("GET", "/llama/v1/models").status == 200)
            #expect(try await front.ask("GET", "/llama/health/live").status == 200)
            #expect(try await front.ask("GET", "/v1/models").status == 404)
            expectForm(try await front.ask("GET", "/llama/v1/nothing"), "route_not_found")
            #expect(try await front.ask("POST", "/llama/v1/chat/completions", body("hello")).status == 200)
        }
    }

    @Test("a client that leaves in the middle of a stream ends the call")
    func leaving() async throws {
        try await withFront { front in
            try await raw {
                let connection = try front.connect()
                connection.send("POST", path, body(#"{"name": "left", "events": 1000000}"#, ["stream": true]))
                #expect(try connection.head().status == 200)
                _ = try connection.chunk()
            }
            #expect(try await front.tally("left", until: "cancelled").contains("cancelled 1"))
        }
    }
}

/// An error in OpenAI's form, with this code.
private func expectForm(_ reply: Reply, _ code: String, sourceLocation: SourceLocation = #_sourceLocation) {
    let error = reply.json["error"]
    #expect(
        error?.objectValue?.keys == ["message", "type", "param", "code"], "\(reply.status) \(reply.text.prefix(200))",
        sourceLocation: sourceLocation)
    #expect(error?["code"]?.stringValue == code, sourceLocation: sourceLocation)
    #expect(reply["Content-Type"] == "application/json", sourceLocation: sourceLocation)
}

extension JSON {
    fileprivate var items: [JSON] { if case .array(let items) = self { items } else { [] } }
}

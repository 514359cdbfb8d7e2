import Foundation
import LlamaStackAPI
import RawHTTP
import Testing

extension EndToEnd {
    /// What Open WebUI, Zed, Cline and aider send, sent to the real model. Tests/Fixtures/recorded says how each was
    /// obtained.
    @Suite struct RecordedRequestTests {
        static let names =
            (try? FileManager.default.contentsOfDirectory(atPath: Setting.fixtures + "/recorded"))?
            .filter { $0.hasSuffix(".json") }.map { String($0.dropLast(".json".count)) }.sorted() ?? []

        private static let model = "smollm2-135m-instruct"

        /// A request without `max_tokens` goes on to the context's end.
        private static func distribution() throws -> Distribution {
            var distribution = try Distribution.cpu(config: "{context_tokens_max: 1024}")
            distribution.models[0].id = model
            return distribution
        }

        @Test("every program has its requests here")
        func programs() {
            #expect(Set(Self.names.map { String($0.prefix { $0 != "-" }) }) == ["aider", "cline", "open", "zed"])
        }

        @Test("a recorded request is answered in the form that its program reads", arguments: names)
        func replay(name: String) throws {
            let recorded = try Fixture.json("recorded/\(name).json")
            let route = try #require(recorded["request"]?.stringValue)
            let body = recorded["body"]
            try Server.run(Self.distribution()) { server in
                let connection = try RawConnection(port: server.port)
                connection.send(Self.bytes(route, recorded["headers"]?.objectValue ?? [:], body, port: server.port))
                let reader = try ReplyReader(connection, seconds: 120)
                #expect(reader.head.status == 200)
                if body?["stream"] == true {
                    try Self.expectStream(EventReader(reader), of: try #require(body))
                } else {
                    let text = String(decoding: try reader.rest(), as: UTF8.self)
                    Self.expectWhole(try JSON(parsing: Array(text.utf8)), of: body, text)
                }
            }
        }

        private static func bytes(_ route: String, _ headers: JSONObject, _ body: JSON?, port: Int) -> [UInt8] {
            let body = body?.bytes ?? []
            var head = "\(route) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nConnection: close\r\n"
            for field in headers.members { head += "\(field.key): \(field.value.stringValue ?? "")\r\n" }
            if !body.isEmpty { head += "Content-Length: \(body.count)\r\n" }
            return Array((head + "\r\n").utf8) + body
        }

        private static func expectWhole(_ answer: JSON, of body: JSON?, _ text: String) {
            guard let body else {
                // Open WebUI takes `data` with an `id` each.
                #expect(answer["data"]?.items.map { $0["id"] } == [.string(model)], "\(text)")
                return
            }
            #expect(answer["object"] == "chat.completion" && answer["model"] == body["model"], "\(text)")
            #expect(answer["choices"]?.items.count == 1)
            let choice = answer["choices"]?.items.first
            #expect(choice?["message"]?["role"] == "assistant")
            #expect(choice?["message"]?["content"]?.stringValue?.isEmpty == false, "\(text)")
            #expect(["stop", "length"].contains(choice?["finish_reason"]?.stringValue))
            #expect((answer["usage"]?["total_tokens"]?.int ?? 0) > 0)
        }

        /// Zed and Cline take each line after `data: ` for a chunk or an error, and the usage from the one without
        /// choices; all of them put calls together by their index.
        private static func expectStream(_ reader: EventReader, of body: JSON) throws {
            #expect(reader.head.headers["content-type"] == "text/event-stream")
            var events: [String] = []
            while let event = try reader.next() { events.append(event.data) }
            #expect(events.last == "[DONE]", "\(events.suffix(2))")
            let chunks = try events.dropLast().map { try JSON(parsing: Array($0.utf8)) }
            #expect(chunks.allSatisfy { $0["error"] == nil && $0["object"] == "chat.completion.chunk" })
            #expect(chunks.allSatisfy { $0["model"] == body["model"] && $0["id"] == chunks[0]["id"] })
            #expect(chunks[0]["choices"]?.items.first?["delta"]?["role"] == "assistant")
            let isCounted = body["stream_options"]?["include_usage"] == true
            if isCounted {
                #expect(chunks.last?["choices"] == [] && (chunks.last?["usage"]?["completion_tokens"]?.int ?? 0) > 0)
            }
            let choices = chunks.dropLast(isCounted ? 1 : 0).compactMap { $0["choices"]?.items.first }
            let text = choices.compactMap { $0["delta"]?["content"]?.stringValue }.joined()
            let calls = choices.flatMap { $0["delta"]?["tool_calls"]?.items ?? [] }
            #expect(!text.isEmpty || !calls.isEmpty, "\(events.prefix(5))")
            let reasons = choices.compactMap { $0["finish_reason"]?.stringValue }
            #expect(reasons.count == 1 && choices.last?["finish_reason"]?.stringValue == reasons.first)
            #expect(["stop", "length", "tool_calls"].contains(reasons.first))
            let offered = body["tools"]?.items.compactMap { $0["function"]?["name"]?.stringValue } ?? []
            for call in calls where call["id"] != nil {
                #expect(offered.contains(call["function"]?["name"]?.stringValue ?? ""))
                #expect(call["type"] == "function" && call["index"]?.int != nil)
            }
            for stop in body["stop"]?.items ?? [] { #expect(!text.contains(stop.stringValue ?? "")) }
        }
    }
}

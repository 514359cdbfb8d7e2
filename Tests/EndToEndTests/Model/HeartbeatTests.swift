import Foundation
import LlamaStackAPI
import RawHTTP
import Testing

extension EndToEnd {
    /// Nothing computes for long where others wait for their turn: on Swift's cooperative pool, or on an event loop.
    @Suite struct HeartbeatTests {
        /// The event loops, by the names that NIO gives its threads.
        private static func isEventLoop(_ name: String) -> Bool { name.hasPrefix("NIO-") }
        /// Threads that compute by trade: the engine's own, those that the provider writes prompts on, and those that
        /// long JSON is read and written on, or that a queue has to itself. Dispatch names them by their quality of
        /// service; Swift's shared threads are those of the default one.
        private static func isEngine(_ name: String) -> Bool { name.hasPrefix("llama-") && name != "llama-stack" }
        private static func isPromptWriter(_ name: String) -> Bool { name.hasSuffix("utility-qos") }
        private static func isOffPool(_ name: String) -> Bool {
            isPromptWriter(name) || name.hasSuffix("initiated-qos") || name.hasSuffix("overcommit")
        }

        /// A fault computes for as long as a prompt or a token takes: a megabyte of text, 60 ms. Measured under 16
        /// clients: 0.6 ms on either. The kernel counts no finer than its ticks, 1 to 10 ms apart, while a thread runs.
        /// A slower machine has bounds that are as much longer.
        private static let millisecondsMax = 20.0
        private static func millisecondsMax(megabyte: Double) -> Double { max(millisecondsMax, megabyte / 3) }

        /// A megabyte of text becomes tokens.
        /// - Returns: milliseconds of the longest stretch of any thread of each name, and of those that write prompts.
        private func computingMegabyte(_ server: Server) throws -> (longest: [String: Double], writing: Double) {
            let watch = ThreadWatch(server.process)
            let reply = try server.post(
                Requests.completionPath, Requests.completion(longText(), maxTokens: 1), seconds: 120)
            #expect(reply.errorCode == "context_length_exceeded")
            let longest = watch.stop()
            print("longest stretches of a megabyte, ms: \(longest)")
            return (longest, longest.filter { Self.isPromptWriter($0.key) }.map(\.value).max() ?? 0)
        }

        @Test("under 16 busy clients nothing but the engine's own threads computes for long at a stretch")
        func busy() throws {
            try Server.run(.cpu(), arguments: ["--log-level", "info"]) { server in
                let watch = ThreadWatch(server.process)
                let tokens = try concurrently(16) { client in
                    var count = 0
                    for round in 0..<3 {
                        let stream = try server.stream(
                            Requests.chatPath,
                            Requests.chat("\(client) \(round). Tell me a long story.", maxTokens: 48, stream: true))
                        while try stream.next() != nil { count += 1 }
                    }
                    return count
                }
                let longest = watch.stop()
                print("longest stretches under 16 clients, ms: \(longest)")
                #expect(tokens.allSatisfy { $0 > 30 })
                #expect(longest.contains { Self.isEngine($0.key) } && longest.contains { Self.isEventLoop($0.key) })
                let bound = Self.millisecondsMax(megabyte: try computingMegabyte(server).writing)
                for (name, milliseconds) in longest where !Self.isEngine(name) {
                    #expect(milliseconds < bound, "\(name)")
                }
            }
        }

        /// Also shows that the watch sees what is there to be seen.
        @Test("a megabyte of text becomes tokens on threads of the provider's own, and holds up no others")
        func megabyte() throws {
            try Server.run(.cpu(), arguments: ["--log-level", "info"]) { server in
                let (longest, writing) = try computingMegabyte(server)
                for (name, milliseconds) in longest where !Self.isPromptWriter(name) {
                    #expect(milliseconds < writing, "\(name)")
                    #expect(milliseconds < Self.millisecondsMax(megabyte: writing), "\(name)")
                }
            }
        }

        /// On the shared threads a dialog of 2 MB would take 40 ms to decode alone, two thirds of a megabyte's tokens.
        /// `LLAMA_STACK_HEARTBEAT_MS` sets the bound that an idle machine is held to, 1 by the house's own rule.
        @Test("bodies of one and two megabytes and a long answer hold up no other client of 16 busy ones")
        func largeBodies() throws {
            var distribution = try Distribution.cpu()
            distribution.models.append(.init(id: "minilm", provider: "cpu", path: Setting.embeddingModel))
            let asked = ProcessInfo.processInfo.environment["LLAMA_STACK_HEARTBEAT_MS"].flatMap(Double.init)
            try Server.run(distribution, arguments: ["--log-level", "info"]) { server in
                let watch = ThreadWatch(server.process)
                let codes = try concurrently(19) { client in
                    switch client {
                    case 16:
                        return try (0..<3).map { _ in
                            try server.post(
                                Requests.completionPath, Requests.completion(longText(), maxTokens: 1), seconds: 120
                            ).errorCode
                        }
                    case 17:
                        return try (0..<3).map { _ in
                            try server.post(Requests.chatPath, longDialog(), seconds: 120).errorCode
                        }
                    case 18:
                        let texts = (0..<300).map { JSON.string("Text \($0)") }
                        let reply = try server.post(
                            "/inference/embeddings", ["model": "minilm", "contents": .array(texts)], seconds: 120)
                        return [reply.body.count > 1_000_000 ? nil : "\(reply.text.prefix(200))"]
                    default:
                        let stream = try server.stream(
                            Requests.chatPath, Requests.chat("\(client). Tell a story.", maxTokens: 48, stream: true))
                        while try stream.next() != nil {}
                        return []
                    }
                }
                let longest = watch.stop()
                print("longest stretches with bodies of megabytes, ms: \(longest)")
                #expect(codes[16] == Array(repeating: "context_length_exceeded", count: 3))
                #expect(codes[17] == Array(repeating: "template_limit", count: 3))
                #expect(codes[18] == [nil])
                let bound = try asked ?? max(10, computingMegabyte(server).writing / 6)
                for (name, milliseconds) in longest where !Self.isEngine(name) && !Self.isOffPool(name) {
                    #expect(milliseconds < bound, "\(name)")
                }
            }
        }
    }
}

/// A megabyte of words that takes a tokenizer some time.
private func longText() -> String {
    var random = SplitMix(state: 1)
    var text = ""
    while text.utf8.count < 1_000_000 {
        text += String((0..<12).map { _ in "abcdefghijklmnopqrstuvwxyz".randomElement(using: &random) ?? "a" }) + " "
    }
    return text
}

/// Two megabytes of short messages: much to decode for each byte.
private func longDialog() -> JSON {
    let turn: JSON = ["role": "user", "content": "To be, or not to be"]
    let history = [JSON](repeating: turn, count: 40_000)
    return [
        "model": "llama3_8b_chat", "max_tokens": 1,
        "dialog": ["message": ["role": "user", "content": "Hi"], "message_history": .array(history)],
    ]
}

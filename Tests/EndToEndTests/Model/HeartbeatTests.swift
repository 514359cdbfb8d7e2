import Foundation
import LlamaStackAPI
import RawHTTP
import Testing

extension EndToEnd {
    /// Nothing computes for long where others wait for their turn: on Swift's cooperative pool, or on an event loop.
    @Suite struct HeartbeatTests {
        /// The event loops, by the names that NIO gives its threads.
        private static func isEventLoop(_ name: String) -> Bool { name.hasPrefix("NIO-") }
        /// Threads that compute by trade: the engine's own, and those that the provider writes prompts on, which Dispatch names
        /// by their quality of service.
        private static func isEngine(_ name: String) -> Bool { name.hasPrefix("llama-") && name != "llama-stack" }
        private static func isPromptWriter(_ name: String) -> Bool { name.hasSuffix("utility-qos") }

        /// A fault computes for as long as a prompt or a token takes: a megabyte of text, 60 ms. Measured under 16 clients: 0.6 ms
        /// on either. The kernel counts no finer than its ticks, 1 to 10 ms apart, while a thread runs.
        private static let millisecondsMax = 20.0

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
                for (name, milliseconds) in longest where !Self.isEngine(name) {
                    #expect(milliseconds < Self.millisecondsMax, "\(name)")
                }
            }
        }

        /// Also shows that the watch sees what is there to be seen.
        @Test("a megabyte of text becomes tokens on threads of the provider's own, and holds up no others")
        func megabyte() throws {
            try Server.run(.cpu(), arguments: ["--log-level", "info"]) { server in
                let watch = ThreadWatch(server.process)
                let reply = try server.post(
                    Requests.completionPath, Requests.completion(longText(), maxTokens: 1), seconds: 120)
                #expect(reply.errorCode == "context_length_exceeded")
                let longest = watch.stop()
                print("longest stretches of a megabyte, ms: \(longest)")
                #expect(longest.contains { Self.isPromptWriter($0.key) && $0.value > Self.millisecondsMax })
                for (name, milliseconds) in longest where !Self.isPromptWriter(name) {
                    #expect(milliseconds < Self.millisecondsMax, "\(name)")
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

import LlamaStackAPI
import RawHTTP
import Testing

extension EndToEnd {
    /// Providers in several languages, in one process, behind one address.
    @Suite struct MixedProvidersTests {
        private static func distribution(rust: Bool) throws -> Distribution {
            var distribution = Distribution(
                providers: [
                    .init(id: "swift", type: "inline::echo"), .init(id: "c", type: "inline::echo-c"),
                    // What rounding to int8 makes of a close choice is no concern here.
                    .init(id: "cpu", type: "inline::cpu", config: "{precision: exact}"),
                ],
                models: [
                    .init(id: "echo-swift", provider: "swift"), .init(id: "echo-c", provider: "c"),
                    .init(id: "smollm", provider: "cpu", path: try Setting.requireModel()),
                ])
            if rust {
                distribution.providers.append(.init(id: "rust", type: "inline::echo-rust"))
                distribution.models.append(.init(id: "echo-rust", provider: "rust"))
            }
            return distribution
        }

        @Test("Swift, C and the real model answer in one distribution, each by its own name")
        func swiftAndC() throws {
            try Server.run(Self.distribution(rust: false)) { try expectAnswers($0, echoes: ["echo-swift", "echo-c"]) }
        }

        @Test(
            "with the one in Rust too",
            .enabled(
                if: Setting.hasRustProvider, "no libprovider-inference-echo-rust.so beside llama-stack: no cargo here"))
        func rust() throws {
            try Server.run(Self.distribution(rust: true)) {
                try expectAnswers($0, echoes: ["echo-swift", "echo-c", "echo-rust"])
            }
        }

        /// All of them at the same time, whole and streamed.
        private func expectAnswers(_ server: Server, echoes: [String]) throws {
            let said = "Grüße, 世界 \u{1F642}"
            let answer = try ReferenceAnswers().row("arithmetic").exactTokens.joined()
            let expected = echoes.map { ($0, said, said) } + [("smollm", "What is 2 + 2?", answer)]
            let texts = try concurrently(expected.count * 2) { index -> String in
                let (model, question, _) = expected[index / 2]
                let body = Requests.chat(question, model: model, maxTokens: 64, stream: index % 2 == 1)
                guard index % 2 == 1 else { return Reply(try server.post(Requests.chatPath, body).json).text }
                let stream = try server.stream(Requests.chatPath, body)
                var text = ""
                while let event = try stream.next() {
                    text += try JSON(parsing: event.data)["text_delta"]?.stringValue ?? ""
                }
                return text
            }
            #expect(texts == expected.flatMap { [$0.2, $0.2] })
        }
    }
}

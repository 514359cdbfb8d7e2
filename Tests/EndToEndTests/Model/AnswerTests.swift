import LlamaStackAPI
import RawHTTP
import Testing

extension EndToEnd {
    /// The default model's answers in every form, word for word. Computed without rounding, where all of llama.cpp's
    /// answers are ours too (``FidelityTests``), on every machine.
    @Suite struct AnswerTests {
        private static let exact = "{precision: exact}"
        private let reference: ReferenceAnswers

        init() throws { reference = try ReferenceAnswers() }

        @Test("a whole chat answer is the model's, ends with the turn, and has nothing besides")
        func chat() throws {
            let expected = try reference.row("colors")
            try Server.run(.cpu(config: Self.exact)) { server in
                let reply = try server.post(
                    Requests.chatPath, Requests.chat("Name the three primary colors.", maxTokens: 64))
                #expect(reply.status == 200)
                #expect(reply.head.headers["content-type"] == "application/json")
                #expect(
                    reply.json == ["content": .string(expected.text), "tool_calls": [], "stop_reason": "finished_ok"])
            }
        }

        @Test("a streamed chat answer is the same text in pieces, and a last chunk that says why it ended")
        func chatStream() throws {
            let expected = try reference.row("colors")
            try Server.run(.cpu(config: Self.exact)) { server in
                let stream = try server.stream(
                    Requests.chatPath, Requests.chat("Name the three primary colors.", maxTokens: 64, stream: true))
                #expect(stream.head.headers["content-type"] == "text/event-stream")
                let chunks = try chunks(of: stream)
                #expect(chunks.map { $0["text_delta"]?.stringValue ?? "" }.joined() == expected.text)
                #expect(chunks.count > expected.tokens.count / 2, "pieces come as they are made")
                #expect(chunks.last == ["text_delta": "", "stop_reason": "finished_ok"])
                #expect(chunks.dropLast().allSatisfy { $0["stop_reason"] == nil })
            }
        }

        @Test("a completion is the model's, and stops at max_tokens")
        func completion() throws {
            let expected = try reference.row("french")
            try Server.run(.cpu(config: Self.exact)) { server in
                let reply = try server.post(
                    Requests.completionPath, Requests.completion("La Révolution française a commencé en", maxTokens: 24)
                )
                let text = expected.tokens.prefix(24).joined()
                #expect(reply.json == ["content": .string(text), "stop_reason": "max_tokens"])
            }
        }

        @Test("a streamed completion is the same text in pieces")
        func completionStream() throws {
            let expected = try reference.row("french")
            try Server.run(.cpu(config: Self.exact)) { server in
                let chunks = try chunks(
                    of: try server.stream(
                        Requests.completionPath,
                        Requests.completion("La Révolution française a commencé en", maxTokens: 24, stream: true)))
                let text = expected.tokens.prefix(24).joined()
                #expect(chunks.map { $0["text_delta"]?.stringValue ?? "" }.joined() == text)
                #expect(chunks.last == ["text_delta": "", "stop_reason": "max_tokens"])
            }
        }

        @Test("a chat batch answers as JSON Lines, in the order of its dialogs")
        func chatBatch() throws {
            let names = ["colors", "arithmetic", "greeting"]
            let questions = ["Name the three primary colors.", "What is 2 + 2?", "Hello! Who are you?"]
            try Server.run(.cpu(config: Self.exact)) { server in
                let reply = try server.post(
                    Requests.batchChatPath,
                    [
                        "model": "llama3_8b_chat", "max_tokens": 64,
                        "batch_dialogs": .array(questions.map { Requests.dialog($0) }),
                    ])
                #expect(reply.head.headers["content-type"] == "application/jsonl")
                let texts = try lines(reply).map { $0["content"]?.stringValue ?? "" }
                #expect(texts == (try names.map { try reference.row($0).text }))
            }
        }

        @Test("a completion batch answers as JSON Lines, in the order of its texts")
        func completionBatch() throws {
            let prompts = ["La Révolution française a commencé en", "1, 1, 2, 3, 5, 8, 13, 21,"]
            try Server.run(.cpu(config: Self.exact)) { server in
                let reply = try server.post(
                    Requests.batchCompletionPath,
                    ["model": "llama3_8b", "max_tokens": 16, "content_batch": .array(prompts.map { .string($0) })])
                #expect(reply.head.headers["content-type"] == "application/jsonl")
                let expected = try ["french", "numbers"].map { name -> JSON in
                    let text = try reference.row(name).tokens.prefix(16).joined()
                    return ["content": .string(text), "stop_reason": "max_tokens"]
                }
                #expect(try lines(reply) == expected)
            }
        }

        @Test("log probabilities come with each token, are none above 0, and their texts are the answer")
        func logprobs() throws {
            try Server.run(.cpu(config: Self.exact)) { server in
                let reply = Reply(
                    try server.post(
                        Requests.completionPath,
                        Requests.completion("The capital of France is", maxTokens: 5, ["logprobs": true])
                    ).json)
                #expect(reply.tokens.joined() == reply.text)
                #expect(reply.tokens.count == 5)
                #expect(reply.logprobs.count == 5)
                #expect(reply.logprobs.allSatisfy { $0 <= 0 && $0 > -20 })
            }
        }

        @Test("a chunk of a streamed completion has its own tokens' log probabilities")
        func streamedLogprobs() throws {
            try Server.run(.cpu(config: Self.exact)) { server in
                let chunks = try chunks(
                    of: try server.stream(
                        Requests.completionPath,
                        Requests.completion(
                            "The capital of France is", maxTokens: 5, stream: true, ["logprobs": true])))
                for chunk in chunks.dropLast() {
                    let tokens = (chunk["logprobs"]?["tokens"]?.items ?? []).compactMap(\.stringValue)
                    #expect(tokens.joined() == chunk["text_delta"]?.stringValue)
                }
            }
        }

        @Test("sampling draws other texts than greedy does, and ends as asked")
        func sampling() throws {
            let greedy = try reference.row("capital").tokens.prefix(16).joined()
            try Server.run(.cpu(config: Self.exact)) { server in
                let texts = try (0..<4).map { _ in
                    let reply = try server.post(
                        Requests.completionPath,
                        Requests.completion(
                            "The capital of France is", maxTokens: 16,
                            ["sampling_params": ["strategy": "top_p", "temperature": 1.5, "top_p": 0.99, "top_k": 0]]))
                    #expect(reply.status == 200, "\(reply.text)")
                    return Reply(reply.json).text
                }
                // Four draws of sixteen tokens at this temperature are the greedy text once in a very long time.
                #expect(texts.contains { $0 != greedy })
                #expect(Set(texts).count > 1)
            }
        }

        private func chunks(of stream: EventReader) throws -> [JSON] {
            var chunks: [JSON] = []
            while let event = try stream.next() {
                #expect(event.name.isEmpty, "\(event.data)")
                chunks.append(try JSON(parsing: event.data))
            }
            return chunks
        }

        private func lines(_ reply: HTTPReply) throws -> [JSON] {
            #expect(reply.status == 200, "\(reply.text)")
            return try reply.text.split(separator: "\n").map { try JSON(parsing: String($0)) }
        }
    }
}

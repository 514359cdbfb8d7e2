import LlamaStackAPI
import RawHTTP
import Testing

extension EndToEnd {
    /// Several clients of one model, and clients that leave. The engine's own count of computed tokens is in the debug
    /// line that the CPU provider writes when an answer has ended.
    @Suite struct ConcurrencyTests {
        /// More than any test here waits for.
        private static let many = 4000

        @Test("a second stream's first token comes before the first stream ends")
        func secondStream() throws {
            try Server.run(.cpu()) { server in
                let first = try server.stream(
                    Requests.completionPath, Requests.completion("Once upon a time", maxTokens: 300, stream: true))
                _ = try first.next()
                let second = try server.stream(
                    Requests.completionPath, Requests.completion("The capital of France", maxTokens: 4, stream: true))
                _ = try #require(try second.next())
                #expect(server.log("answer", "generated_tokens=300").isEmpty, "the first had ended already")
                var left = 0
                while try first.next() != nil { left += 1 }
                #expect(left > 0)
                #expect(try server.waitForLog("generated_tokens=300").count == 1)
            }
        }

        @Test("eight clients at once get what each would get alone")
        func companions() throws {
            let reference = try ReferenceAnswers()
            let names = ["colors", "arithmetic", "greeting", "french", "colors", "arithmetic", "greeting", "french"]
            try Server.run(.cpu()) { server in
                let answer = { @Sendable (name: String) in
                    try server.answer(try reference.row(name).prompt, model: "smollm", maxTokens: 64).tokens
                }
                var alone: [String: [String]] = [:]
                for name in Set(names) { alone[name] = try answer(name) }
                let replies = try concurrently(names.count) { try answer(names[$0]) }
                for (name, reply) in zip(names, replies) { #expect(reply == alone[name], "\(name)") }
            }
        }

        @Test("a client that leaves a stream stops the model within a token, and costs the next client nothing")
        func leavesStream() throws {
            try Server.run(.cpu()) { server in
                var stream: EventReader? = try server.stream(
                    Requests.completionPath,
                    Requests.completion("Once upon a time", maxTokens: Self.many, stream: true))
                for _ in 0..<5 { _ = try stream?.next() }
                stream = nil
                let cancelled = try Ended(try #require(try server.waitForLog("answer cancelled").first))
                // Read: five. What else there is was made between the fifth and the moment when the server saw the
                // client leave.
                #expect((5..<Self.many).contains(cancelled.generated))
                // The first answer token is the prompt's; each further one takes one step. One step may have been under
                // way.
                let steps = cancelled.prompt + cancelled.generated - 1
                #expect((steps...steps + 1).contains(cancelled.computed))

                let reply = try server.post(Requests.completionPath, Requests.completion("Hello", maxTokens: 3))
                #expect(reply.status == 200)
                let next = try Ended(try #require(try server.waitForLog("answer length").first))
                #expect(next.computed - cancelled.computed == next.prompt + next.generated - 1)
            }
        }

        @Test("a client that leaves while its prompt is read stops the reading")
        func leavesPrefill() throws {
            try Server.run(.cpu(config: "{threads: 1}")) { server in
                let text = String(repeating: "The quick brown fox jumps over the lazy dog. ", count: 700)
                let body = Requests.completion(text, maxTokens: 8)
                var connection: RawConnection? = try RawConnection(port: server.port)
                connection?.send(
                    RawClient.head(Requests.completionPath, body.bytes.count, port: server.port) + body.bytes)
                // Long enough to have begun; reading it all takes seconds on one thread.
                _ = connection?.read(seconds: 0.3)
                connection = nil
                let cancelled = try Ended(try #require(try server.waitForLog("answer cancelled").first))
                #expect(cancelled.generated == 0)
                #expect(cancelled.prompt > 6000)
                #expect(cancelled.computed < cancelled.prompt)
            }
        }

        @Test("a client that leaves while it waits for its turn never reaches the model")
        func leavesQueue() throws {
            try Server.run(.cpu(config: "{running_max: 1, speculation: none}")) { server in
                let first = try server.stream(
                    Requests.completionPath, Requests.completion("Once upon a time", maxTokens: 400, stream: true))
                _ = try first.next()
                let body = Requests.completion("Hello", maxTokens: 8)
                var waiting: RawConnection? = try RawConnection(port: server.port)
                waiting?.send(RawClient.head(Requests.completionPath, body.bytes.count, port: server.port) + body.bytes)
                _ = waiting?.read(seconds: 0.1)
                waiting = nil
                let cancelled = try Ended(try #require(try server.waitForLog("answer cancelled").first))
                #expect(cancelled.generated == 0)
                while try first.next() != nil {}
                let ended = try Ended(try #require(try server.waitForLog("answer length").first))
                #expect(ended.generated == 400)
                #expect(ended.computed == ended.prompt + ended.generated - 1, "only the first was computed")
            }
        }

        /// The counts in the line of an answer that has ended.
        struct Ended {
            let prompt: Int
            let generated: Int
            /// Of the model, since it was loaded.
            let computed: Int

            init(_ line: String) throws {
                func count(_ name: String) throws -> Int {
                    let field = line.split(separator: " ").first { $0.hasPrefix("\(name)=") }
                    guard let value = field.flatMap({ Int($0.dropFirst(name.count + 1)) }) else {
                        throw Missing("no \(name) in '\(line)'")
                    }
                    return value
                }
                prompt = try count("prompt_tokens")
                generated = try count("generated_tokens")
                computed = try count("tokens_computed")
            }
        }
    }
}

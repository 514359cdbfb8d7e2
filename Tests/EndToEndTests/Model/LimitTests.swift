import LlamaStackAPI
import RawHTTP
import Testing

extension EndToEnd {
    /// Requests that ask for more than there is: each its status and its code, and the next request is answered.
    @Suite struct LimitTests {
        @Test("a prompt beyond the context is 400 context_length_exceeded with all counts, and names its field")
        func promptTooLong() throws {
            try Server.run(.cpu(config: "{context_tokens_max: 128}")) { server in
                // One more than fits, ten times as many, a hundred times.
                for count in [129, 1280, 12800] {
                    let text = String(repeating: " a", count: count)
                    let reply = try server.post(Requests.completionPath, Requests.completion(text, maxTokens: 1))
                    #expect(reply.status == 400)
                    #expect(reply.errorCode == "context_length_exceeded")
                    #expect(reply.errorField == "content")
                    #expect(reply.errorMessage.contains("128") && reply.errorMessage.contains("\(count)"))
                }
                try expectAnswers(server)
            }
        }

        @Test("a prompt that fits with an answer that does not is 400 and names max_tokens")
        func answerTooLong() throws {
            try Server.run(.cpu(config: "{context_tokens_max: 128}")) { server in
                let reply = try server.post(
                    Requests.chatPath, Requests.chat("Hello", maxTokens: 120))
                #expect(reply.status == 400)
                #expect(reply.errorCode == "context_length_exceeded")
                #expect(reply.errorField == "max_tokens")
                try expectAnswers(server)
            }
        }

        /// What grows with the square of the text would take longer than the client waits.
        @Test("a megabyte of one character is refused")
        func oneCharacter() throws {
            try Server.run(.cpu()) { server in
                let text = String(repeating: "a", count: 1_000_000)
                let reply = try server.post(Requests.completionPath, Requests.completion(text, maxTokens: 1))
                #expect(reply.status == 400, "\(reply.text.prefix(300))")
                #expect(reply.errorCode == "context_length_exceeded")
                try expectAnswers(server)
            }
        }

        @Test("a body over the limit is 413 before it is understood")
        func bodyTooLarge() throws {
            try Server.run(.cpu()) { server in
                let text = String(repeating: "a", count: 3_000_000)
                let reply = try server.post(Requests.completionPath, Requests.completion(text, maxTokens: 1))
                #expect(reply.status == 413)
                #expect(reply.errorCode == "body_too_large")
                try expectAnswers(server)
            }
        }

        private func expectAnswers(_ server: Server, at location: SourceLocation = #_sourceLocation) throws {
            let reply = try server.post(Requests.completionPath, Requests.completion("Hello", maxTokens: 2))
            #expect(reply.status == 200, "\(reply.text)", sourceLocation: location)
        }
    }
}

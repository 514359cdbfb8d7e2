import LlamaStackAPI
import RawHTTP
import Testing

extension EndToEnd {
    /// Requests that say something wrong, to the real model.
    @Suite struct BadRequestTests {
        /// What a request holds besides its text, and the field that its refusal names; nil: it is no JSON or no number
        /// at all, and 400 says so.
        static let wild: [(more: String, field: String?)] = [
            (#""sampling_params":{"temperature":-1}"#, "sampling_params.temperature"),
            (#""sampling_params":{"temperature":1e308,"strategy":"top_p"}"#, "sampling_params.temperature"),
            (#""sampling_params":{"temperature":1e999}"#, nil),
            (#""sampling_params":{"temperature":NaN}"#, nil),
            (#""sampling_params":{"temperature":"hot"}"#, "sampling_params.temperature"),
            (#""sampling_params":{"strategy":"top_p","temperature":1,"top_p":0}"#, "sampling_params.top_p"),
            (#""sampling_params":{"strategy":"top_p","temperature":1,"top_p":-1}"#, "sampling_params.top_p"),
            (#""sampling_params":{"strategy":"top_p","temperature":1,"top_p":2}"#, "sampling_params.top_p"),
            (#""sampling_params":{"strategy":"top_k","temperature":1,"top_k":-5}"#, "sampling_params.top_k"),
            (#""sampling_params":{"strategy":"top_k","temperature":1,"top_k":1.5}"#, "sampling_params.top_k"),
            (#""sampling_params":{"strategy":"beam"}"#, "sampling_params.strategy"),
            (#""sampling_params":{"penalty":0}"#, "sampling_params.penalty"),
            (#""sampling_params":[]"#, "sampling_params"),
            (#""max_tokens":-1"#, "max_tokens"),
            (#""max_tokens":2147483648"#, "max_tokens"),
            (#""max_tokens":9223372036854775808"#, "max_tokens"),
            (#""max_tokens":1.5"#, "max_tokens"),
            (#""max_tokens":"5""#, "max_tokens"),
            (#""logprobs":"yes""#, "logprobs"),
            (#""stream":1"#, "stream"),
            (#""seed":1"#, "seed"),
        ]

        @Test("a wild value is refused with 4xx, and the field is named")
        func wildValues() throws {
            try Server.run(.cpu()) { server in
                for (more, field) in Self.wild {
                    let body = #"{"model":"llama3_8b","content":"Hello",\#(more)}"#
                    let reply = try server.client.post(Requests.completionPath, Array(body.utf8))
                    #expect((400..<429).contains(reply.status), "\(more): \(reply.status) \(reply.text)")
                    #expect(reply.errorField == field, "\(more): \(reply.text)")
                }
                #expect(server.isAlive)
                #expect(
                    server.log("tokens_computed=").allSatisfy { $0.contains("tokens_computed=0") },
                    "nothing was computed")
            }
        }

        @Test("the largest top_k that JSON can say is as good as none")
        func largeTopK() throws {
            try Server.run(.cpu()) { server in
                let reply = try server.post(
                    Requests.completionPath,
                    Requests.completion(
                        "Hello", maxTokens: 2,
                        ["sampling_params": ["strategy": "top_k", "temperature": 1, "top_k": 2_147_483_647]]))
                #expect(reply.status == 200, "\(reply.text)")
            }
        }

        /// Each with its status and its code.
        static let misaddressed: [(body: String, status: Int, code: String)] = [
            ("", 400, "invalid_json"),
            ("{", 400, "invalid_json"),
            ("[]", 422, "invalid_request"),
            (#"{"content":"x"}"#, 422, "invalid_request"),
            (#"{"model":7,"content":"x"}"#, 422, "invalid_request"),
            (#"{"model":"llama3_8b"}"#, 422, "invalid_request"),
            (#"{"model":"llama3_8b","content":""}"#, 422, "invalid_request"),
            (#"{"model":"llama3_8b","content":"x","contents":"x"}"#, 422, "invalid_request"),
            (#"{"model":"llama3_8b","content":"x","content":"y"}"#, 400, "invalid_json"),
            (#"{"model":"llama4","content":"x"}"#, 404, "model_not_found"),
            (#"{"model":"llama3_8b","content":\#(nested(65))}"#, 400, "json_too_deep"),
        ]

        private static func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }

        @Test("a request that is not one is told what it is, by status and code")
        func misaddressedRequests() throws {
            try Server.run(.cpu()) { server in
                for (body, status, code) in Self.misaddressed {
                    let reply = try server.client.post(Requests.completionPath, Array(body.utf8))
                    #expect(reply.status == status && reply.errorCode == code, "\(body.prefix(80)): \(reply.text)")
                }
                #expect(server.isAlive)
            }
        }

        @Test("an API that this distribution does not serve is 404 and named")
        func notServed() throws {
            try Server.run(.cpu()) { server in
                let reply = try server.client.get("/memory_banks/get")
                #expect(reply.status == 404)
                #expect(reply.errorCode == "api_not_served")
                #expect(reply.errorMessage.contains("memory_banks"))
            }
        }

        @Test("thirty random abuses leave the server as it was")
        func abuse() throws {
            let seed = UInt64.random(in: 0...UInt64.max)
            print("abuse: seed \(seed)")
            var abuse = Abuse(seed: seed)
            try Server.run(.cpu(config: "{context_tokens_max: 256}", server: "{limits: {header_timeout_seconds: 1}}")) {
                server in
                for index in 0..<30 {
                    let attack = abuse.next(port: server.port)
                    let connection = try RawConnection(port: server.port)
                    connection.send(attack.bytes)
                    connection.shutdownWriting()
                    let reply = try? ReplyReader(connection, seconds: 60)
                    // No answer is an answer to bytes that are no HTTP; 500 is our own fault.
                    #expect(reply?.head.status != 500, "seed \(seed), attack \(index): \(attack.name)")
                    #expect(server.process.isRunning, "seed \(seed), attack \(index): \(attack.name)")
                }
                #expect(server.isAlive, "seed \(seed)")
                let reply = try server.post(Requests.completionPath, Requests.completion("Hello", maxTokens: 2))
                #expect(reply.status == 200, "seed \(seed): \(reply.text)")
                #expect(server.log(" error ").isEmpty, "seed \(seed)")
            }
        }
    }
}

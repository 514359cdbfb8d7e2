import Foundation
import LlamaStackAPI
import ProviderConformance
import RawHTTP
import Testing

extension EndToEnd {
    /// Third-party providers of every API, in one library that is written in C, behind one address.
    @Suite struct EveryAPITests {
        @Test("every route is answered by a third-party provider of its API, in C")
        func everyRoute() throws {
            let folder = try TemporaryFolder()
            try Server.run(file: try distribution(in: folder)) { server in
                #expect(
                    server.startLine.contains(
                        "  apis: \(API.allCases.map(\.rawValue).joined(separator: ", "))  providers: "))
                for endpoint in Endpoints.all {
                    let reply = try ask(endpoint, server)
                    #expect(reply.status == 200, "\(endpoint.id): \(String(decoding: reply.body, as: UTF8.self))")
                    #expect(problem(with: reply, of: endpoint) == nil, "\(endpoint.id)")
                }
            }
        }

        @Test("a reward model is called by its alias, and one that is not listed is 404")
        func rewardModel() throws {
            let folder = try TemporaryFolder()
            let file = try distribution(
                in: folder, models: "  - {model_id: judge, api: reward_scoring, aliases: [llama3_405b_reward]}\n")
            try Server.run(file: file) { server in
                #expect(server.startLine.contains("  models: text, judge  "))
                for (model, status) in [("judge", 200), ("llama3_405b_reward", 200), ("text", 404)] {
                    let reply = try server.post(
                        "/reward_scoring/score", ["model": .string(model), "prompt_generations": []])
                    #expect(reply.status == status, "\(model)")
                    #expect(reply.errorCode == (status == 404 ? "model_not_found" : nil))
                }
            }
        }

        /// One provider for each API, and one model, by the name that samples have.
        private func distribution(in folder: TemporaryFolder, models: String = "") throws -> String {
            let library = folder.path + "/every-api.so"
            let compiler = try ChildProcess(
                "/usr/bin/env",
                [
                    "cc", "-shared", "-fPIC", "-pthread", "-I", Setting.root + "/Sources/CProviderABI/include", "-o",
                    library, Setting.fixtures + "/providers/every-api.c",
                ])
            defer { compiler.end() }
            guard compiler.wait(seconds: 60) == .exit(0) else { throw Missing("cc failed: \(compiler.errors)") }
            let providers = API.allCases.map {
                "  \($0.rawValue): [{provider_id: c, provider_type: inline::every, library: \(library)}]\n"
            }
            return try folder.write(
                """
                version: 1
                providers:
                \(providers.joined())
                models:
                  - {model_id: text, api: inference, aliases: [llama3_8b, llama3_8b_chat]}
                \(models)
                shields: [{shield_id: llama_guard}]
                """, "dist.yaml")
        }

        private func ask(_ endpoint: EndpointDescription, _ server: Server) throws -> HTTPReply {
            let query = Samples.sample(of: endpoint.query).objectValue?.members ?? []
            let parameters = query.map { "\($0.key)=\($0.value.stringValue ?? $0.value.text)" }.joined(separator: "&")
            let body = endpoint.body.map { Samples.sample(for: $0).text } ?? ""
            let target = endpoint.route.path + (parameters.isEmpty ? "" : "?" + parameters)
            return try server.client.reply(
                to: """
                    \(endpoint.route.verb.rawValue) \(target) HTTP/1.1\r
                    Host: 127.0.0.1:\(server.port)\r
                    Content-Type: application/json\r
                    Content-Length: \(body.utf8.count)\r
                    Connection: close\r
                    \r
                    \(body)
                    """)
        }

        private func problem(with reply: HTTPReply, of endpoint: EndpointDescription) -> String? {
            let text = String(decoding: reply.body, as: UTF8.self)
            if endpoint.streaming == .always {
                return text.hasPrefix("data: {") && text.hasSuffix("\n\n") ? nil : text
            }
            switch endpoint.answerFormat {
            case .empty: return reply.body.isEmpty ? nil : text
            case .json: return endpoint.answer?.matches(reply.json) == true ? nil : text
            case .jsonLines:
                let lines = reply.body.split(separator: 0x0A).map { (try? JSON(parsing: Array($0))) ?? .null }
                return endpoint.answer?.matches(.array(lines)) == true ? nil : text
            }
        }
    }
}

import Foundation
import LlamaStackAPI
import RawHTTP
import Testing

extension EndToEnd {
    /// The distribution that `make run` serves, as it is shipped, with the real models.
    @Suite struct StarterTests {
        private static let passport = "To renew your passport, bring two photographs and the old booklet to the office."
        private static let sea = "The sea was calm and the gulls slept."

        private func serve<R>(_ body: (Server) throws -> R) throws -> R {
            let folder = try TemporaryFolder()
            return try Server.run(
                file: Setting.root + "/Distributions/starter.yaml", environment: ["LLAMA_STACK_STATE": folder.path],
                body)
        }

        @Test("texts become vectors of length 1, nearest to those that say the same")
        func embeddings() throws {
            try serve { server in
                let texts = ["How do I extend my travel document?", Self.passport, Self.sea]
                let reply = try server.post(
                    "/inference/embeddings",
                    ["model": "all-minilm-l6-v2", "contents": .array(texts.map { .string($0) })])
                #expect(reply.status == 200, "\(reply.text.prefix(300))")
                let vectors = reply.json["embeddings"]?.items.map { $0.items.compactMap(\.double) } ?? []
                try #require(vectors.map(\.count) == [384, 384, 384])
                func dot(_ a: Int, _ b: Int) -> Double { zip(vectors[a], vectors[b]).reduce(0) { $0 + $1.0 * $1.1 } }
                for index in 0..<3 { #expect(abs(dot(index, index) - 1) < 1e-3) }
                #expect(dot(0, 1) > dot(0, 2) + 0.2)
            }
        }

        @Test("a document is found by its meaning where no word of the question stands in it")
        func retrieval() throws {
            try serve { server in
                let documents = [("passport", Self.passport), ("sea", Self.sea)].map { id, text -> JSON in
                    [
                        "uuid": .string(id), "mime_type": "text/plain", "metadata": [:],
                        "content": .string(Data(text.utf8).base64EncodedString()),
                    ]
                }
                let created = try server.post(
                    "/memory_banks/create?bank_uuid=notes&bank_name=notes", .array(documents))
                #expect(created.status == 200, "\(created.text.prefix(300))")
                try waitForVectors(server)
                let reply = try server.post(
                    "/memory_bank/query",
                    ["bank_uuids": ["notes"], "query": "How do I extend my travel document?"])
                #expect(reply.json["mode"] == "hybrid", "\(reply.text.prefix(300))")
                #expect(reply.json["chunks"]?.items.first?["document_uuid"] == "passport")
            }
        }

        private func waitForVectors(_ server: Server) throws {
            let end = ContinuousClock.now + .seconds(60)
            while true {
                let status = try server.client.get("/memory_bank/status?bank_uuid=notes").json
                if status["indexed"]?.int == 2, status["embedding_pending"]?.int == 0 { return }
                guard ContinuousClock.now < end else { throw Missing("no vectors within 60 s: \(status)") }
                usleep(20_000)
            }
        }
    }
}

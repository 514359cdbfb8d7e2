import Foundation
import LlamaStackAPI
import Testing

extension EndToEnd {
    /// Distributions/blas.yaml, as it is shipped.
    @Suite struct BLASTests {
        @Test("blas.yaml is cpu.yaml with another provider's type, and says that OpenBLAS multiplies")
        func oneWord() throws {
            let (cpu, blas) = (try Self.lines("cpu.yaml"), try Self.lines("blas.yaml"))
            #expect(cpu.count == blas.count)
            let different = zip(cpu, blas).filter { $0 != $1 }.map { $1.trimmingCharacters(in: .whitespaces) }
            #expect(different == ["name: blas", "provider_type: inline::blas"])

            let folder = try TemporaryFolder()
            _ = try Setting.requireModel()
            try Server.run(
                file: Setting.root + "/Distributions/blas.yaml", environment: ["LLAMA_STACK_STATE": folder.path]
            ) { server in
                let reply = try server.post(
                    Requests.chatPath, Requests.chat("Say hello.", model: "llama3_8b_chat", maxTokens: 4))
                #expect(reply.status == 200)
                #expect(!Reply(reply.json).text.isEmpty)
                #expect(!server.log("is ready", "OpenBLAS").isEmpty)
                let scored = try server.post(
                    "/inference/score",
                    [
                        "model": "llama3_8b_chat", "content": "The capital of France is",
                        "continuations": [" Paris", " a banana"],
                    ])
                let logprobs = scored.json["scores"]?.items.compactMap { $0["logprob"]?.double } ?? []
                try #require(logprobs.count == 2, "\(scored.text.prefix(300))")
                #expect(logprobs[0] > -0.5 && logprobs[0] < 0 && logprobs[1] < -10)
            }
        }

        /// What the file says, without its comments.
        private static func lines(_ name: String) throws -> [String] {
            try String(contentsOfFile: Setting.root + "/Distributions/" + name, encoding: .utf8).split(separator: "\n")
                .map(String.init).filter { !$0.hasPrefix("#") }
        }
    }
}

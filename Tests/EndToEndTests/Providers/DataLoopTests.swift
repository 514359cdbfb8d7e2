import Foundation
import LlamaStackAPI
import RawHTTP
import Testing

extension EndToEnd {
    /// Candidates, scores, filters and datasets over the real model, in one server.
    @Suite struct DataLoopTests {
        private static let generate = "/synthetic_data_generation/generate"

        /// The default model, an adapter of it with random numbers, both kinds of rewards, and a generator.
        private func serve<R>(_ body: (Server, _ folder: String) throws -> R) throws -> R {
            let folder = try TemporaryFolder()
            let adapter = try RandomAdapter(seed: 1).write("adapter", in: folder)
            var distribution = try Distribution.cpu()
            distribution.more = "state: \(folder.path)/state"
            distribution.moreProviders = """
                  datasets:
                    - {provider_id: files, provider_type: inline::file, config: {file_roots: [\(folder.path)]}}
                  reward_scoring:
                    - {provider_id: rewards, provider_type: inline::model}
                  synthetic_data_generation:
                    - provider_id: data
                      provider_type: inline::reference
                      config: {model: smollm, max_tokens: 24, dataset_folder: \(folder.path)/made}
                """
            distribution.models += [
                .init(id: "adapted", provider: "cpu", base: "smollm", adapter: adapter),
                .init(
                    id: "polite", provider: "rewards",
                    more: "config: {kind: implicit, model: adapted, reference: smollm, reward_scale: 0.1}"),
                .init(
                    id: "tiny", provider: "rewards", path: Setting.fixtures + "/reward/tiny",
                    more: "config: {kind: head}"),
            ]
            return try Server.run(distribution) { try body($0, folder.path) }
        }

        private func said(_ text: String, by role: String = "user") -> JSON {
            ["role": .string(role), "content": .string(text)]
        }

        private func ok(_ reply: HTTPReply) throws -> JSON {
            guard reply.status == 200 else { throw Missing("\(reply.status): \(reply.text.prefix(400))") }
            return reply.json
        }

        private let prompts = ["Name a bird.", "Name a colour.", "Name a town.", "Say hello."]
        private let candidates = ["A gull.", "I don't know.", "A penguin is a bird that swims.", ""]

        @Test("candidates are scored, filtered and made a dataset whose rows can be read")
        func loop() throws {
            try serve { server, folder in
                let body: JSON = [
                    "prompts": .array(prompts.map { said($0) }), "filtering_function": "top_k",
                    "reward_scoring": ["model": "polite", "k": 2, "seed": 3, "dataset_uuid": "made"],
                ]
                let data = try ok(try server.post(Self.generate, body))
                let items = data["synthetic_data"]?.items ?? []
                #expect(items.map { $0["prompt"]?["content"]?.stringValue } == prompts)
                #expect(items.allSatisfy { $0["k_scored_generations"]?.items.count == 2 })
                #expect(data["statistics"]?["generated"] == 16 && data["statistics"]?["kept"] == 8)
                // The score of what was kept is that which the reward model gives.
                let kept = items[0]["k_scored_generations"]?.items ?? []
                let scores = try scores(server, "polite", prompts[0], kept.compactMap { $0["message"] })
                #expect(scores == kept.compactMap { $0["score"]?.double })
                let dataset = try ok(try server.client.get("/datasets/get?dataset_id=made"))
                #expect(dataset["columns"] == ["dialog": "dialog"])
                let url = try #require(dataset["content_url"]?.stringValue.flatMap { Foundation.URL(string: $0) })
                let rows = try String(contentsOf: url, encoding: .utf8).split(separator: "\n")
                #expect(Int64(rows.count) == data["statistics"]?["dataset"]?["rows"]?.int.map(Int64.init))
                for row in rows {
                    let dialog = try JSON(parsing: Array(row.utf8))["dialog"]?.items ?? []
                    #expect(dialog.count == 2 && dialog[1]["role"] == "assistant")
                }
                #expect(try server.post(Self.generate, body).errorCode == "already_exists")
            }
        }

        @Test("the same seed writes the same data, and another writes other")
        func seeds() throws {
            try serve { server, _ in
                func data(_ seed: Int64) throws -> JSON? {
                    try ok(
                        try server.post(
                            Self.generate,
                            [
                                "prompts": .array(prompts.prefix(2).map { said($0) }), "filtering_function": "sigmoid",
                                "reward_scoring": ["seed": .integer(seed), "threshold": -1.0],
                            ]))["synthetic_data"]
                }
                let first = try data(5)
                #expect(try data(5) == first)
                #expect(try data(6) != first)
            }
        }

        @Test("an implicit reward is the difference of two scores of inference")
        func implicit() throws {
            try serve { server, _ in
                func logprobs(_ model: String) throws -> [Double] {
                    let reply = try ok(
                        try server.post(
                            "/inference/score",
                            [
                                "model": .string(model), "dialog": ["message": said(prompts[0])],
                                "continuations": .array(candidates.map { .string($0) }),
                            ]))
                    return reply["scores"]?.items.compactMap { $0["logprob"]?.double } ?? []
                }
                let (own, others) = (try logprobs("adapted"), try logprobs("smollm"))
                let scores = try scores(server, "polite", prompts[0], candidates.map { said($0, by: "assistant") })
                #expect(scores == zip(own, others).map { 0.1 * ($0 - $1) })
                #expect(scores.count == 4 && scores.contains { abs($0) > 1e-6 })
            }
        }

        @Test("a score is the same to the bit alone and among 64", arguments: ["polite", "tiny"])
        func among(_ model: String) throws {
            try serve { server, _ in
                let candidates = (0..<64).map { said("answer number \($0)", by: "assistant") }
                let together = try scores(server, model, prompts[0], candidates)
                #expect(Set(together).count > 40)
                for index in [0, 1, 31, 63] {
                    #expect(try scores(server, model, prompts[0], [candidates[index]]) == [together[index]])
                }
            }
        }

        @Test("a reward model that is not there, or is one of inference, is named")
        func unknown() throws {
            try serve { server, _ in
                let item: JSON = ["dialog": ["message": said("a")], "k_generations": []]
                for model in ["polit", "smollm"] {
                    let reply = try server.post(
                        "/reward_scoring/score", ["model": .string(model), "prompt_generations": [item]])
                    #expect(reply.status == 404 && reply.errorCode == "model_not_found", "\(reply.text)")
                }
            }
        }

        private func scores(_ server: Server, _ model: String, _ prompt: String, _ candidates: [JSON]) throws
            -> [Double]
        {
            let reply = try ok(
                try server.post(
                    "/reward_scoring/score",
                    [
                        "model": .string(model),
                        "prompt_generations": [
                            ["dialog": ["message": said(prompt)], "k_generations": .array(candidates)]
                        ],
                    ]))
            let scored = reply["scored_generations"]?.items.first?["k_scored_generations"]?.items ?? []
            return scored.compactMap { $0["score"]?.double }
        }
    }
}

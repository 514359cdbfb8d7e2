import Foundation
import Host
import ProviderKit
import Testing

@testable import SyntheticDataReference

/// The provider over scripted inference and rewards, and over the real register of datasets. The scripted model answers
/// a prompt with its own text, always the same.
struct GenerateTests {
    private func generate(
        _ server: DataServer, _ prompts: [String], _ function: FilteringFunction = .none, _ scoring: JSONObject? = nil
    ) async throws -> SyntheticDataGenerationResponse {
        let request = SyntheticDataGenerationRequest(
            prompts: prompts.map { Message(role: .user, content: .text($0)) }, filteringFunction: function,
            rewardScoring: scoring.map { .init($0) })
        return try await server.call(SyntheticDataGeneration.generate, Nothing(), request)
    }

    private func refusal(_ body: () async throws -> Void) async throws -> CallError? {
        do {
            try await body()
            return nil
        } catch {
            return try #require(error as? CallError)
        }
    }

    @Test func `candidates are written, repetitions left out, the rest scored`() async throws {
        try await withData { server in
            let data = try await generate(server, ["one", "two", " "], .none, ["model": "judge"])
            #expect(data.syntheticData.map { $0.kScoredGenerations.map(\.message.content) } == [["one"], ["two"], []])
            #expect(data.syntheticData.map(\.prompt.content) == ["one", "two", " "])
            #expect(data.syntheticData[0].kScoredGenerations.map(\.score) == [0.5])
            let counts = ["prompts", "generated", "duplicates", "empty", "cut", "kept"].map { data.statistics?[$0] }
            #expect(counts == [3, 12, 6, 4, 0, 2])
            // The scripted model takes no seed.
            #expect(data.statistics?["parameters"]?.objectValue?["is_repeatable"] == false)
        }
    }

    @Test func `no prompts have no data`() async throws {
        try await withData { server in
            let data = try await generate(server, [], .topK, ["model": "judge"])
            #expect(data.syntheticData == [] && data.statistics?["generated"] == 0)
        }
    }

    @Test func `a model without log probabilities needs a reward model`() async throws {
        try await withData { server in
            let error = try await refusal { _ = try await generate(server, ["one"]) }
            #expect(error?.code == .upstreamError)
            #expect(error?.message.contains("reward_scoring.model") == true)
        }
    }

    @Test func `a reward model that does not exist is found before anything is written`() async throws {
        try await withData { server in
            let error = try await refusal { _ = try await generate(server, ["one"], .none, ["model": "absent"]) }
            #expect(error?.code == .modelNotFound)
            #expect(server.calls("chat_completion") == 0)
        }
    }

    @Test func `what is too much, or said by another than the user, is refused by its place`() async throws {
        try await withData(config: "prompts_max: 2") { server in
            let error = try await refusal { _ = try await generate(server, ["a", "b", "c"]) }
            #expect(error?.code == .invalidRequest && error?.field == "prompts")
            #expect(error?.message == "prompts must be at most 2 (prompts_max), got 3")
            let request = SyntheticDataGenerationRequest(prompts: [Message(role: .assistant, content: "a")])
            let role = try await refusal {
                _ = try await server.call(SyntheticDataGeneration.generate, Nothing(), request)
            }
            #expect(role?.field == "prompts[0].role")
            let member = try await refusal { _ = try await generate(server, ["a"], .none, ["kk": 1]) }
            #expect(member?.field == "reward_scoring.kk" && member?.message.contains("did you mean 'k'") == true)
            let k = try await refusal { _ = try await generate(server, ["a"], .topK, ["k": 0]) }
            #expect(k?.code == .invalidRequest && k?.field == "reward_scoring.k")
        }
    }

    @Test func `an answer that fails fails all, with the place of its prompt`() async throws {
        try await withData { server in
            let bad = #"{"error": "context_length_exceeded"}"#
            let error = try await refusal { _ = try await generate(server, ["a", bad], .none, ["model": "judge"]) }
            #expect(error?.code == .contextLengthExceeded)
        }
    }

    @Test func `what is kept becomes a dataset that can be read`() async throws {
        try await withData { server in
            let data = try await generate(
                server, ["one", "two"], .none, ["model": "judge", "dataset_uuid": "made/1"])
            let made: JSON = ["uuid": "made/1", "form": "sft", "rows": 2, "is_registered": true]
            #expect(data.statistics?["dataset"] == made)
            let dataset = try await server.call(Datasets.get, DatasetQuery(datasetID: "made/1"), Nothing())
            #expect(dataset.columns == ["dialog": .dialog])
            let path = try #require(URL(string: dataset.contentURL.string)?.path)
            let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
            #expect(
                lines.map(String.init) == [
                    #"{"dialog":[{"role":"user","content":"one"},{"role":"assistant","content":"one"}]}"#,
                    #"{"dialog":[{"role":"user","content":"two"},{"role":"assistant","content":"two"}]}"#,
                ])
            let again = try await refusal {
                _ = try await generate(server, ["x"], .none, ["model": "judge", "dataset_uuid": "made/1"])
            }
            #expect(again?.code == .alreadyExists && again?.field == "reward_scoring.dataset_uuid")
            #expect(again?.message == "there is a dataset 'made/1' already, or one is being made")
        }
    }

    @Test func `rows of which there are none make no dataset`() async throws {
        try await withData { server in
            let scoring: JSONObject = ["model": "judge", "dataset_uuid": "p", "dataset_form": "preference"]
            let data = try await generate(server, ["one"], .none, scoring)
            let made: JSON = ["uuid": "p", "form": "preference", "rows": 0, "is_registered": false]
            #expect(data.statistics?["dataset"] == made)
            let error = try await refusal {
                _ = try await server.call(Datasets.get, DatasetQuery(datasetID: "p"), Nothing())
            }
            #expect(error?.code == .notFound)
        }
    }

    @Test func `without a folder no dataset is made, and nothing is written`() async throws {
        try await withData(folder: nil) { server in
            let error = try await refusal {
                _ = try await generate(server, ["x"], .none, ["model": "judge", "dataset_uuid": "d"])
            }
            #expect(error?.code == .invalidRequest && error?.field == "reward_scoring.dataset_uuid")
            #expect(server.calls("chat_completion") == 0)
        }
    }

    @Test func `a folder that datasets may not read costs the dataset and not the rows`() async throws {
        try await withData(folder: "elsewhere") { server in
            let error = try await refusal {
                _ = try await generate(server, ["x"], .none, ["model": "judge", "dataset_uuid": "d"])
            }
            #expect(error?.message.contains("file_roots") == true)
            let files = try FileManager.default.contentsOfDirectory(atPath: server.folder + "/elsewhere")
            #expect(files.count == 1 && files[0].hasPrefix("d-") && files[0].hasSuffix(".jsonl"))
        }
    }

    @Test func `a model that the distribution does not have fails the start`() async throws {
        let error = await #expect(throws: StartFailure.self) { try await withData(model: "absent") { _ in } }
        #expect("\(error as Any)".contains("'model' names the model 'absent'"))
    }
}

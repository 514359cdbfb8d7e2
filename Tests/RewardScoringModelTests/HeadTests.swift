import Foundation
import ProviderKit
import Testing

@testable import RewardScoringModel

/// The tiny reward model of Tests/Fixtures/reward, from text to score, against transformers
/// (Scripts/reference/make_tiny_classifier.py).
struct HeadTests {
    struct Item: Decodable {
        struct Said: Decodable {
            let role, content: String
        }
        let dialog: [Said]
        let answer: String
        let score: Double

        var prompt: Dialog {
            let messages = dialog.map { Message(role: Role(rawValue: $0.role) ?? .user, content: .text($0.content)) }
            return Dialog(message: messages[messages.count - 1], messageHistory: messages.dropLast())
        }
        var candidate: Message { Message(role: .assistant, content: .text(answer)) }
    }

    static let fixtures = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/reward")

    private func items() throws -> [Item] {
        try JSONDecoder().decode([Item].self, from: Data(contentsOf: Self.fixtures.appending(path: "scores.json")))
    }

    private func provider(_ config: JSON = ["precision": "exact", "threads": 1], path: String? = nil) async throws
        -> RewardModelProvider
    {
        let provider = try await RewardModelProvider(
            configuration: RewardConfiguration(json: config, at: .root), context: ProviderContext(providerID: "r"))
        let path = path ?? Self.fixtures.appending(path: "tiny").path
        try await provider.register(Resource(kind: "model", id: "tiny", path: path, config: ["kind": "head"]))
        return provider
    }

    private func scores(
        _ provider: RewardModelProvider, _ items: [(Dialog, [Message])]
    ) async throws -> RewardScoringResponse {
        let request = RewardScoringRequest(
            promptGenerations: items.map { KPromptGenerations(dialog: $0.0, kGenerations: $0.1) },
            model: RewardModel(rawValue: "tiny"))
        return try await provider.score(request, Call(resource: "tiny"))
    }

    private func refusal(_ body: () async throws -> Void) async throws -> ProviderError? {
        do {
            try await body()
            return nil
        } catch {
            return try #require(error as? ProviderError)
        }
    }

    private let question = Dialog(message: Message(role: .user, content: "Name a bird that cannot fly."))

    private func said(_ text: String) -> Message { Message(role: .assistant, content: .text(text)) }

    @Test func `a reply is scored as transformers scores the conversation`() async throws {
        let items = try items()
        let answer = try await scores(try await provider(), items.map { ($0.prompt, [$0.candidate]) })
        #expect(answer.scoredGenerations.count == 7)
        for (item, scored) in zip(items, answer.scoredGenerations) {
            #expect(scored.prompt == item.prompt.message && scored.kScoredGenerations[0].message == item.candidate)
            #expect(abs(scored.kScoredGenerations[0].score - item.score) < 1e-4)
        }
    }

    @Test(arguments: ["exact", "quantized"])
    func `a score is the same to the bit alone and among 64, in the request's order`(_ precision: String) async throws {
        let provider = try await provider(["precision": .string(precision), "threads": 2])
        let candidates = (0..<64).map { said("answer \($0 * 7 % 64)" + String(repeating: "!", count: $0 % 5)) }
        let all = try await scores(provider, [(question, candidates)]).scoredGenerations[0].kScoredGenerations
        #expect(all.map(\.message) == candidates)
        for index in [0, 1, 17, 40, 63] {
            let alone = try await scores(provider, [(question, [candidates[index]])])
            #expect(alone.scoredGenerations[0].kScoredGenerations == [all[index]])
        }
        #expect(Set(all.map(\.score)).count > 60)
    }

    @Test func `nothing to score is nothing scored`() async throws {
        let provider = try await provider()
        #expect(try await scores(provider, []).scoredGenerations == [])
        let answer = try await scores(provider, [(question, []), (question, [said("a")])])
        #expect(answer.scoredGenerations.map(\.kScoredGenerations.count) == [0, 1])
    }

    @Test func `candidates are no more than the limit, and the assistant's`() async throws {
        let provider = try await provider(["candidates_max": 3])
        let many = try await refusal {
            _ = try await scores(
                provider, [(question, [said("a"), said("b")]), (question, [said("a"), said("b")])])
        }
        #expect(many?.code == .invalidRequest && many?.field == "prompt_generations")
        #expect(many?.message.contains("at most 3 candidates together (candidates_max), got 4") == true)
        let role = try await refusal {
            _ = try await scores(provider, [(question, [said("a"), Message(role: .user, content: "b")])])
        }
        #expect(role?.field == "prompt_generations[0].k_generations[1].role")
    }

    @Test func `what does not fit the context is refused by its place`() async throws {
        let provider = try await provider()
        let long = try await refusal {
            _ = try await scores(
                provider, [(question, []), (question, [said("a"), said(String(repeating: "a", count: 1024))])])
        }
        #expect(long?.code == .contextLengthExceeded && long?.field == "prompt_generations[1].k_generations[1]")
        #expect(long?.message.contains("context is 1024") == true)
    }

    @Test func `a model that answers no number is an error with the candidate's place`() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "reward-\(UUID().uuidString)")
        try FileManager.default.copyItem(at: Self.fixtures.appending(path: "tiny"), to: folder)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: "model.safetensors")
        var bytes = try Data(contentsOf: file)
        // The head is the last tensor of the file, in bf16: all of it NaN.
        for index in bytes.count - 128..<bytes.count { bytes[index] = 0xFF }
        try bytes.write(to: file)
        let provider = try await provider(path: folder.path)
        let error = try await refusal { _ = try await scores(provider, [(question, []), (question, [said("a")])]) }
        #expect(error?.code == .upstreamError && error?.field == "prompt_generations[1].k_generations[0]")
        #expect(error?.message.contains("not a finite number") == true)
    }

    @Test func `a model that is not there, or no longer, is named`() async throws {
        let provider = try await provider()
        try await provider.unregister(Resource(kind: "model", id: "tiny"))
        let error = try await refusal { _ = try await scores(provider, []) }
        #expect(error?.code == .modelNotFound)
    }

    @Test(
        arguments: [
            (["kind": "judge"], nil, "kind"), ([:], nil, "kind"), (["kind": "head"], nil, "path"),
            (["kind": "head", "model": "m"], "/x", "/model"), (["kind": "head"], "/no/such/folder", "/no/such/folder"),
            (["kind": "implicit"], nil, "/model"), (["kind": "implicit", "model": "m"], nil, "/reference"),
            (["kind": "implicit", "model": "m", "reference": "m"], nil, "another than model"),
            (["kind": "implicit", "model": "m", "reference": "n"], "/x", "path"),
            (["kind": "implicit", "model": "m", "reference": "n", "reward_scale": 0], nil, "reward_scale"),
            (["kind": "implicit", "model": "m", "reference": "n", "beta": 0.1], nil, "beta"),
        ] as [(JSONObject, String?, String)])
    func `a model that can't be one of rewards is refused by the key`(
        _ config: JSONObject, _ path: String?, _ word: String
    ) async throws {
        let provider = try await RewardModelProvider(
            configuration: RewardConfiguration(json: [:], at: .root), context: ProviderContext(providerID: "r"))
        var shown = ""
        do {
            try await provider.register(Resource(kind: "model", id: "x", path: path, config: config))
        } catch {
            shown = (error as? ProviderError).map { "\($0.field ?? "") \($0.message)" } ?? "\(error)"
        }
        #expect(shown.contains(word), "\(shown)")
    }
}

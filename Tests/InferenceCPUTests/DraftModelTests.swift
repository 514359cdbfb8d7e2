import Foundation
import ProviderKit
import Testing

@testable import InferenceCPU

@Suite(.timeLimit(.minutes(60))) struct DraftModelTests {
    private let target = ScriptedModel.saying("Once", " upon", " a", " time")

    /// What serving the target with this draft model says; the error that refuses it else.
    private func answer(_ draft: ScriptedModel, config: JSON = ["threads": 1]) async throws -> Result<
        Content, ProviderError
    > {
        let provider = try await CPUProvider<OwnKernels>(
            configuration: CPUConfiguration(json: config, at: .root), context: ProviderContext(providerID: "cpu"))
        let files = try [target, draft].map { try $0.write() }
        defer { for file in files { try? FileManager.default.removeItem(at: file) } }
        do {
            try await provider.register(
                Resource(
                    kind: "model", id: "m", path: files[0].path, more: ["draft_model": .string(files[1].path)]))
            return .success(try await provider.chatCompletion(ServedModel.request(), ServedModel.call()).content)
        } catch let error as ProviderError {
            return .failure(error)
        }
    }

    @Test("a model with another's guesses answers as it does without, whatever the other says")
    func answers() async throws {
        // The same vocabulary, and nothing else in common.
        var other = ScriptedModel.saying("Once", " upon", " a", " time", end: .never)
        other.certainty = 0
        for draft in [target, other] {
            #expect(try await answer(draft).get() == "Once upon a time")
        }
    }

    @Test("a draft model of another vocabulary is refused, and the first difference is said")
    func vocabulary() async throws {
        let more = await #expect(throws: ProviderError.self) {
            try await answer(.saying("Once", " upon", " a", " time", "!!")).get()
        }
        #expect(more?.code == .invalidConfig)
        #expect(more?.field == "draft_model")
        #expect(more?.message.contains("has a vocabulary of 263 tokens, and the model's has 262") == true)
        let other = await #expect(throws: ProviderError.self) {
            try await answer(.saying("Once", " upon", " the", " time")).get()
        }
        #expect(other?.message.contains("has ' the' for token 260, and the model ' a'") == true)
    }

    @Test("a draft model is refused where nothing is guessed, and of an adapter")
    func refusals() async throws {
        let none = await #expect(throws: ProviderError.self) {
            try await answer(target, config: ["threads": 1, "speculation": "none"]).get()
        }
        #expect(none?.field == "draft_model")
        let served = try await ServedModel(target)
        let adapter = await #expect(throws: ProviderError.self) {
            try await served.provider.register(
                Resource(
                    kind: "model", id: "a", base: "m", adapter: "/nowhere", more: ["draft_model": "/nowhere.gguf"]))
        }
        #expect(adapter?.field == "draft_model")
    }
}

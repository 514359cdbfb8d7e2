import Foundation
import Host
import ProviderKit
import Testing

@testable import RewardScoringModel

/// Rewards of two inference models, in a distribution of this process. The scripted model's logarithm of a text's
/// probability is minus the bytes of the text times those of the model's id.
struct ImplicitTests {
    private func withRewards<Result>(_ body: (Stack) async throws -> Result) async throws -> Result {
        let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let library = URL(fileURLWithPath: tests).deletingLastPathComponent().path + "/libscripted-provider.so"
        let yaml = """
            version: 1
            name: rewards
            providers:
              inference:
                - {provider_id: scripted, provider_type: inline::scripted, library: \(library)}
              reward_scoring:
                - {provider_id: rewards, provider_type: inline::model}
            models:
              - {model_id: ab, provider_id: scripted}
              - {model_id: abcde, provider_id: scripted}
              - model_id: judge
                provider_id: rewards
                aliases: [llama3_70b_reward]
                config: {kind: implicit, model: ab, reference: abcde, reward_scale: 0.5}
              - {model_id: lost, provider_id: rewards, config: {kind: implicit, model: ab, reference: abc}}
            """
        let manifest = try Manifest.parse(Array(yaml.utf8), file: "rewards.yaml", directory: "/", environment: [:])
        let stack = try await Stack.start(manifest)
        do {
            let result = try await body(stack)
            await stack.shutdown(withinSeconds: 10)
            return result
        } catch {
            await stack.shutdown(withinSeconds: 10)
            throw error
        }
    }

    private func score(
        _ stack: Stack, _ items: [[Message]], by model: String = "llama3_70b_reward"
    ) async throws -> [[Double]] {
        let dialog = Dialog(message: Message(role: .user, content: "q"))
        let body = RewardScoringRequest(
            promptGenerations: items.map { KPromptGenerations(dialog: dialog, kGenerations: $0) },
            model: RewardModel(rawValue: model))
        var request = CallRequest(method: RewardScoring.score.description.method)
        request.body = RewardScoring.score.encode(body: body)
        let bytes = try await stack.call(
            RewardScoring.score.description, resourceName: model, request: request
        ).collect()
        return try RewardScoring.score.decodeAnswer(bytes).scoredGenerations.map {
            $0.kScoredGenerations.map(\.score)
        }
    }

    private func said(_ text: String) -> Message { Message(role: .assistant, content: .text(text)) }

    @Test func `the score is the scaled difference of the two models' logarithms`() async throws {
        try await withRewards { stack in
            // 0.5 * (-2 n + 5 n)
            let scores = try await score(stack, [[said("x"), said("xyz")], [], [said("")]])
            #expect(scores == [[1.5, 4.5], [], [0]])
        }
    }

    @Test func `more candidates than inference scores at once keep their order`() async throws {
        try await withRewards { stack in
            let candidates = (0..<150).map { said(String(repeating: "x", count: $0)) }
            let scores = try await score(stack, [candidates])
            #expect(scores == [(0..<150).map { 1.5 * Double($0) }])
        }
    }

    @Test func `a model of inference that is not there is named when it is needed`() async throws {
        try await withRewards { stack in
            let error = await #expect(throws: CallError.self) { _ = try await score(stack, [[said("x")]], by: "lost") }
            #expect(error?.code == .modelNotFound)
            #expect(error?.message.contains("this reward needs a model of inference: there is no model 'abc'") == true)
        }
    }

    @Test func `calls of tools are refused by their place`() async throws {
        try await withRewards { stack in
            var call = said("x")
            call.toolCalls = [ToolCall(toolName: "t", arguments: [:])]
            let error = await #expect(throws: CallError.self) { _ = try await score(stack, [[said("x"), call]]) }
            #expect(error?.code == .unsupportedContent)
            #expect(error?.field == "prompt_generations[0].k_generations[1].tool_calls")
        }
    }
}

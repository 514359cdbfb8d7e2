import Foundation
import LlamaStackAPI
import Testing

@testable import Host

/// `inline::prompt-guard` beside a model whose embeddings have two numbers: what it refuses. Its verdicts need the
/// model that it was trained on.
struct PromptGuardTests {
    private static func start(_ config: String = "{model: scripted}", isolation: String = "inline") async throws
        -> Stack
    {
        let library =
            URL(fileURLWithPath: try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
            .deletingLastPathComponent().path + "/libscripted-provider.so"
        let yaml = """
            version: 1
            providers:
              inference: [{provider_id: s, provider_type: inline::scripted, library: \(library)}]
              safety: [{provider_id: judge, provider_type: inline::prompt-guard, isolation: \(isolation)}]
            models: [{model_id: scripted}]
            shields: [{shield_id: prompt_guard, config: \(config)}]
            """
        return try await Stack.start(try distribution(yaml), environment: [:])
    }

    private static func run(
        _ stack: Stack, _ messages: [Message], params: JSONObject = [:]
    ) async throws -> RunShieldResponse {
        let request = RunShieldRequest(
            shield: ShieldConfig(shieldType: "prompt_guard", params: params), messages: messages)
        let parts = try await stack.call(.safety, "run_shield", named: "prompt_guard", body: request.json)
        return try Safety.runShield.decodeAnswer(parts.flatMap(\.bytes))
    }

    @Test(arguments: ["inline", "process"])
    func `a model that the classifier was not trained on is an error and no pass`(_ isolation: String) async throws {
        let stack = try await Self.start(isolation: isolation)
        let error = await #expect(throws: CallError.self) {
            _ = try await Self.run(stack, [Message(role: .user, content: "text")])
        }
        #expect(error?.code == .upstreamError)
        #expect(
            error?.message == """
                the model scripted of the shield 'prompt_guard' is not the one that the classifier was trained on: its \
                embeddings have 2 numbers, and all-MiniLM-L6-v2's have 384. Give the shield all-MiniLM-L6-v2 as its model
                """)
        await stack.shutdown()
    }

    @Test func `where nothing was said since the agent spoke, the model is not asked`() async throws {
        let stack = try await Self.start()
        let system = Message(role: .system, content: "text")
        let reply = Message(role: .assistant, content: "text")
        for messages in [
            [], [system], [system, Message(role: .user, content: "text"), reply], [Message(role: .user, content: " ")],
        ] {
            #expect(try await Self.run(stack, messages) == RunShieldResponse())
        }
        await stack.shutdown()
    }

    @Test func `more windows than the shield judges are an error with their number`() async throws {
        let stack = try await Self.start("{model: scripted, windows_max: 2}")
        let long = Message(role: .user, content: .text(String(repeating: "word ", count: 400)))
        let error = await #expect(throws: CallError.self) { _ = try await Self.run(stack, [long]) }
        #expect(error?.code == .invalidRequest && error?.field == "messages")
        #expect(
            error?.message == """
                the messages have 4 windows of 900 characters, and the shield 'prompt_guard' judges 2 (windows_max)
                """)
        await stack.shutdown()
    }

    @Test func `a setting that there is not, or a threshold that is none, is refused by its name`() async throws {
        let stack = try await Self.start()
        for (params, field) in [
            (["thresh": 0.5] as JSONObject, "params.thresh"), (["threshold": 1], "params.threshold"),
            (["threshold": "high"], "params.threshold"), (["model": "m"], "params.model"),
            (["on_violation": "shout"], "params.on_violation"),
        ] {
            let error = await #expect(throws: CallError.self) { _ = try await Self.run(stack, [], params: params) }
            #expect(error?.code == .invalidRequest && error?.field == field, "\(String(describing: error))")
        }
        #expect(
            try await Self.run(stack, [], params: ["threshold": 0.5, "on_violation": "warn"]) == RunShieldResponse())
        await stack.shutdown()
        for config in ["{}", "{model: scripted, threshold: 2}", "{model: scripted, windows_max: 0}"] {
            await #expect(throws: StartFailure.self) { _ = try await Self.start(config) }
        }
    }
}

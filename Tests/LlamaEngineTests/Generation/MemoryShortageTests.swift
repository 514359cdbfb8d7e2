import Testing

@testable import LlamaEngine

/// A page of the tiny model takes 128 positions: each answer here needs two, and has one when it begins.
@Suite(.timeLimit(.minutes(60))) struct MemoryShortageTests {
    private let prompts: [[Int32]] = (0..<4).map { index in (0..<40).map { Int32(($0 * 7 + index * 31) % 300) } }

    /// What each prompt is answered alone.
    private func alone(_ tokens: Int) async throws -> [[Int32]] {
        var answers: [[Int32]] = []
        for prompt in prompts { answers.append(try await EngineProbe.tiny().answer(prompt, tokens)) }
        return answers
    }

    @Test("while memory is short answers that grow give way to older ones, and say the same as alone")
    func short() async throws {
        let wanted = try await alone(200)
        let probe = try EngineProbe.tiny()
        let all = try prompts.map { prompt in
            try probe.submit(prompt, 200) { [engine = probe.engine] in
                if $0 == 1 { engine.memory(is: .short) }
                return .more
            }
        }
        for (heard, tokens) in zip(all, wanted) { #expect(await heard.tokens() == tokens) }
        #expect(probe.engine.load.preemptions > 0)
    }

    @Test("what no answer uses goes back at once, also when nothing is computed, and nothing is kept meanwhile")
    func idle() async throws {
        let probe = try EngineProbe.tiny()
        _ = try await probe.answer(prompts[0], 200)
        #expect(probe.engine.load.idleCacheBytes > 0)
        probe.engine.memory(is: .short)
        while probe.engine.load.idleCacheBytes > 0 { await Task.yield() }
        _ = try await probe.answer(prompts[0], 200)
        #expect(probe.engine.load.idleCacheBytes == 0)
        #expect(probe.engine.load.tokensShared == 0)
        probe.engine.memory(is: .none)
        _ = try await probe.answer(prompts[0], 200)
        #expect(probe.engine.load.idleCacheBytes > 0)
    }

    @Test("when memory is exhausted an answer that needs more fails, one that does not goes on, and the engine lives")
    func exhausted() async throws {
        let probe = try EngineProbe.tiny()
        let wanted = try await probe.answer(prompts[0], 60)
        let grows = try probe.submit(prompts[0], 200) { [engine = probe.engine] in
            if $0 == 1 { engine.memory(is: .exhausted) }
            return .more
        }
        guard case .outOfMemory = await grows.last()?.error else {
            Issue.record("ended with \(String(describing: await grows.last()))")
            return
        }
        probe.engine.memory(is: .none)
        #expect(try await probe.answer(prompts[0], 60) == wanted)
        #expect(probe.engine.load.running == 0)
    }

    @Test("requests that wait while memory is short are answered one after the other")
    func waiting() async throws {
        let wanted = try await alone(200)
        let probe = try EngineProbe.tiny { $0.runningMax = 2 }
        probe.engine.memory(is: .short)
        let all = try prompts.map { try probe.submit($0, 200) }
        for (heard, tokens) in zip(all, wanted) { #expect(await heard.tokens() == tokens) }
    }
}

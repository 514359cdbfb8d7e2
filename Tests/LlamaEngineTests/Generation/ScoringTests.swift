import Synchronization
import Testing

@testable import LlamaEngine
@testable import Parallel

@Suite(.timeLimit(.minutes(60))) struct ScoringTests {
    private static let page = 2 * 2 * 2 * 128 * 64 * 4
    private let text: [Int32] = {
        var random = LlamaEngine.SplitMix64(seed: 11)
        return (0..<230).map { _ in Int32.random(in: 0..<320, using: &random) }
    }()

    /// By one plain pass over the text.
    private func reference(_ text: [Int32], _ scored: Int, _ precision: Precision = .exact) throws -> [Float] {
        let model = try TinyModel.named("llama31").load()
        let (decoder, cache) = try Decoder.make(model, precision)
        let vocabulary = model.configuration.vocabulary
        let logits = try decoder.allLogits(Array(text.dropLast()), chunk: text.count, cache: cache)
        return try logits.withUnsafeBufferPointer { logits in
            try (text.count - scored..<text.count).map { index in
                let row = UnsafeBufferPointer(rebasing: logits[(index - 1) * vocabulary..<index * vocabulary])
                return Float(try logProbability(of: text[index], in: row, at: index))
            }
        }
    }

    private func request(_ text: [Int32], _ scored: Int) -> Generation.Request {
        var request = Generation.Request(prompt: text)
        request.scoredTokens = scored
        return request
    }

    private func scores(_ heard: Heard) async -> [Float] {
        await heard.all().compactMap { if case .token(let token) = $0 { token.logprob } else { nil } }
    }

    /// Runs the body while the engine's thread is held, so that all of its requests come together.
    private func together(_ probe: EngineProbe, _ body: () throws -> [Heard]) async throws -> [Heard] {
        let areIn = Mutex(false)
        let holder = try probe.submit([1], 2) { _ in
            while !areIn.withLock({ $0 }) {}
            return .more
        }
        let all = try body()
        areIn.withLock { $0 = true }
        _ = await holder.all()
        return all
    }

    @Test("tokens have the log probabilities that a plain pass gives them", arguments: Precision.allCases)
    func plain(_ precision: Precision) async throws {
        for scored in [1, 2, 63, 64, 65, 128, 200, 229] {
            let probe = try EngineProbe.tiny { $0.precision = precision }
            let heard = try probe.submit(request(text, scored))
            #expect(try await scores(heard) == reference(text, scored, precision), "\(scored) tokens")
            #expect(await heard.tokens() == text.suffix(scored))
            let finish = Generation.Finish(reason: .complete, promptTokens: 230, generatedTokens: 0)
            #expect(await heard.last() == .finished(finish))
        }
    }

    @Test("a score is the same to the bit alone and among 64 that share its prompt, beside answers")
    func among() async throws {
        let probe = try EngineProbe.tiny {
            $0.precision = .quantized
            $0.threads = 2
        }
        var texts: [[Int32]] = []
        for index in 0..<64 { texts.append(Array(text[..<200]) + Array(text[(200 - index)...].prefix(20 + index / 2))) }
        let heard = try await together(probe) {
            let scored = try texts.map { try probe.submit(request($0, $0.count - 200)) }
            return try scored + [probe.submit(Array(text[..<30]), 40)]
        }
        for (text, heard) in zip(texts, heard) {
            let scored = await scores(heard)
            let alone = try EngineProbe.tiny {
                $0.precision = .quantized
                $0.prefixSharing = false
            }
            #expect(try await scored == scores(alone.submit(request(text, text.count - 200))))
        }
    }

    @Test("the prompt of many texts is computed once", arguments: [17, 100, 128, 200])
    func shared(_ common: Int) async throws {
        let probe = try EngineProbe.tiny()
        let texts = (0..<6).map { Array(text[..<common]) + [Int32($0), 7, 8, 9] }
        let heard = try await together(probe) { try texts.map { try probe.submit(request($0, 4)) } }
        for (text, heard) in zip(texts, heard) { #expect(try await scores(heard) == reference(text, 4)) }
        // The prompt but for its last token, which is computed with each; the last token of a text never is.
        #expect(probe.engine.load.tokensShared == 5 * (common - 1))
    }

    @Test("texts that are alike but for nothing do not wait for each other")
    func same() async throws {
        let probe = try EngineProbe.tiny()
        let heard = try await together(probe) { try (0..<8).map { _ in try probe.submit(request(text, 220)) } }
        let wanted = try reference(text, 220)
        for heard in heard { #expect(await scores(heard) == wanted) }
    }

    @Test("a sink that pauses hears each token once")
    func pause() async throws {
        let probe = try EngineProbe.tiny()
        let heard = Heard()
        heard.engine = probe.engine
        heard.handle = try probe.engine.submit(request(text, 150)) { event in
            defer { heard.end(after: event) }
            let count = heard.hear(event)
            guard count % 7 == 0 else { return .more }
            Task { probe.engine.resume(heard.handle) }
            return .pause
        }
        // The handle may be there only after the first pause.
        while await !hasEnded(heard) { probe.engine.resume(heard.handle) }
        #expect(try await scores(heard) == reference(text, 150))
    }

    private func hasEnded(_ heard: Heard) async -> Bool {
        try? await Task.sleep(for: .milliseconds(1))
        return heard.soFar.contains { if case .token = $0 { false } else { true } }
    }

    @Test("texts that take each other's memory have the same scores")
    func preempted() async throws {
        let probe = try EngineProbe.tiny {
            $0.cacheBytesMax = 3 * Self.page
            $0.prefillTokensMax = 16
        }
        let texts = (0..<4).map { index in Array(text.dropFirst(index)) }
        let heard = try await together(probe) { try texts.map { try probe.submit(request($0, 180)) } }
        for (text, heard) in zip(texts, heard) { #expect(try await scores(heard) == reference(text, 180)) }
    }

    @Test("a text that is left is computed no further")
    func closed() async throws {
        let probe = try EngineProbe.tiny()
        let heard = try probe.submit(request(text, 200)) { $0 == 3 ? .closed : .more }
        #expect(await scores(heard).count == 3)
        #expect(await heard.last()?.reason == .cancelled)
    }

    @Test("what can't be scored is refused")
    func refusals() throws {
        let probe = try EngineProbe.tiny { $0.contextTokensMax = 100 }
        for (text, scored) in [
            ([1], 1), ([1, 2], 2), ([1, 2], -1), ([], 1), ([1, 320], 1), (Array(text[..<101]), 1),
        ] {
            #expect(throws: GenerationError.self) { _ = try probe.submit(request(text, scored)) }
        }
        _ = try probe.submit(request(Array(text[..<100]), 99))
    }
}

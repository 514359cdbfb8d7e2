import Testing

@testable import LlamaEngine

@Suite(.timeLimit(.minutes(60))) struct SpeculationTests {
    /// Repeats itself, so that there is something to find.
    private let prompt: [Int32] = (0..<60).map { Int32($0 % 12) * 7 + 3 }

    private static let samplings = [
        Sampling(), Sampling(topLogprobs: 3), Sampling(temperature: 0.3, seed: 1),
        Sampling(temperature: 4, topP: 0.9, seed: 2, topLogprobs: 2), Sampling(temperature: 8, topK: 3, seed: 3),
        penalized(0), penalized(0.5),
    ]

    private static func penalized(_ temperature: Double) -> Sampling {
        var sampling = Sampling(temperature: temperature, seed: 4)
        (sampling.presencePenalty, sampling.frequencyPenalty, sampling.repetitionPenalty) = (0.2, 0.05, 1.1)
        (sampling.logitBias, sampling.minP) = ([3: 1, 10: -2], 0.01)
        return sampling
    }

    private func events(
        _ speculation: Generation.Speculation, _ sampling: Sampling, _ precision: Precision, stops: Set<Int32> = [],
        answer: @escaping @Sendable (Int) -> Generation.Flow = { _ in .more }
    ) async throws -> (events: [Generation.Event], load: Generation.Load) {
        let probe = try EngineProbe.tiny {
            $0.speculation = speculation
            $0.precision = precision
            $0.threads = 2
        }
        let heard = try probe.submit(prompt, 0, sampling: sampling, stopTokens: stops, answer: answer)
        return (await heard.all(), probe.engine.load)
    }

    @Test("every event of an answer is the same with and without", arguments: samplings, Precision.allCases)
    func same(_ sampling: Sampling, _ precision: Precision) async throws {
        let (plain, plainLoad) = try await events(.none, sampling, precision)
        let (drafted, load) = try await events(.lookup, sampling, precision)
        #expect(drafted == plain)
        #expect(load.tokensComputed == plainLoad.tokensComputed)
        #expect(plainLoad.tokensDrafted == 0)
        print("drafts: \(sampling.temperature) \(precision) \(load.tokensAccepted) of \(load.tokensDrafted)")
    }

    @Test("a greedy answer that goes round in circles is drafted, and drafts are right")
    func circles() async throws {
        let (_, load) = try await events(.lookup, Sampling(), .exact)
        #expect(load.tokensAccepted > 20)
    }

    @Test("a stop token within a draft ends the answer there")
    func stop() async throws {
        let (plain, _) = try await events(.none, Sampling(), .exact)
        let ids = plain.compactMap { if case .token(let token) = $0 { token.id } else { nil } }
        for stop in Set(ids) {
            let wanted = try await events(.none, Sampling(), .exact, stops: [stop]).events
            #expect(try await events(.lookup, Sampling(), .exact, stops: [stop]).events == wanted)
        }
    }

    @Test("a sink that closes within a draft hears nothing more", arguments: [50, 51, 52, 53, 54, 55, 56])
    func closed(_ count: Int) async throws {
        let (events, load) = try await events(.lookup, Sampling(), .exact) { $0 == count ? .closed : .more }
        #expect(events.count == count + 1)
        #expect(load.tokensComputed == prompt.count + count - 1)
        #expect((load.running, load.cacheBytes) == (0, 0))
    }

    @Test("a sink that pauses within a draft hears nothing until it is resumed, and then the same")
    func pause() async throws {
        let plain = try await EngineProbe.tiny { $0.speculation = .none }.answer(prompt, 120)
        let probe = try EngineProbe.tiny()
        let heard = try probe.submit(prompt, 120) { $0 % 7 == 0 && $0 < 120 ? .pause : .more }
        for stop in stride(from: 7, to: 120, by: 7) {
            while heard.soFar.count < stop { await Task.yield() }
            // One step of somebody else's, in which this one could have gone on.
            _ = try await probe.answer([1], 3)
            #expect(heard.soFar.count == stop)
            probe.engine.resume(heard.handle)
        }
        #expect(await heard.tokens() == plain)
        #expect(probe.engine.load.tokensAccepted > 0)
    }

    @Test("greedy answers are the same alone and among eight others, drafted, shared, and giving way")
    func everything() async throws {
        let prompts = (0..<9).map { index in Array(prompt[..<(index * 6 + 3)]) + [Int32(index)] }
        var alone: [[Int32]] = []
        for prompt in prompts {
            alone.append(
                try await EngineProbe.tiny {
                    $0.speculation = .none
                    $0.prefixSharing = false
                }.answer(prompt, 150))
        }
        let probe = try EngineProbe.tiny {
            $0.cacheBytesMax = 6 * 2 * 2 * 2 * 128 * 64 * 4
            $0.threads = 2
        }
        for _ in 0..<2 {
            let all = try prompts.map { try probe.submit($0, 150) }
            for (heard, wanted) in zip(all, alone) { #expect(await heard.tokens() == wanted) }
        }
        let load = probe.engine.load
        #expect(load.preemptions > 0)
        #expect(load.tokensShared > 0)
        #expect(load.tokensAccepted > 0)
    }

    @Test("the last occurrence of the longest run is found")
    func find() {
        #expect(LookupDraft.find([1, 2, 3, 4, 5, 1, 2, 3]) == [4, 5, 1, 2, 3])
        #expect(LookupDraft.find([1, 2, 3, 9, 7, 2, 3, 8, 1, 2, 3]) == [9, 7, 2, 3, 8, 1, 2, 3])
        #expect(LookupDraft.find([2, 3, 9, 2, 3, 8, 2, 3]) == [8, 2, 3])
        #expect(LookupDraft.find([4, 4, 4, 4]) == [4])
        #expect(LookupDraft.find([1, 2, 3, 4]).isEmpty)
        #expect(LookupDraft.find([1]).isEmpty)
        #expect(LookupDraft.find([]).isEmpty)
    }

    @Test("drafts grow shorter and stop as they fail or as the batch grows, and start again when they would be right")
    func adapts() {
        let tokens: [Int32] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2, 3]
        var draft = LookupDraft()
        func length(_ sequences: Int) -> Int {
            var copy = draft
            return copy.next(tokens, limit: 100, sequences: sequences).count
        }
        #expect(length(1) > length(3))
        #expect(length(100) == 0)
        for _ in 0..<40 { draft.learn(drafted: 8, accepted: 8) }
        #expect(length(1) == DraftLength.tokensMax)
        #expect(draft.next(tokens, limit: 2, sequences: 1) == [4, 5])
        for _ in 0..<40 { draft.learn(drafted: 8, accepted: 0) }
        #expect(draft.next(tokens, limit: 100, sequences: 1).isEmpty)
        for _ in 0..<4 {
            draft.learn(sampled: 4)
            _ = draft.next(tokens, limit: 0, sequences: 1)
        }
        #expect(!draft.next(tokens, limit: 100, sequences: 1).isEmpty)
    }
}

import Testing

@testable import LlamaEngine

/// A model that guesses for another, with guesses that cost nothing unless a test says so: they are made as often as
/// possible.
@Suite(.timeLimit(.minutes(60))) struct DraftModelTests {
    private let prompt: [Int32] = (0..<30).map { Int32(($0 * 37) % 320) }

    /// A draft that is always right, and two that are right now and then: another family's, and the same at four bits.
    private static let drafts = ["llama31", "llama", "type-Q4_0"]
    private static let samplings = [
        Sampling(), Sampling(topLogprobs: 3), Sampling(temperature: 0.5, seed: 1),
        Sampling(temperature: 2, topP: 0.9, seed: 2, topLogprobs: 2),
    ]

    private func probe(
        _ draft: String?, cost: Double = 0, _ change: (inout Generation.Options) -> Void = { _ in }
    ) throws -> EngineProbe {
        try EngineProbe(
            TinyModel.named("llama31").load(),
            draft: draft.map { Generation.Draft(model: try TinyModel.named($0).load(), cost: cost) }
        ) {
            $0.speculation = draft == nil ? .none : .lookup
            $0.threads = 2
            change(&$0)
        }
    }

    @Test("every event of an answer is the same with and without", arguments: drafts, samplings)
    func same(_ draft: String, _ sampling: Sampling) async throws {
        for precision in Precision.allCases {
            let plain = try probe(nil) { $0.precision = precision }
            let drafted = try probe(draft) { $0.precision = precision }
            let wanted = try await plain.submit(prompt, 0, sampling: sampling).all()
            #expect(try await drafted.submit(prompt, 0, sampling: sampling).all() == wanted)
            let load = drafted.engine.load
            #expect(load.tokensComputed == plain.engine.load.tokensComputed)
            #expect(load.tokensDrafted > 0)
            #expect((load.running, load.cacheBytes) == (0, 0))
            print("\(draft) \(sampling.temperature) \(precision): \(load.tokensAccepted) of \(load.tokensDrafted)")
        }
    }

    @Test("a model that guesses for itself is right each time, and saves most passes")
    func itself() async throws {
        let probe = try probe("llama31") { $0.precision = .exact }
        _ = try await probe.answer(prompt, 200)
        let load = probe.engine.load
        #expect(load.tokensAccepted == load.tokensDrafted)
        #expect(load.tokensAccepted > 150)
    }

    @Test("a draft model that costs as much as the model is not asked")
    func cost() async throws {
        let probe = try probe("llama31", cost: 1)
        _ = try await probe.answer(prompt, 30)
        #expect(probe.engine.load.tokensDrafted == 0)
    }

    @Test("a draft that is wrong is given up, and tried again now and then")
    func wrong() async throws {
        let probe = try probe("llama", cost: 0.1)
        _ = try await probe.answer(prompt, 200)
        let load = probe.engine.load
        #expect((1..<100).contains(load.tokensDrafted))
    }

    @Test("a prompt is read by the draft model piece by piece while the answer is under way")
    func longPrompt() async throws {
        let long = (0..<150).map { Int32(($0 * 53) % 320) }
        let wanted = try await probe(nil).answer(long, 80)
        let probe = try probe("llama31") { $0.prefillTokensMax = 20 }
        #expect(try await probe.answer(long, 80) == wanted)
        #expect(probe.engine.load.tokensAccepted > 0)
    }

    @Test("what was read of a conversation is kept for its next turn, and for no other owner")
    func kept() throws {
        let decoder = try Decoder.make(TinyModel.named("llama31").load(), .exact).0
        let draft = DraftModel(
            decoder: decoder, pages: KVPagePool(layout: decoder.cacheLayout, pagesMax: 100), sharesPrefixes: true,
            cost: 0, tokensReadMax: 20)
        /// How often it is asked until it has read all.
        func asked(_ tokens: [Int32], _ owner: String, _ state: inout DraftModel.State) -> Int {
            (1...100).first { _ in
                !draft.next(tokens, of: owner, &state, limit: 1, sequences: 1).isEmpty
            } ?? 0
        }
        let turn = (0..<150).map { Int32(($0 * 53) % 320) }
        var (first, next, other) = (DraftModel.State(), DraftModel.State(), DraftModel.State())
        #expect(asked(turn, "a", &first) == 8)
        draft.leave(&first, turn, of: "a")
        #expect(draft.cacheBytes == 0 && draft.idleCacheBytes > 0)
        #expect(asked(turn + [1, 2, 3], "a", &next) == 1)
        #expect(asked(turn, "b", &other) == 8)
        draft.leave(&next, turn + [1, 2, 3], of: "a")
        draft.leave(&other, turn, of: "b")
        draft.adapt(toShortage: true)
        #expect(draft.idleCacheBytes == 0)
    }

    @Test("answers are the same among others, sharing prefixes, giving way, and when memory is short")
    func everything() async throws {
        let prompts = (0..<6).map { index in Array(prompt[..<(index * 4 + 5)]) + [Int32(index)] }
        var alone: [[Int32]] = []
        for prompt in prompts { alone.append(try await probe(nil).answer(prompt, 150)) }
        let probe = try probe("llama31") {
            // Five pages of the model, and five of the draft's.
            $0.cacheBytesMax = 5 * 2 * 2 * 2 * 2 * 128 * 64 * 4
        }
        for round in 0..<2 {
            let all = try prompts.map { prompt in
                try probe.submit(prompt, 150) { [engine = probe.engine] in
                    if round == 1, $0 == 60 { engine.memory(is: .short) }
                    return .more
                }
            }
            for (heard, wanted) in zip(all, alone) { #expect(await heard.tokens() == wanted) }
            #expect(probe.engine.load.cacheBytes == 0)
        }
        let load = probe.engine.load
        #expect(load.preemptions > 0)
        #expect(load.tokensAccepted > 0)
    }
}

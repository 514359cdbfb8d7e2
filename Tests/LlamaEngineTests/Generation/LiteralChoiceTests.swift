import Grammars
import Testing

@testable import LlamaEngine

/// Of several literals the likeliest whole one follows, not the one that begins likeliest.
@Suite(.timeLimit(.minutes(60))) struct LiteralChoiceTests {
    private static func source(_ names: [String]) -> GrammarSource {
        .sequence([.text("<"), .choice(names.map { .text("\($0)>") })])
    }

    private func request(
        _ prompt: [Int32], _ source: GrammarSource, _ vocabulary: GrammarVocabulary, _ sampling: Sampling = Sampling()
    ) throws -> Generation.Request {
        Generation.Request(
            prompt: prompt, tokensMax: 40, sampling: sampling,
            grammar: GrammarState(try Grammar(.now(source)), vocabulary))
    }

    /// The natural logarithm of the probability that `text` follows.
    private func logprob(of text: String, after prompt: [Int32], _ probe: EngineProbe) async throws -> Double {
        try await ChoiceProbe.logprobs(of: text, after: prompt, probe).reduce(0, +)
    }

    private static let names = [
        "get_employee", "get_order", "find", "find_order", "g", "add", "order", "orders", "x", "list_all_the_orders",
    ]

    @Test("it is the one whose tokens together are likeliest, whatever follows in the answer")
    func likeliest() async throws {
        let probe = try EngineProbe.tiny()
        var likelierThanBeginning = 0
        for seed in 0..<24 {
            let prompt = (0..<(seed + 3)).map { Int32(($0 * 37 + seed * 11) % 310) }
            let heard = try probe.submit(request(prompt, Self.source(Self.names), ChoiceProbe.bytes))
            let answer = TinyGrammar.text(await heard.tokens())
            var scores: [(name: String, logprob: Double)] = []
            for name in Self.names {
                scores.append(
                    (name, try await logprob(of: "\(name)>", after: prompt + [Int32(UInt8(ascii: "<"))], probe)))
            }
            let best = try #require(scores.max { $0.logprob < $1.logprob })
            #expect(answer == "<\(best.name)>", "seed \(seed)")
            var first: [Character: Double] = [:]
            for name in Self.names {
                let character = name[name.startIndex]
                first[character] = try await logprob(
                    of: String(character), after: prompt + [Int32(UInt8(ascii: "<"))], probe)
            }
            let beginning = try #require(first.max { $0.value < $1.value })
            if !best.name.hasPrefix(String(beginning.key)) { likelierThanBeginning += 1 }
        }
        // Else this test would say nothing.
        #expect(likelierThanBeginning > 0)
    }

    @Test("drawn tokens, and logits that are adjusted, are chosen one by one")
    func drawn() async throws {
        let prompt = (0..<9).map { Int32($0 * 31) }
        var biased = Sampling()
        biased.logitBias = [Int32(UInt8(ascii: "x")): 100]
        let heard = try EngineProbe.tiny().submit(request(prompt, Self.source(Self.names), ChoiceProbe.bytes, biased))
        #expect(TinyGrammar.text(await heard.tokens()) == "<x>")
        for seed in 0..<4 {
            let sampling = Sampling(temperature: 2, seed: UInt64(seed))
            let heard = try EngineProbe.tiny().submit(
                request(prompt, Self.source(Self.names), ChoiceProbe.bytes, sampling))
            let answer = TinyGrammar.text(await heard.tokens())
            #expect(Self.names.contains { "<\($0)>" == answer }, "\(answer)")
        }
    }

    @Test("every event is the same without drafts, beside others, and where memory is short")
    func same() async throws {
        let requests = try (0..<8).map { index in
            var request = try request(
                (0..<(index * 5 + 4)).map { Int32(($0 * 29 + index) % 310) }, TinyGrammar.call, TinyGrammar.vocabulary)
            request.tokensMax = 20 + index * 3
            if index % 2 == 1 { request.sampling.topLogprobs = 2 }
            return request
        }
        try await ChoiceProbe.expectSame(requests)
    }

    @Test("an answer that its limit cuts in the middle of a literal ends there", arguments: 1...12)
    func cut(tokens: Int) async throws {
        var request = try request([5, 6, 7], Self.source(Self.names), ChoiceProbe.bytes)
        request.tokensMax = tokens
        let events = await (try EngineProbe.tiny().submit(request)).all()
        var state = try GrammarState(Grammar(.now(Self.source(Self.names))), ChoiceProbe.bytes)
        for case .token(let token) in events { require(state.advance(token.id)) }
        #expect(events.last?.reason == (state.isComplete ? .complete : .length))
    }
}

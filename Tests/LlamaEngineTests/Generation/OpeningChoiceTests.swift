import Grammars
import Testing

@testable import LlamaEngine

/// A greedy answer begins with one of several literals where that is likely enough, and keeps to another grammar then.
@Suite(.timeLimit(.minutes(60))) struct OpeningChoiceTests {
    private static let names = ["paint", "halt", "p", "search_all"]

    private static func state(_ start: GrammarStart) throws -> GrammarState {
        GrammarState(try Grammar(start), ChoiceProbe.bytes)
    }

    private static func request(
        _ prompt: [Int32], bound: Double, tokensMax: Int = 24, _ sampling: Sampling = Sampling()
    ) throws -> Generation.Request {
        var request = Generation.Request(
            prompt: prompt, tokensMax: tokensMax, sampling: sampling, grammar: try state(.after([])))
        request.opening = OpeningChoice(
            try state(.now(.choice(names.map { .text("<<\($0)>") }))), sharedBytes: 2,
            then: try state(.now(.sequence([.text("<<"), .choice(names.map { .text("\($0)>ok") })]))),
            logprobMin: bound)
        return request
    }

    /// How likely the likeliest of the literals is by the rule, computed token by token.
    private static func likeliest(after prompt: [Int32], _ probe: EngineProbe) async throws -> (name: String, Double) {
        var found: [(name: String, sum: Double, score: Double)] = []
        for name in names {
            let all = try await ChoiceProbe.logprobs(of: "<<\(name)>", after: prompt, probe)
            let own = all.dropFirst(2)
            found.append((name, all.reduce(0, +), all.prefix(2).reduce(0, +) + own.reduce(0, +) / Double(own.count)))
        }
        let best = try #require(found.max { $0.sum < $1.sum })
        return (best.name, best.score)
    }

    private static func prompt(_ seed: Int) -> [Int32] {
        (0..<(seed + 3)).map { Int32(($0 * 37 + seed * 11) % 310) }
    }

    @Test("it begins with the likeliest one where that reaches the bound, and with none elsewhere", arguments: 0..<8)
    func bound(seed: Int) async throws {
        let probe = try EngineProbe.tiny()
        let (name, score) = try await Self.likeliest(after: Self.prompt(seed), probe)
        let taken = try probe.submit(Self.request(Self.prompt(seed), bound: score - 0.01))
        #expect(TinyGrammar.text(await taken.tokens()) == "<<\(name)>ok")
        let refused = await (try probe.submit(Self.request(Self.prompt(seed), bound: score + 0.01))).tokens()
        #expect(!TinyGrammar.text(refused).hasPrefix("<<\(name)>ok") && !refused.isEmpty)
    }

    @Test("an answer that would not begin so anyway is the same with the choice", arguments: 0..<8)
    func otherwise(seed: Int) async throws {
        let probe = try EngineProbe.tiny()
        var request = try Self.request(Self.prompt(seed), bound: 0)
        let heard = await (try probe.submit(request)).tokens()
        request.opening = nil
        let free = await (try probe.submit(request)).tokens()
        #expect(heard == free || (free.first == Int32(UInt8(ascii: "<")) && heard.first != free.first))
    }

    @Test("a first token that begins one of them gives way to the likeliest other where none is likely enough")
    func barred() async throws {
        let probe = try EngineProbe.tiny()
        var tried = 0
        for seed in 0..<40 {
            var request = Generation.Request(
                prompt: Self.prompt(seed), tokensMax: 4, grammar: try Self.state(.after([])))
            guard let first = await (try probe.submit(request)).tokens().first, (32..<127).contains(first) else {
                continue
            }
            tried += 1
            let text = GrammarSource.text(String(UnicodeScalar(UInt8(first))) + "!")
            request.opening = OpeningChoice(
                try Self.state(.now(.choice([text]))), sharedBytes: 1, then: try Self.state(.now(text)), logprobMin: 0)
            let heard = await (try probe.submit(request)).tokens().first
            request.opening = nil
            request.sampling.logitBias = [first: -100]
            #expect(heard == (await (try probe.submit(request)).tokens().first) && heard != first)
        }
        #expect(tried > 0)
    }

    @Test("drawn answers, and those whose logits are adjusted, keep to the other grammar")
    func drawn() async throws {
        let probe = try EngineProbe.tiny()
        var biased = Sampling()
        biased.logitBias = [5: 1]
        for sampling in [Sampling(temperature: 1, seed: 3), biased] {
            var request = try Self.request(Self.prompt(4), bound: -.infinity, sampling)
            let heard = await (try probe.submit(request)).tokens()
            request.opening = nil
            #expect(heard == (await (try probe.submit(request)).tokens()))
        }
    }

    @Test("every event is the same without drafts, beside others, and where memory is short")
    func same() async throws {
        let probe = try EngineProbe.tiny()
        var requests: [Generation.Request] = []
        for seed in 0..<8 {
            let (_, score) = try await Self.likeliest(after: Self.prompt(seed), probe)
            requests.append(try Self.request(Self.prompt(seed), bound: score + (seed % 2 == 0 ? 0.01 : -0.01)))
        }
        try await ChoiceProbe.expectSame(requests)
    }

    @Test("an answer that its limit cuts in the middle of a literal ends there", arguments: 1...8)
    func cut(tokens: Int) async throws {
        let heard = try EngineProbe.tiny().submit(Self.request(Self.prompt(2), bound: -.infinity, tokensMax: tokens))
        let events = await heard.all()
        let text = TinyGrammar.text(events.compactMap { if case .token(let token) = $0 { token.id } else { nil } })
        #expect(Self.names.contains { "<<\($0)>ok".hasPrefix(text) })
        #expect(events.last?.reason == (Self.names.contains { "<<\($0)>ok" == text } ? .complete : .length))
    }
}

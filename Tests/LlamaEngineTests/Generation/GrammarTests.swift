import Grammars
import JSONSchema
import Testing

@testable import LlamaEngine

/// Answers that keep to a grammar, of models that would otherwise say anything.
@Suite(.timeLimit(.minutes(60))) struct GrammarTests {
    private let prompt: [Int32] = (0..<40).map { Int32(($0 * 37) % 310) }

    private static let starts: [GrammarStart] = [
        .now(TinyGrammar.call),
        .now(.repeated(.choice([.text("ab"), .text("a"), .text("[[")]), separator: .text(", "), min: 2, max: 9)),
        .after([.init(.token(TinyGrammar.control), then: .text("{\"name\": \"abc\"}\n"))]),
        .now(.value(TinyGrammar.anyValue, .spaced)),
    ]
    private static let samplings = [
        Sampling(), Sampling(temperature: 1, seed: 1), Sampling(temperature: 3, topP: 0.9, seed: 2, topLogprobs: 2),
        Sampling(temperature: 4, topK: 7, seed: 3),
    ]

    private func request(_ start: Int, _ sampling: Sampling, tokens: Int = 90) throws -> Generation.Request {
        Generation.Request(
            prompt: prompt, tokensMax: tokens, sampling: sampling, stopTokens: [TinyGrammar.control + 5],
            grammar: try TinyGrammar.state(Self.starts[start]))
    }

    @Test("every token fits the grammar, and the answer ends by itself or at its limit", arguments: starts.indices)
    func fits(_ start: Int) async throws {
        for sampling in Self.samplings {
            let probe = try EngineProbe.tiny { $0.threads = 2 }
            let events = try await probe.submit(request(start, sampling)).all()
            var state = try TinyGrammar.state(Self.starts[start])
            for case .token(let token) in events { require(state.advance(token.id)) }
            switch events.last?.reason {
            case .complete: #expect(state.isComplete)
            case .stop: #expect(state.isFinal)
            case .length: #expect(events.count == 91)
            default: Issue.record("\(String(describing: events.last))")
            }
        }
    }

    @Test("every event is the same with drafts of all kinds and without", arguments: starts.indices)
    func drafts(_ start: Int) async throws {
        for sampling in Self.samplings {
            let request = try request(start, sampling)
            let plain = try EngineProbe.tiny { $0.speculation = .none }
            let wanted = try await plain.submit(request).all()
            let byText = try EngineProbe.tiny()
            #expect(try await byText.submit(request).all() == wanted)
            let draft = Generation.Draft(model: try TinyModel.named("llama").load(), cost: 0)
            let byModel = try EngineProbe(TinyModel.named("llama31").load(), draft: draft)
            #expect(try await byModel.submit(request).all() == wanted)
            print("grammar \(start) \(sampling.temperature): \(byText.engine.load) \(byModel.engine.load)")
        }
    }

    @Test("answers are the same alone and among others, with and without grammars, sharing prompts and giving way")
    func batches() async throws {
        let requests = try (0..<11).map { index in
            var request = try request(index % Self.starts.count, Self.samplings[index % 3], tokens: 60 + index)
            request.prompt = Array(prompt[..<(index * 3 + 5)]) + [Int32(index)]
            if index % 5 == 4 { request.grammar = nil }
            return request
        }
        var alone: [[Generation.Event]] = []
        for request in requests {
            let probe = try EngineProbe.tiny {
                $0.speculation = .none
                $0.prefixSharing = false
            }
            alone.append(try await probe.submit(request).all())
        }
        let probe = try EngineProbe.tiny {
            $0.cacheBytesMax = 6 * 2 * 2 * 2 * 128 * 64 * 4
            $0.threads = 2
        }
        for _ in 0..<2 {
            let all = try requests.map { try probe.submit($0) }
            for (heard, wanted) in zip(all, alone) {
                #expect(Self.unshared(await heard.all()) == wanted)
            }
        }
        #expect(probe.engine.load.tokensShared > 0)
    }

    /// The events as they were if no token of the prompt had been taken from another request.
    private static func unshared(_ events: [Generation.Event]) -> [Generation.Event] {
        events.map { event in
            guard case .finished(var finish) = event else { return event }
            finish.cachedTokens = 0
            return .finished(finish)
        }
    }

    @Test("what the grammar forces is drafted and taken")
    func forced() async throws {
        let text = String(repeating: "{\"name\": \"abc\"}\n", count: 8)
        let probe = try EngineProbe.tiny()
        let heard = try probe.submit(
            Generation.Request(prompt: prompt, grammar: TinyGrammar.state(.now(.text(text)))))
        let events = await heard.all()
        #expect(TinyGrammar.text(await heard.tokens()) == text)
        #expect(events.last?.reason == .complete)
        #expect(probe.engine.load.tokensDrafted > 0)
    }

    @Test("a grammar that no token can spell ends its answer alone with an error")
    func unspellable() async throws {
        let vocabulary = GrammarVocabulary(
            trie: TokenTrie(vocabulary: 320) { token, bytes in if token < 100 { bytes.append(UInt8(token)) } })
        let probe = try EngineProbe.tiny()
        let other = try probe.submit(prompt, 20)
        let heard = try probe.submit(
            Generation.Request(prompt: prompt, grammar: GrammarState(Grammar(.now(.text("1z"))), vocabulary)))
        #expect(await heard.last()?.error == .noTokenFits(position: prompt.count + 1))
        #expect(await other.tokens().count == 20)
    }

    @Test("a grammar for a larger vocabulary is refused")
    func vocabulary() throws {
        let vocabulary = GrammarVocabulary(trie: TokenTrie(vocabulary: 321) { _, _ in })
        let probe = try EngineProbe.tiny()
        #expect {
            try probe.submit(
                Generation.Request(prompt: [1], grammar: GrammarState(Grammar(.now(.text("a"))), vocabulary)))
        } throws: { ($0 as? GenerationError)?.parameter == "grammar" }
    }
}

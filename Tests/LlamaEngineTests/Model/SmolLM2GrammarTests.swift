import Checkpoints
import Foundation
import Grammars
import JSONSchema
import Testing
import Tokenizers

@testable import LlamaEngine

/// The starter's model held to JSON.
@Suite(.enabled(if: SmolLM2.path != nil, "models/\(SmolLM2.file) is absent; `make model` fetches it"))
struct SmolLM2GrammarTests {
    @Test("a call has the name of a tool and arguments that are JSON")
    func call() async throws {
        let path = try #require(SmolLM2.path)
        let tokenizer = try ModelCheckpoint.open(path: path).makeTokenizer()
        let clock = ContinuousClock()
        let started = clock.now
        let vocabulary = GrammarVocabulary(
            trie: TokenTrie(vocabulary: tokenizer.vocabularySize) {
                tokenizer.appendBytes(of: $0, showingControl: false, to: &$1)
            })
        print("trie: \(clock.now - started)")
        let source = GrammarSource.sequence([
            .text("{\"name\": "), .choice([.text("\"get_weather\""), .text("\"get_time\"")]),
            .text(", \"arguments\": {\"city\": "), .value(TinyGrammar.anyValue, .spaced), .text("}}"),
        ])
        let state = GrammarState(try Grammar(.now(source)), vocabulary)
        let prompt = tokenizer.encode(
            "<|im_start|>user\nCall get_weather for Paris as JSON.<|im_end|>\n<|im_start|>assistant\n", special: true)
        let probe = try EngineProbe(Model(path: path, precision: .quantized)) { $0.precision = .quantized }
        for sampling in [Sampling(), Sampling(temperature: 1, seed: 5)] {
            let heard = try probe.submit(
                Generation.Request(
                    prompt: prompt, tokensMax: 120, sampling: sampling, stopTokens: tokenizer.endOfTurnTokens,
                    grammar: state))
            let text = tokenizer.decode(await heard.tokens())
            print("\(text)\n\(probe.engine.load)")
            if await heard.last()?.reason == .complete {
                let object = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
                let name = object?["name"] as? String ?? ""
                #expect(["get_weather", "get_time"].contains(name))
            }
        }
        var mask = TokenMask(vocabulary: vocabulary.vocabulary)
        var slowest = Duration.zero
        for text in [
            "", "{\"name\": \"get_weather\", \"arguments\": {\"city\": ",
            "{\"name\": \"get_time\", \"arguments\": {\"city\": \"Par",
        ] {
            var state = state
            for token in tokenizer.encode(text, special: false) { require(state.advance(token)) }
            let plain = state.allowedPlainly()
            for _ in 0..<2 {
                let began = clock.now
                state.allowed(&mask)
                slowest = max(slowest, clock.now - began)
            }
            #expect(mask == plain)
        }
        print("slowest mask: \(slowest)")
    }
}

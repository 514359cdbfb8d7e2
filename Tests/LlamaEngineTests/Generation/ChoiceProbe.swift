import Grammars
import Testing

@testable import LlamaEngine

/// For the tests of choices that are made by how likely whole texts are.
enum ChoiceProbe {
    /// A token for each byte and no other, so that a text has one spelling.
    static let bytes = GrammarVocabulary(
        trie: TokenTrie(vocabulary: 320) { token, bytes in if token < 256 { bytes.append(UInt8(token)) } })

    /// The natural logarithms of the probabilities of `text`'s bytes behind `prompt`, computed token by token.
    static func logprobs(of text: String, after prompt: [Int32], _ probe: EngineProbe) async throws -> [Double] {
        let tokens = text.utf8.map { Int32($0) }
        var request = Generation.Request(prompt: prompt + tokens)
        request.scoredTokens = tokens.count
        return await (try probe.submit(request)).all().compactMap { event in
            if case .token(let token) = event { Double(token.logprob ?? 0) } else { nil }
        }
    }

    /// Expects every event to be the same without drafts, beside others, and where memory is short.
    static func expectSame(_ requests: [Generation.Request]) async throws {
        var alone: [[Generation.Event]] = []
        for request in requests {
            let probe = try EngineProbe.tiny { ($0.speculation, $0.prefixSharing) = (.none, false) }
            alone.append(await (try probe.submit(request)).all())
        }
        let probe = try EngineProbe.tiny {
            $0.cacheBytesMax = 3 * 2 * 2 * 2 * 128 * 64 * 4
            $0.prefixSharing = false
        }
        let all = try requests.map { try probe.submit($0) }
        for (heard, wanted) in zip(all, alone) { #expect(await heard.all() == wanted) }
    }
}

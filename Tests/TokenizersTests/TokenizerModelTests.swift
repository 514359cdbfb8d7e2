import Foundation
import ModelFixtures
import Testing

@testable import Tokenizers

@Suite("A tokenizer.model")
struct TokenizerModelTests {
    private static func path(_ name: String) -> String { Fixture.folder.appending(path: "\(name).model").path }

    @Test("of SentencePiece gives SentencePiece's ids")
    func sentencePiece() throws {
        let tokenizer = try makeTokenizer(tokenizerModel: .open(path: Self.path("sentencepiece-tiny")))
        let reference: Reference = try Fixture.read("sentencepiece-tiny.json")
        try expectIDs(tokenizer, reference)
        #expect(tokenizer.bos == reference.vocabulary?.bos.map(Int32.init))
        #expect(tokenizer.eos == reference.vocabulary?.eos.map(Int32.init))
        #expect(tokenizer.addsBOS && tokenizer.addsSpacePrefix)
    }

    @Test("of tiktoken gives tiktoken's ids")
    func tiktoken() throws {
        let tokenizer = try makeTokenizer(tokenizerModel: .open(path: Self.path("llama3-tiny")))
        try expectIDs(tokenizer, Fixture.read("llama3-tiny.json"))
    }

    @Test("of SentencePiece that is broken is refused or harmless")
    func broken() throws {
        let bytes = try Array(Data(contentsOf: URL(filePath: Self.path("sentencepiece-tiny"))))
        let seed: UInt64 = 0x5eed_5b
        print("SentencePiece mutations: seed \(seed)")
        var random = SplitMix(seed: seed)
        var refused = 0
        for round in 0..<600 {
            var changed = bytes
            if round % 3 == 0 { changed.removeLast(Int.random(in: 1..<bytes.count, using: &random)) }
            for _ in 0..<Int.random(in: 1...8, using: &random) {
                changed[Int.random(in: 0..<changed.count, using: &random)] = .random(in: 0...255, using: &random)
            }
            // Otherwise it would be another kind of file.
            changed[0] = 0x0A
            guard let tokenizer = try? makeTokenizer(tokenizerModel: guardedFile(changed)) else {
                refused += 1
                continue
            }
            _ = tokenizer.decode(tokenizer.encode("a text <tool> é", special: false))
        }
        #expect(refused > 200)
    }

    @Test("of SentencePiece's unigram is refused by name")
    func unigram() {
        // One piece, "a"; a trainer that names model type 1.
        let error = #expect(throws: TokenizerError.self) {
            try makeTokenizer(tokenizerModel: guardedFile([0x0A, 3, 0x0A, 1, 0x61, 0x12, 2, 0x18, 1]))
        }
        #expect(error?.description == "sample.gguf: trainer_spec.model_type: is 1; served is 2 (BPE)")
    }
}

import ModelFixtures
import Testing

@testable import Checkpoints
@testable import Tokenizers

/// The same comparison on the vocabularies people run.
@Suite("Token ids of real models")
struct RealVocabularyTests {
    @Test(
        "SmolLM2's ids equal the reference's",
        .enabled(if: Fixture.model(Fixture.smolLM2) != nil, "`make model` fetches it"))
    func smolLM2() throws {
        let tokenizer = try Fixture.smolLM2Tokenizer()
        let reference: Reference = try Fixture.read("smollm2.json")
        try expectIDs(tokenizer, reference)
        for template in reference.templates {
            #expect(tokenizer.encode(template.text, special: true) == template.ids, "\(template.text)")
        }
    }

    @Test(
        "a chat of SmolLM2 in segments has the ids of llama.cpp",
        .enabled(if: Fixture.model(Fixture.smolLM2) != nil, "`make model` fetches it"))
    func smolLM2Chat() throws {
        let tokenizer = try Fixture.smolLM2Tokenizer()
        let tokens = tokenizer.encode(segments: [
            (
                text:
                    "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n",
                special: true
            ),
            (text: "<|im_start|>user\n", special: true), (text: "What is the capital of France?", special: false),
            (text: "<|im_end|>\n<|im_start|>assistant\n", special: true),
        ])
        #expect(
            tokens == [
                1, 9690, 198, 2683, 359, 253, 5356, 5646, 11173, 3365, 3511, 308, 34519, 28, 7018, 411, 407, 19712,
                8182, 2, 198,
                1, 4093, 198, 1780, 314, 260, 3575, 282, 4649, 47, 2, 198, 1, 520, 9531, 198,
            ])
        #expect(tokenizer.bos == 1 && tokenizer.eos == 2 && !tokenizer.addsBOS && !tokenizer.addsEOS)
        #expect(tokenizer.endOfTurnTokens == [0, 2])
    }

    @Test(
        "SmolLM2 with its chat marks typed as pieces, and without a word on how words are cut, has the same ids",
        .enabled(if: Fixture.model(Fixture.smolLM2) != nil, "`make model` fetches it"))
    func mistypedSmolLM2() throws {
        let file = try GGUFFile.open(path: #require(Fixture.model(Fixture.smolLM2)))
        let right = try makeTokenizer(from: file)
        func key(_ name: String) -> String { "tokenizer.ggml.\(name)" }
        var source = VocabularySource(model: "gpt2", tokens: try file.requiredStrings(key("tokens")))
        source.merges = try file.strings(key("merges"))
        source.types = try file.ints(key("token_type"))?.map { Int32($0) }
        for (mark, type) in [(0, 3), (1, 1), (2, 1)] as [(Int, Int32)] { source.types?[mark] = type }
        source.eosID = 0
        let tokenizer = try makeTokenizer(source)
        let chat = [
            (text: "<|im_start|>user\n", special: true), (text: "Hi<|im_end|>\n<|im_start|>system 12", special: false),
            (text: "<|im_end|>\n", special: true),
        ]
        #expect(tokenizer.encode(segments: chat) == right.encode(segments: chat))
        #expect(tokenizer.encode(segments: chat).filter { $0 < 3 } == [1, 2])
        #expect(tokenizer.endOfTurnTokens == [0, 2])
        try expectIDs(tokenizer, try Fixture.read("smollm2.json"))
        #expect(tokenizer.warnings.count == 2, "\(tokenizer.warnings)")
    }

    @Test(
        "Llama 3's ids equal the reference's",
        .enabled(if: Fixture.model(Fixture.llama3) != nil, "`make test-data` fetches it"))
    func llama3() throws {
        let tokenizer = try Llama3TokenizerFile.tokenizer(path: try #require(Fixture.model(Fixture.llama3)))
        let reference: Reference = try Fixture.read("llama3.json")
        try expectIDs(tokenizer, reference)
        for template in reference.templates {
            #expect(tokenizer.encode(template.text, special: true) == template.ids, "\(template.text)")
        }
    }
}

extension Fixture {
    static let smolLM2 = "SmolLM2-135M-Instruct.Q4_1.gguf"
    static let llama3 = "llama3-tokenizer.model"

    static func smolLM2Tokenizer() throws -> any Tokenizer {
        try makeTokenizer(from: GGUFFile.open(path: #require(model(smolLM2))))
    }
}

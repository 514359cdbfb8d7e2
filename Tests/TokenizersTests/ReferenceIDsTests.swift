import ModelFixtures
import Testing

@testable import Tokenizers

/// Ids against other people's tokenisers: `tokenizers`, `tiktoken`, `sentencepiece`, on vocabularies small enough
/// to be committed.
@Suite("Token ids equal the reference's")
struct ReferenceIDsTests {
    static let vocabularies = [
        "gpt-2-tiny", "smollm-tiny", "llama-bpe-tiny", "qwen2-tiny", "sentencepiece-tiny", "sentencepiece-unknown-tiny",
    ]

    @Test("a user's text has the reference's ids", arguments: vocabularies)
    func userText(name: String) throws {
        let reference: Reference = try Fixture.read("\(name).json")
        let tokenizer = try makeTokenizer(try #require(reference.vocabulary).source)
        try expectIDs(tokenizer, reference)
    }

    @Test("a template's control tokens are the reference's", arguments: vocabularies)
    func templates(name: String) throws {
        let reference: Reference = try Fixture.read("\(name).json")
        let tokenizer = try makeTokenizer(try #require(reference.vocabulary).source)
        for template in reference.templates {
            #expect(tokenizer.encode(template.text, special: true) == template.ids, "\(template.text)")
        }
    }

    @Test("a Llama 3 tokenizer file gives tiktoken's ids")
    func llama3File() throws {
        let reference: Reference = try Fixture.read("llama3-tiny.json")
        let tokenizer = try Llama3TokenizerFile.tokenizer(
            path: Fixture.folder.appending(path: "llama3-tiny.model").path)
        try expectIDs(tokenizer, reference)
        for template in reference.templates {
            #expect(tokenizer.encode(template.text, special: true) == template.ids, "\(template.text)")
        }
    }
}

@Suite("Marks of a Llama 3 tokenizer file")
struct Llama3TokenizerFileTests {
    let tokenizer: any Tokenizer
    /// The learned tokens of the small file; 128,000 in the published one.
    let learned: Int32 = 456

    init() throws {
        tokenizer = try Llama3TokenizerFile.tokenizer(path: Fixture.folder.appending(path: "llama3-tiny.model").path)
    }

    @Test(
        "256 control tokens follow the learned ones",
        arguments: [
            ("<|begin_of_text|>", 0), ("<|end_of_text|>", 1), ("<|finetune_right_pad_id|>", 4),
            ("<|start_header_id|>", 6),
            ("<|end_header_id|>", 7), ("<|eom_id|>", 8), ("<|eot_id|>", 9), ("<|python_tag|>", 10),
            ("<|reserved_special_token_245|>", 255),
        ] as [(String, Int32)])
    func controlTokens(name: String, offset: Int32) {
        #expect(tokenizer.token(named: name) == learned + offset)
        #expect(tokenizer.isControl(learned + offset))
    }

    @Test("end of text, of message and of turn end the model's turn")
    func ends() {
        #expect(tokenizer.vocabularySize == Int(learned) + 256)
        #expect(tokenizer.bos == learned && tokenizer.eos == learned + 1 && tokenizer.addsBOS && !tokenizer.addsEOS)
        #expect(tokenizer.endOfTurnTokens == [learned + 1, learned + 8, learned + 9])
    }
}

/// Compares every fixture text; a text that differs is named with both answers.
func expectIDs(_ tokenizer: any Tokenizer, _ reference: Reference) throws {
    let texts = try Fixture.texts()
    try #require(texts.count == reference.ids.count)
    for (text, ids) in zip(texts, reference.ids) {
        #expect(tokenizer.encode(text, special: false) == ids, "\(text.debugDescription)")
    }
}

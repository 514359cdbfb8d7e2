import Testing

@testable import LlamaEngine

/// Ids against other people's tokenisers: `tokenizers`, `tiktoken`, `sentencepiece`, on vocabularies small enough
/// to be committed.
@Suite("Token ids equal the reference's")
struct ReferenceIDsTests {
    static let vocabularies = ["gpt-2-tiny", "smollm-tiny", "llama-bpe-tiny", "qwen2-tiny", "sentencepiece-tiny", "sentencepiece-unknown-tiny"]

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
        let tokenizer = try Llama3TokenizerFile.tokenizer(path: Fixture.folder.appending(path: "llama3-tiny.model").path)
        try expectIDs(tokenizer, reference)
        for template in reference.templates {
            #expect(tokenizer.encode(template.text, special: true) == template.ids, "\(template.text)")
        }
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

import Testing

@testable import LlamaEngine

/// The same comparison on the vocabularies people run.
@Suite("Token ids of real models")
struct RealVocabularyTests {
    @Test("SmolLM2's ids equal the reference's", .enabled(if: Fixture.model(Fixture.smolLM2) != nil))
    func smolLM2() throws {
        let tokenizer = try Fixture.smolLM2Tokenizer()
        let reference: Reference = try Fixture.read("smollm2.json")
        try expectIDs(tokenizer, reference)
        for template in reference.templates {
            #expect(tokenizer.encode(template.text, special: true) == template.ids, "\(template.text)")
        }
    }

    @Test("Llama 3's ids equal the reference's", .enabled(if: Fixture.model(Fixture.llama3) != nil))
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

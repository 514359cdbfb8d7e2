import Foundation
import ModelFixtures
import Testing

@testable import Checkpoints
@testable import Tokenizers

/// `tokenizer.json` made of a GGUF file's vocabulary.
@Suite struct TokenizerJSONWritingTests {
    @Test(
        "a written tokenizer.json gives the ids of the GGUF file that it was made of",
        .enabled(if: Fixture.model(Fixture.smolLM2) != nil, "`make model` fetches it"))
    func ids() throws {
        let file = try GGUFFile.open(path: #require(Fixture.model(Fixture.smolLM2)))
        let bytes = try file.tokenizerJSON()
        let json = MappedFile(path: "tokenizer.json", bytes: bytes.withUnsafeBytes { copy($0) }) {}
        let marks = HuggingFaceFolder.Marks(settings: .object([:]), tokenizer: .object([:]), generation: .object([:]))
        let (wanted, written) = (try makeTokenizer(from: file), try makeTokenizer(tokenizerJSON: json, marks: marks))
        for text in [
            "Hello, world!", "  two  spaces\n\n\tand 12345 numbers", "Grüße, 世界 👋🏽", "don't we'll I'VE",
            "<|im_start|>user\nHi<|im_end|>\n", "",
        ] {
            for isSpecial in [false, true] {
                #expect(written.encode(text, special: isSpecial) == wanted.encode(text, special: isSpecial), "\(text)")
            }
        }
    }

    @Test("every way of cutting words is written and read again as the same", arguments: PreTokenizerName.allNames)
    func preTokenizers(_ name: String) throws {
        let cut = try PreTokenizerName.find(name).preTokenizer
        let steps = try #require(cut.stepsJSON)
        #expect(try TokenizerSteps.splits(of: steps) == cut.splits)
    }

    /// A copy that lives as long as the process.
    private func copy(_ bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 16)
        copy.copyMemory(from: bytes)
        return UnsafeRawBufferPointer(copy)
    }
}

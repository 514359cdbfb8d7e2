import ModelFixtures
import Testing

@testable import Checkpoints
@testable import Tokenizers

@Suite("A GGUF file's tokenizer")
struct GGUFVocabularyTests {
    /// A file with the tokenizer keys of a fixture vocabulary.
    private func writer(_ name: String) throws -> GGUFWriter {
        let vocabulary = try #require(try Fixture.read("\(name).json", as: Reference.self).vocabulary)
        var writer = GGUFWriter()
        writer.add("tokenizer.ggml.model", vocabulary.model)
        if let pre = vocabulary.pre { writer.add("tokenizer.ggml.pre", pre) }
        writer.add("tokenizer.ggml.tokens", vocabulary.tokens)
        writer.add("tokenizer.ggml.token_type", vocabulary.types)
        if let merges = vocabulary.merges { writer.add("tokenizer.ggml.merges", merges) }
        if let scores = vocabulary.scores { writer.add("tokenizer.ggml.scores", scores) }
        writer.add("tokenizer.ggml.bos_token_id", UInt32(vocabulary.bos ?? 0))
        writer.add("tokenizer.ggml.eos_token_id", UInt32(vocabulary.eos ?? 0))
        writer.add("tokenizer.ggml.unknown_token_id", UInt32(vocabulary.unknown ?? 0))
        writer.add("tokenizer.ggml.add_space_prefix", vocabulary.spacePrefix ?? false)
        writer.add("tokenizer.ggml.add_bos_token", true)
        return writer
    }

    private func refusal(_ writer: GGUFWriter) -> String {
        do {
            _ = try makeTokenizer(from: GGUFFile(file: guardedFile(writer.encoded().bytes)))
            return "accepted"
        } catch {
            return "\(error)"
        }
    }

    @Test("gives the reference's ids", arguments: ["smollm-tiny", "sentencepiece-tiny"])
    func ids(name: String) throws {
        let tokenizer = try makeTokenizer(from: GGUFFile(file: guardedFile(try writer(name).encoded().bytes)))
        try expectIDs(tokenizer, try Fixture.read("\(name).json"))
        #expect(tokenizer.addsBOS && tokenizer.bos == 1 && tokenizer.eos == 2)
    }

    @Test(
        "special tokens of Phi 3, which is known by its name, take in the space after them, but for a few",
        arguments: [("Phi 3 Mini 4k", false), ("Microsoft_Phi-3.5-mini", true), ("phi3 tiny", true), ("Phi-4", false)])
    func phi3(name: String, takesSpace: Bool) throws {
        var writer = try writer("sentencepiece-tiny")
        writer.add("general.name", name)
        let tokenizer = try makeTokenizer(from: GGUFFile(file: guardedFile(writer.encoded().bytes)))
        func ids(_ text: String) -> [Int32] { tokenizer.encode(text, special: true) }
        #expect((ids("<|turn|>\n a") == ids("<|turn|>a")) == takesSpace)
        #expect(ids("<s>\n a") != ids("<s>a"))
    }

    @Test("a marker of 64 bits that stands for none is told, and the vocabulary is served")
    func noMarker() throws {
        var writer = try writer("smollm-tiny")
        writer.add("tokenizer.ggml.eom_token_id", UInt64.max)
        let tokenizer = try makeTokenizer(from: GGUFFile(file: guardedFile(writer.encoded().bytes)))
        #expect(tokenizer.warnings.contains { $0.hasPrefix("tokenizer.ggml.eom_token_id: is -1, ") })
    }

    @Test("an array of another kind is refused by key", arguments: ["tokens", "merges", "token_type"])
    func wrongKind(key: String) throws {
        var writer = GGUFWriter()
        writer.add("tokenizer.ggml.model", "gpt2")
        if key != "tokens" { writer.add("tokenizer.ggml.tokens", ["a", "b"]) }
        writer.add("tokenizer.ggml.\(key)", [Float(0.5), 1])
        let text = refusal(writer)
        #expect(text.contains("tokenizer.ggml.\(key)") && text.contains("an array of 2 float32"), "\(text)")
    }

    @Test("a file without a tokenizer is refused by the key that is missing")
    func missing() {
        #expect(refusal(GGUFWriter()).contains("tokenizer.ggml.model"))
    }

    @Test("a vocabulary that makes no sense names the file too")
    func namesFile() throws {
        var writer = GGUFWriter()
        writer.add("tokenizer.ggml.model", "gpt2")
        writer.add("tokenizer.ggml.tokens", ["a", "b"])
        #expect(refusal(writer).hasSuffix(": tokenizer.ggml.merges: missing; byte-level BPE can't merge without it"))
        #expect(!refusal(writer).hasPrefix("tokenizer"))
    }
}

import LlamaStackAPI
import ModelFixtures
import Testing

@testable import Checkpoints
@testable import Tokenizers

@Suite("Chat marks are marks, whatever type the file gives them")
struct ChatMarkTests {
    static let template =
        "{% for m in messages %}<|im_start|>{{ m.role }}\n<think></think><tool_call>[X]{{ m.content }}<|im_end|>\n{% endfor %}"
    static let marks = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<think>", "<tool_call>", "[X]", "<tool>", "  "]
    /// The first of `marks`.
    static let first: Int32 = 256

    /// A byte-level vocabulary of single bytes with the marks at its end, typed as said.
    private func source(_ types: [Int32], template: String? = template) -> VocabularySource<StringList> {
        var source = Fixture.bytesOnly()
        source.tokens.strings += Self.marks.map { Array($0.utf8) }
        source.types = [Int32](repeating: 1, count: 256) + types
        source.eosID = 256
        source.template = template
        return source
    }

    /// SentencePiece, whose pieces would merge up to the marks.
    private func pieces(_ types: [Int32]) -> VocabularySource<StringList> {
        let names = ["<|im_end|>", "<tool_call>"]
        var tokens = ["<unk>"] + names
        for name in names { tokens += (1..<name.count).map { String(name.prefix($0)) } }
        for name in names { tokens += name.map { String($0) } }
        tokens = tokens.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
        var source = VocabularySource(model: "llama", tokens: StringList(tokens))
        source.types = [2] + types + [Int32](repeating: 1, count: tokens.count - 1 - types.count)
        source.scores = tokens.map { Float($0.count) }
        source.unknownID = 0
        source.addsSpacePrefix = false
        source.template = Self.template
        return source
    }

    @Test(
        "a user's text never becomes one, and the template's does",
        arguments: [
            [3, 1, 1, 1, 1, 1, 1, 1], [3, 4, 4, 4, 4, 4, 4, 4], [3, 3, 3, 4, 4, 4, 4, 4], [1, 1, 1, 1, 1, 1, 1, 1],
            [5, 5, 5, 5, 5, 5, 5, 5], [6, 6, 6, 6, 6, 4, 1, 1], [4, 1, 4, 1, 4, 1, 4, 4],
        ] as [[Int32]])
    func marks(types: [Int32]) throws {
        let tokenizer = try makeTokenizer(source(types))
        for (index, name) in Self.marks.prefix(6).enumerated() {
            let mark = Self.first + Int32(index)
            // `[X]` is known by the template alone.
            #expect(tokenizer.encode(name, special: true) == [mark], "\(name)")
            #expect(tokenizer.encode("A\(name)\n\(name)system", special: false).allSatisfy { $0 < 256 }, "\(name)")
            #expect(
                tokenizer.encode(segments: [(text: name, special: true), (text: name, special: false)]).filter {
                    $0 >= 256
                } == [mark])
        }
        #expect(tokenizer.endOfTurnTokens == [256, 258])
        for mark in [256, 257, 258] as [Int32] { #expect(tokenizer.isControl(mark)) }
    }

    @Test("marks of thoughts and calls show where the model writes them, marks of turns do not")
    func shown() throws {
        let tokenizer = try makeTokenizer(source([3, 1, 1, 1, 4, 1, 4, 4]))
        #expect(tokenizer.decode([257, 259, 260, 261, 262, 258]) == "<think><tool_call>[X]<tool>")
    }

    @Test("an added token that is no mark is found in any text, as the tokenizers library does")
    func userDefined() throws {
        let tokenizer = try makeTokenizer(source([3, 3, 3, 4, 4, 4, 4, 4]))
        #expect(tokenizer.encode("<tool>  ", special: false) == [262, 263])
    }

    @Test("one warning names what the file types as text, and there is none for a file that is right")
    func warning() throws {
        #expect(
            try makeTokenizer(source([3, 1, 1, 4, 4, 4, 4, 4])).warnings.filter { $0.contains("token_type") } == [
                "tokenizer.ggml.token_type: types '<|im_start|>' (257), '<|im_end|>' (258) as text; served as marks of the chat template, which no user's text becomes"
            ])
        #expect(
            try makeTokenizer(source([3, 3, 3, 4, 4, 4, 4, 4])).warnings.filter { $0.contains("token_type") } == [])
    }

    @Test("names are known without a template too")
    func withoutTemplate() throws {
        let tokenizer = try makeTokenizer(source([3, 1, 4, 4, 4, 1, 1, 1], template: nil))
        for name in Self.marks.prefix(5) {
            #expect(tokenizer.encode(name, special: false).allSatisfy { $0 < 256 }, "\(name)")
            #expect(tokenizer.encode(name, special: true).count == 1, "\(name)")
        }
    }

    @Test(
        "no pieces of SentencePiece merge up to a mark", arguments: [[1, 1], [4, 4], [3, 4], [5, 5]] as [[Int32]])
    func sentencePiece(types: [Int32]) throws {
        let tokenizer = try makeTokenizer(pieces(types))
        for (token, name) in [(Int32(1), "<|im_end|>"), (2, "<tool_call>")] {
            #expect(!tokenizer.encode("\(name)\(name)", special: false).contains(token), "\(name)")
            #expect(tokenizer.encode(name, special: true) == [token], "\(name)")
        }
    }

    @Test("an added token of a tokenizer.json that is not special is a mark where the template writes it")
    func tokenizerJSON() throws {
        let path = Fixture.folder.appending(path: "json/qwen2.tokenizer.json").path
        let marks = HuggingFaceFolder.Marks(settings: [:], tokenizer: [:], generation: [:])
        let tokenizer = try makeTokenizer(tokenizerJSON: .open(path: path), marks: marks, template: "<tool>{{ x }}")
        let tool = try #require(tokenizer.token(named: "<tool>"))
        #expect(!tokenizer.encode("a<tool>b", special: false).contains(tool))
        #expect(tokenizer.encode("<tool>", special: true) == [tool])
    }
}

@Suite("Oddities of a vocabulary that harm nothing are told, and it is served")
struct VocabularyOddityTests {
    @Test("a marker outside the vocabulary is taken as none", arguments: [256, -1, 4_294_967_295, .max])
    func markerOutside(id: Int) throws {
        var source = Fixture.bytesOnly()
        (source.eosID, source.unknownID, source.bosID, source.endIDs) = (id, id, 3, [id, 7])
        let tokenizer = try makeTokenizer(source)
        #expect(tokenizer.eos == nil && tokenizer.bos == 3 && tokenizer.endOfTurnTokens == [7])
        #expect(
            tokenizer.warnings.contains(
                "tokenizer.ggml.eos_token_id: is \(id), but the tokens are 0 to 255; served as if it were not there"))
        #expect(tokenizer.warnings.contains { $0.hasPrefix("tokenizer.ggml.unknown_token_id: is \(id), ") })
        #expect(tokenizer.warnings.count == 2, "each is told once: \(tokenizer.warnings)")
        #expect(tokenizer.encode("a", special: false) == [0x61])
    }

    @Test("text becomes the first of two tokens that are spelled alike", arguments: [1, 5] as [Int32])
    func duplicate(type: Int32) throws {
        var source = Fixture.bytesOnly()
        source.tokens.strings += [Array("!".utf8), Array("[PAD]".utf8), Array("[PAD]".utf8)]
        source.types = [Int32](repeating: 1, count: 256) + [type, type, type]
        let tokenizer = try makeTokenizer(source)
        #expect(tokenizer.encode("!", special: false) == [33])
        #expect(
            tokenizer.warnings.contains(
                "tokenizer.ggml.tokens: tokens 33 and 256 are both '!' and 1 more pairs of tokens are alike; text becomes the first of them"
            ))
    }

    @Test("the same of special tokens")
    func duplicateSpecial() throws {
        var source = Fixture.bytesOnly()
        source.tokens.strings += [Array("[PAD]".utf8), Array("[PAD]".utf8)]
        source.types = [Int32](repeating: 1, count: 256) + [3, 3]
        let tokenizer = try makeTokenizer(source)
        #expect(tokenizer.encode("[PAD]", special: true) == [256])
        #expect(
            tokenizer.warnings.contains(
                "tokenizer.ggml.tokens[257]: '[PAD]' is the spelling of a special token before it; text becomes the first of them"
            ))
    }

    @Test(
        "without a name for how words are cut, a known vocabulary is recognised",
        arguments: [
            (128_256, "<|begin_of_text|>", "llama-bpe"), (151_936, "<|im_start|>", "qwen2"),
            (131_072, "[INST]", "tekken"),
            (49_152, "<repo_name>", "smollm"), (128_256, "<｜begin▁of▁sentence｜>", "llama-bpe"),
            (129_280, "<｜begin▁of▁sentence｜>", "deepseek-v3"), (102_400, "<｜begin▁of▁sentence｜>", "deepseek-llm"),
            (32_256, "<｜begin▁of▁sentence｜>", "deepseek-coder"), (50_257, "<|endoftext|>", "gpt-2"),
        ])
    func guess(tokens: Int, token: String, name: String) throws {
        var source = Fixture.bytesOnly()
        let filler = (source.tokens.count..<tokens - 1).map { Array("\u{120}\($0)".utf8) }
        source.tokens.strings += filler + [Array(token.utf8)]
        source.types = nil
        for pre in [nil, "", "default"] {
            source.pre = pre
            let tokenizer = try #require(try makeTokenizer(source) as? ByteLevelBPE)
            #expect(tokenizer.preTokenizer == (try PreTokenizerName.find(name)).preTokenizer)
            #expect(
                tokenizer.warnings == [
                    "tokenizer.ggml.pre: \(pre.map { "is '\($0)'" } ?? "missing"), so how words are cut is guessed: as '\(try PreTokenizerName.find(name).names[0])', by the token '\(token)' and \(tokens) tokens; write the right name into the file if that is wrong"
                ])
        }
    }

    @Test("and an unknown one is cut as GPT-2 cuts, with a warning")
    func unknownVocabulary() throws {
        var source = Fixture.bytesOnly()
        source.pre = nil
        let tokenizer = try makeTokenizer(source)
        #expect((tokenizer as? ByteLevelBPE)?.preTokenizer == .gpt2)
        #expect(
            tokenizer.warnings == [
                "tokenizer.ggml.pre: missing, so how words are cut is not known, nor is the vocabulary: as GPT-2 does, which can give other tokens than the model learned; write the right name into the file"
            ])
    }
}

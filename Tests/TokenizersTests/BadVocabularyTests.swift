import ModelFixtures
import Testing

@testable import Tokenizers

@Suite("A bad vocabulary is refused with the key that is wrong")
struct BadVocabularyTests {
    private func refusal(_ source: VocabularySource<StringList>) -> String {
        do {
            _ = try makeTokenizer(source)
            return "accepted"
        } catch {
            return "\(error)"
        }
    }

    @Test("an unknown pre-tokeniser lists the known ones")
    func unknownPre() {
        var source = Fixture.bytesOnly()
        source.pre = "gpt-5"
        let message = refusal(source)
        #expect(
            message.hasPrefix(
                "tokenizer.ggml.pre: 'gpt-5' is not a pre-tokeniser known here; known are a.x-4.0, bailingmoe, "))
        #expect(PreTokenizerName.allNames.allSatisfy { message.contains($0) })
    }

    @Test("another kind of tokenizer says which are served")
    func unknownModel() {
        var source = Fixture.bytesOnly()
        source.model = "t5"
        #expect(
            refusal(source)
                == "tokenizer.ggml.model: 't5' is not served; served are 'gpt2' (byte-level BPE) and 'llama' (SentencePiece BPE)"
        )
    }

    @Test("no tokens")
    func noTokens() {
        var source = VocabularySource<StringList>(model: "gpt2", tokens: [])
        source.merges = []
        #expect(refusal(source) == "tokenizer.ggml.tokens: has 0 tokens; wanted 1 to 4194304")
    }

    @Test("byte-level BPE without merges")
    func noMerges() {
        var source = Fixture.bytesOnly()
        source.merges = nil
        #expect(refusal(source) == "tokenizer.ggml.merges: missing; byte-level BPE can't merge without it")
    }

    @Test("types for fewer tokens than there are")
    func shortTypes() {
        var source = Fixture.bytesOnly()
        source.types = [1, 1]
        #expect(refusal(source) == "tokenizer.ggml.token_type: has 2 numbers for 256 tokens; wanted one each")
    }

    @Test("a type that means nothing", arguments: [-1, 7, .max, .min] as [Int32])
    func unknownType(type: Int32) {
        var source = Fixture.bytesOnly()
        source.types = [Int32](repeating: 1, count: 255) + [type]
        #expect(refusal(source) == "tokenizer.ggml.token_type[255]: is \(type); wanted 0 to 6")
    }

    @Test(
        "a merge of tokens that are not there",
        arguments: [
            ("a bc", "'a bc' needs the token 'bc', which is not in tokenizer.ggml.tokens"),
            ("ab c", "'ab c' needs the token 'ab', which is not in tokenizer.ggml.tokens"),
            ("a b", "'a b' needs the token 'ab', which is not in tokenizer.ggml.tokens"),
            ("ab", "is 'ab'; wanted two tokens with a space between"),
            ("a ", "is 'a '; wanted two tokens with a space between"),
            ("", "is ''; wanted two tokens with a space between"),
        ])
    func badMerge(merge: String, problem: String) {
        var source = Fixture.bytesOnly()
        source.merges = StringList([merge])
        #expect(refusal(source) == "tokenizer.ggml.merges[0]: \(problem)")
    }

    @Test("a merge that would make a control token is dropped, so text can't become one")
    func mergeToControl() throws {
        var source = Fixture.bytesOnly()
        source.tokens.strings.append(Array("ab".utf8))
        source.types = [Int32](repeating: 1, count: 256) + [3]
        source.merges = ["a b"]
        #expect(try makeTokenizer(source).encode("ab", special: false).count == 2)
    }

    @Test(
        "scores that are missing, short or no numbers",
        arguments: [
            (nil, "tokenizer.ggml.scores: missing; SentencePiece BPE merges by score"),
            ([1], "tokenizer.ggml.scores: has 1 numbers for 2 tokens; wanted one each"),
            ([1, .nan], "tokenizer.ggml.scores[1]: is nan; wanted a finite number"),
        ] as [([Float]?, String)])
    func badScores(scores: [Float]?, problem: String) {
        var source = VocabularySource<StringList>(model: "llama", tokens: ["a", "b"])
        source.types = [1, 1]
        source.scores = scores
        #expect(refusal(source) == problem)
    }

    @Test("a byte token that names no byte", arguments: ["<0xGG>", "<0x1>", "x", "", "<0x+1>"])
    func badByte(spelling: String) {
        var source = VocabularySource(model: "llama", tokens: StringList(["a", spelling]))
        source.types = [1, 6]
        source.scores = [0, 0]
        #expect(
            refusal(source) == "tokenizer.ggml.tokens[1]: is a byte token spelled '\(spelling)'; wanted the form <0x41>"
        )
    }

    @Test("ids outside the vocabulary stand for nothing", arguments: [-1, 256, .max, .min] as [Int32])
    func strangeIDs(id: Int32) throws {
        let tokenizer = try makeTokenizer(Fixture.bytesOnly())
        #expect(tokenizer.bytes(of: id) == [])
        #expect(!tokenizer.isControl(id))
    }

    @Test(
        "a Llama 3 file that is wrong names its line",
        arguments: [
            ("", "f: has 0 tokens; wanted 1 to 4194304"),
            ("IQ== 0\nIg==", "f:2: wanted base64, a space and a rank: 'Ig=='"),
            ("IQ== 0\nIg== 2", "f:2: wanted rank 1, since ranks are ids and leave no gap: 'Ig== 2'"),
            ("I!== 0", "f:1: not base64: 'I!== 0'"),
            ("IQ= 0", "f:1: not base64: 'IQ= 0'"),
            ("==== 0", "f:1: not base64: '==== 0'"),
            (" 0", "f:1: not base64: ' 0'"),
            ("IQ== x", "f:1: wanted a rank: 'IQ== x'"),
            ("IQ== ", "f:1: wanted a rank: 'IQ== '"),
            ("IQ== 99999999999999999999", "f:1: wanted a rank: 'IQ== 99999999999999999999'"),
            ("IQ== 0\nIQ== 1", "f: tokens 0 and 1 are both '!'; each token must be spelled once"),
            ("IQ== 0", "f: has no token for the single byte 0; all 256 are wanted"),
        ])
    func badLlama3File(file: String, problem: String) {
        let error = #expect(throws: TokenizerError.self) {
            try Array(file.utf8).withUnsafeBufferPointer { _ = try Llama3TokenizerFile.tokenizer($0, place: "f") }
        }
        #expect(error?.description == problem)
    }

    @Test("a special token as long as a page")
    func longSpecial() {
        var source = Fixture.bytesOnly()
        source.tokens.strings.append([UInt8](repeating: 0x3C, count: 1025))
        source.types = [Int32](repeating: 1, count: 256) + [3]
        #expect(
            refusal(source)
                == "tokenizer.ggml.tokens[256]: is a special token of 1025 bytes, 1025 with those before it; at most 1024 each and 16777216 in all are served"
        )
    }

    /// Nothing to compare with: what counts is that every vocabulary is either refused or serves any text.
    @Test("vocabularies made at random are refused or work, and never crash")
    func random() {
        var random = SplitMix(seed: 20_260_107)
        print("seed 20260107")
        var served = 0
        for _ in 0..<3000 {
            func spelling() -> [UInt8] {
                (0..<random.below(4)).map { _ in
                    [0x61, 0x62, 0x20, 0xC4, 0xA0, 0xE2, 0x96, 0x81, 0x3C, 0xFF][random.below(10)]
                }
            }
            var tokens = (0..<random.below(9)).map { _ in spelling() }
            if random.below(2) == 0 { tokens += Fixture.bytesOnly().tokens.strings }
            var source = VocabularySource(model: ["gpt2", "llama"][random.below(2)], tokens: StringList([]))
            source.tokens.strings = tokens
            source.pre = PreTokenizerName.allNames[random.below(PreTokenizerName.allNames.count)]
            source.types = tokens.map { _ in Int32([1, 1, 1, 2, 3, 4, 5][random.below(7)]) }
            source.scores = tokens.map { _ in Float([0, -0.0, -1, 1, 1e30, -3.5][random.below(6)]) }
            source.unknownID = random.below(2) == 0 ? nil : random.below(4)
            var merges = StringList([])
            for _ in 0..<random.below(4) {
                merges.strings.append(
                    (tokens.randomElement(using: &random) ?? []) + [0x20] + (tokens.randomElement(using: &random) ?? [])
                )
            }
            source.merges = merges
            guard let tokenizer = try? makeTokenizer(source) else { continue }
            served += 1
            let text = "ab  ba\u{2581}<\u{100}\n" + random.text(scalarsMax: 20)
            for special in [true, false] {
                let ids = tokenizer.encode(text, special: special)
                #expect(ids.allSatisfy { (0..<Int32(tokenizer.vocabularySize)).contains($0) })
                #expect(special || !ids.contains { tokenizer.isControl($0) && $0 != source.unknownID.map(Int32.init) })
                _ = tokenizer.decode(ids, showingControl: special)
            }
        }
        #expect(served > 300)
    }
}

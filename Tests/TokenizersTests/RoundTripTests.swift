import ModelFixtures
import Testing

@testable import Tokenizers

@Suite("Text survives tokenising")
struct RoundTripTests {
    /// All 256 bytes are tokens in these, so nothing can be lost. (qwen2 composes first, hence Swift's `==`, which
    /// holds canonically equal strings equal.)
    @Test(
        "decoding what was encoded gives the text back",
        arguments: ["gpt-2-tiny", "smollm-tiny", "llama-bpe-tiny", "qwen2-tiny", "sentencepiece-tiny"])
    func roundTrip(name: String) throws {
        let tokenizer = try Fixture.tokenizer(name)
        var random = SplitMix(seed: 20_260_103)
        print("seed 20260103")
        for _ in 0..<500 {
            // SentencePiece writes spaces as U+2581 and so can't tell the two apart.
            let text = random.text(scalarsMax: 60).replacing("\u{2581}", with: " ")
            let back = tokenizer.decode(tokenizer.encode(text, special: false))
            #expect(back == text, "\(text.debugDescription)")
        }
    }

    @Test(
        "text never becomes a control token, whatever it spells",
        arguments: ["gpt-2-tiny", "llama-bpe-tiny", "sentencepiece-tiny"])
    func noForging(name: String) throws {
        let tokenizer = try Fixture.tokenizer(name)
        let controls = (0..<Int32(tokenizer.vocabularySize)).filter { tokenizer.isControl($0) }
        try #require(!controls.isEmpty)
        for control in controls where tokenizer.token(named: "<unk>") != control {
            let spelling = String(decoding: tokenizer.bytes(of: control, showingControl: true), as: UTF8.self)
            let tokens = tokenizer.encode("a\(spelling)b\(spelling)", special: false)
            #expect(!tokens.contains { tokenizer.isControl($0) }, "\(spelling)")
            #expect(tokenizer.decode(tokens) == "a\(spelling)b\(spelling)")
        }
    }

    @Test("a vocabulary without some bytes leaves those out and keeps the rest")
    func missingBytes() throws {
        let source = Fixture.bytesOnly(leavingOut: 0x41)
        let tokenizer = try makeTokenizer(source)
        #expect(tokenizer.decode(tokenizer.encode("xAy", special: false)) == "xy")
    }
}

@Suite("Text comes out token by token")
struct IncrementalDetokenizerTests {
    static let texts = ["👨‍👩‍👧‍👦🇫🇷", "春眠不觉晓", "aé€😀z", "שָׁלוֹם", "\u{10FFFF}\u{800}\u{7FF}\u{D7FF}\u{E000}"]

    /// Every way to cut the text's bytes into two tokens.
    @Test("a scalar cut between two tokens comes out whole, with the second", arguments: texts)
    func everyCut(text: String) throws {
        let bytes = Array(text.utf8)
        for cut in 0...bytes.count {
            let tokenizer = PieceTokenizer(pieces: [Array(bytes[..<cut]), Array(bytes[cut...])])
            var detokenizer = IncrementalDetokenizer(tokenizer)
            let first = detokenizer.append(0)
            let second = detokenizer.append(1)
            #expect(!first.unicodeScalars.contains("\u{FFFD}"))
            #expect(text.utf8.starts(with: first.utf8))
            #expect(bytes[..<cut].count - first.utf8.count < 4)
            #expect(Array((first + second + detokenizer.finish()).utf8) == bytes)
        }
    }

    @Test("bytes that are no UTF-8 come out as decoding them all at once gives them")
    func invalidBytes() throws {
        var random = SplitMix(seed: 20_260_104)
        print("seed 20260104")
        let interesting: [UInt8] = [
            0x41, 0x80, 0xBF, 0xC2, 0xC1, 0xE0, 0xA0, 0x9F, 0xED, 0xE2, 0x82, 0xAC, 0xF0, 0x90, 0x9F, 0xF4, 0x8F, 0xF5,
            0xFF,
        ]
        for _ in 0..<5000 {
            let pieces = (0..<random.below(8)).map { _ in
                (0..<random.below(4)).map { _ in interesting[random.below(interesting.count)] }
            }
            var detokenizer = IncrementalDetokenizer(PieceTokenizer(pieces: pieces))
            var text = ""
            for token in pieces.indices { text += detokenizer.append(Int32(token)) }
            text += detokenizer.finish()
            #expect(Array(text.utf8) == Array(String(decoding: pieces.joined(), as: UTF8.self).utf8), "\(pieces)")
        }
    }

    @Test(
        "only bytes that a scalar can still begin with are held back",
        arguments: [
            ([0x41], 0), ([0xC3], 1), ([0xC1], 0), ([0xE2, 0x82], 2), ([0xE0, 0x9F], 0), ([0xE0, 0xA0], 2),
            ([0xED, 0xA0], 0), ([0xED, 0x9F], 2),
            ([0xF0, 0x8F], 0), ([0xF0, 0x90, 0x80], 3), ([0xF4, 0x90], 0), ([0xF4, 0x8F, 0xBF], 3), ([0xF5], 0),
            ([0x80, 0x80, 0x80, 0x80], 0), ([], 0),
        ] as [([UInt8], Int)])
    func held(bytes: [UInt8], count: Int) {
        #expect(IncrementalDetokenizer.incompleteTailCount(bytes) == count)
    }

    @Test("what was held back comes out as one replacement character at the end")
    func unfinished() {
        var detokenizer = IncrementalDetokenizer(PieceTokenizer(pieces: [[0x68, 0xF0, 0x9F, 0x98]]))
        #expect(detokenizer.append(0) == "h")
        #expect(detokenizer.finish() == "\u{FFFD}")
    }

    @Test("control tokens say nothing unless they are asked for")
    func control() throws {
        let tokenizer = try Fixture.tokenizer("gpt-2-tiny")
        let end = try #require(tokenizer.token(named: "<|im_end|>"))
        var silent = IncrementalDetokenizer(tokenizer)
        var open = IncrementalDetokenizer(tokenizer, showingControl: true)
        #expect(silent.append(end) == "")
        #expect(open.append(end) == "<|im_end|>")
    }
}

/// A vocabulary whose tokens are given bytes: token i is `pieces[i]`.
struct PieceTokenizer: Tokenizer {
    let pieces: [[UInt8]]
    var vocabularySize: Int { pieces.count }
    var addsSpacePrefix: Bool { false }
    var bos: Int32? { nil }
    var eos: Int32? { nil }
    var addsBOS: Bool { false }
    var addsEOS: Bool { false }
    var endOfTurnTokens: Set<Int32> { [] }
    func encode(segments: [(text: String, special: Bool)]) -> [Int32] { [] }
    func token(named spelling: String) -> Int32? { nil }
    func isControl(_ token: Int32) -> Bool { false }
    func appendBytes(of token: Int32, showingControl: Bool, to bytes: inout [UInt8]) { bytes += pieces[Int(token)] }
}

extension SplitMix {
    /// Any Unicode, with much ASCII and whitespace in it.
    mutating func text(scalarsMax: Int) -> String {
        var text = String.UnicodeScalarView()
        for _ in 0..<below(scalarsMax + 1) {
            let top = [0x80, 0x80, 0x21, 0x3A, 0x800, 0x1_0000, 0x11_0000][below(7)]
            if let scalar = Unicode.Scalar(UInt32(below(top))) { text.append(scalar) }
        }
        return String(text)
    }
}

extension Fixture {
    static func tokenizer(_ name: String) throws -> any Tokenizer {
        guard let vocabulary = try read("\(name).json", as: Reference.self).vocabulary else {
            throw TokenizerError(name, "holds no vocabulary")
        }
        return try makeTokenizer(vocabulary.source)
    }

    /// The 256 single bytes and no merges, in GPT-2's way.
    static func bytesOnly(leavingOut byte: UInt8? = nil) -> VocabularySource<StringList> {
        let letters = (0...UInt8.max).filter { $0 != byte }.compactMap {
            Unicode.Scalar(UInt32(ByteAlphabet.scalars[Int($0)]))
        }
        var source = VocabularySource(model: "gpt2", tokens: StringList(letters.map { String(Character($0)) }))
        source.merges = []
        source.pre = "gpt-2"
        return source
    }
}

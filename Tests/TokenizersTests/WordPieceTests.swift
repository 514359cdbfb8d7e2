import Foundation
import ModelFixtures
import Testing

@testable import Checkpoints
@testable import Tokenizers

/// Against `tokenizers` (`Scripts/reference/wordpiece.py`).
@Suite("WordPiece")
struct WordPieceTests {
    @Test(
        "a text has the reference's ids, whichever file form the vocabulary has", arguments: ["txt", "tokenizer.json"])
    func tiny(form: String) throws {
        try expectIDs(Self.tiny(form), "wordpiece-tiny.json")
    }

    @Test(
        "MiniLM's ids equal the reference's",
        .enabled(if: Fixture.model(Fixture.miniLMVocabulary) != nil, "`make embedding-model` fetches it"))
    func miniLM() throws {
        let path = try #require(Fixture.model(Fixture.miniLMVocabulary))
        try expectIDs(WordPiece(vocabulary: .open(path: path), options: .init()), "wordpiece-minilm.json")
    }

    @Test("every scalar counts as what it counts as in the reference")
    func scalars() throws {
        let classes: [String: [[UInt32]]] = try Fixture.read("wordpiece-scalars.json")
        var wanted: [UInt32: Set<String>] = [:]
        for (name, ranges) in classes {
            for range in ranges { for value in range[0]...range[1] { wanted[value, default: []].insert(name) } }
        }
        var wrong: [String] = []
        for value in (0...UInt32(0x10FFFF)) {
            guard let scalar = Unicode.Scalar(value) else { continue }
            var found: Set<String> = []
            // In the order in which `read` asks.
            let isRemoved = BERTScalars.isControl(scalar) && !"\t\n\r".unicodeScalars.contains(scalar)
            if isRemoved { found.insert("removed") } else if scalar.properties.isWhitespace { found.insert("space") }
            if BERTScalars.isMark(scalar) { found.insert("mark") }
            if BERTScalars.isHan(scalar) { found.insert("han") }
            if BERTScalars.isPunctuation(scalar) { found.insert("punctuation") }
            // The reference leaves U+0020 as it is, and so sees no change.
            if value != 0x20, found != wanted[value] ?? [] { wrong.append("U+\(String(value, radix: 16)) \(found)") }
        }
        #expect(wrong == [])
    }

    @Test("a text that is too long keeps its start, or its end", arguments: [(WordPiece.Keeping.start, 0), (.end, 7)])
    func truncation(keeping: WordPiece.Keeping, from: Int) throws {
        let tokenizer = try Self.tiny("txt")
        let text = "one two three, four: five six"
        let whole = tokenizer.encode(text, tokensMax: 1000)
        let kept = tokenizer.encode(text, tokensMax: whole.tokens.count - 7, keeping: keeping)
        let inner = Array(whole.tokens.dropFirst().dropLast())
        #expect(!whole.isTruncated && kept.isTruncated)
        #expect(
            kept.tokens == [whole.tokens[0]] + inner[from..<from + inner.count - 7] + [whole.tokens[inner.count + 1]])
    }

    @Test("a text that just fits is whole")
    func fits() throws {
        let tokenizer = try Self.tiny("txt")
        let whole = tokenizer.encode("one two three", tokensMax: 1000)
        #expect(tokenizer.encode("one two three", tokensMax: whole.tokens.count) == whole)
    }

    @Test("letters keep their case and their accents where the options say so")
    func cased() throws {
        var options = WordPiece.Options()
        options.lowercases = false
        let tokenizer = try Self.words(["Straße", "CAFÉ", "cafe"], options)
        #expect(tokenizer.encode("Straße CAFÉ cafe", tokensMax: 9).tokens == [1, 3, 4, 5, 2])
    }

    @Test("Han characters stay in their words where the options say so")
    func han() throws {
        var options = WordPiece.Options()
        options.separatesHan = false
        #expect(try Self.words(["中文"], options).encode("中文", tokensMax: 9).tokens == [1, 3, 2])
    }

    @Test("invalid UTF-8 becomes U+FFFD on the way in, which stands for nothing")
    func invalid() throws {
        let text = String(decoding: [0x61, 0xFF, 0xC3, 0x28] as [UInt8], as: UTF8.self)
        let tokenizer = try Self.words(["a", "("])
        #expect(tokenizer.encode(text, tokensMax: 9).tokens == [1, 3, 4, 2])
    }

    @Test("two MiB without a space take no more than a moment's memory and are one unknown token")
    func long() throws {
        #expect(
            try Self.words(["a"]).encode(String(repeating: "a", count: 2 << 20), tokensMax: 9).tokens == [1, 0, 2])
    }

    @Test(
        "a vocabulary that can't serve is refused with what is wrong",
        arguments: [
            ("", "has no tokens"), ("[UNK]\n[CLS]\n", "has no token '[SEP]'"),
            ("[UNK]\n[CLS]\n[SEP]\na\na\n", "tokens 3 and 4 are both 'a'"),
        ])
    func bad(vocabulary: String, problem: String) throws {
        let error = #expect(throws: TokenizerError.self) {
            try WordPiece(vocabulary: .holding(vocabulary), options: .init())
        }
        #expect(error.map { "\($0)".contains(problem) } == true, "\(error.map { "\($0)" } ?? "none")")
    }

    @Test(
        "a tokenizer.json of another kind is refused with what is wrong",
        arguments: [
            ("{}", "has no 'model'"), ("[]", "found '['"),
            (#"{"model": {"type": "BPE"}}"#, "found 'BPE', wanted 'WordPiece'"),
            (#"{"model": {"type": "WordPiece", "vocab": {"a": 1}}}"#, "no gaps"),
            (#"{"model": {"type": "WordPiece", "vocab": {"a": 0, "b": 0}}}"#, "token 0 again"),
            (#"{"model": {"type": "WordPiece", "vocab": {"a": -1}}}"#, "found -1"),
            (#"{"model": {"type": "WordPiece", "vocab": {"a": 4000000000}}}"#, "found 4000000000"),
            (#"{"normalizer": {"type": "NFC"}, "model": {}}"#, "found 'NFC', wanted a BertNormalizer"),
            (#"{"model": {"type": "WordPiece", "vocab": {"[UNK]": 0}}} x"#, "wanted JSON"),
        ])
    func badJSON(text: String, problem: String) throws {
        let error = #expect(throws: (any Error).self) { try WordPiece(tokenizerJSON: .holding(text)) }
        #expect(error.map { "\($0)".contains(problem) } == true, "\(error.map { "\($0)" } ?? "none")")
    }

    static func tiny(_ form: String) throws -> WordPiece {
        let file = try MappedFile.open(path: Fixture.folder.appending(path: "wordpiece-tiny.\(form)").path)
        return try form == "txt" ? WordPiece(vocabulary: file, options: .init()) : WordPiece(tokenizerJSON: file)
    }

    /// Tokens 0, 1 and 2 are [UNK], [CLS] and [SEP].
    private static func words(_ words: [String], _ options: WordPiece.Options = .init()) throws -> WordPiece {
        let lines = ["[UNK]", "[CLS]", "[SEP]"] + words
        return try WordPiece(vocabulary: .holding(lines.joined(separator: "\r\n")), options: options)
    }

    private func expectIDs(_ tokenizer: WordPiece, _ reference: String) throws {
        let texts = try Fixture.texts() + Fixture.read("wordpiece-texts.json")
        let ids: [[Int32]] = try Fixture.read(reference)
        try #require(texts.count == ids.count)
        for (text, ids) in zip(texts, ids) {
            #expect(tokenizer.encode(text, tokensMax: .max).tokens == ids, "\(text.debugDescription)")
        }
    }
}

extension Fixture {
    static let miniLMVocabulary = "all-MiniLM-L6-v2/vocab.txt"
}

extension MappedFile {
    /// A file in memory.
    static func holding(_ text: String) -> MappedFile {
        let bytes = Array(text.utf8)
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 64)
        memory.copyBytes(from: bytes)
        return MappedFile(path: "memory", bytes: UnsafeRawBufferPointer(memory)) { memory.deallocate() }
    }
}

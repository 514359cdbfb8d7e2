import ModelFixtures
import Testing

@testable import Tokenizers

@Suite("Words are cut, and merged, in bounded time")
struct ScannerTests {
    @Test("the shortcuts in the scalar classes agree with Unicode's categories")
    func shortcuts() {
        for value in UInt32(0)...0x10FFFF {
            guard let scalar = Unicode.Scalar(value) else { continue }
            let kind = ScalarClass(scalar)
            let classes = ScalarClass(category: scalar.properties.generalCategory)
            #expect(kind.rawValue.nonzeroBitCount == 1, "\(value)")
            #expect(kind.isOne(of: .whitespace) == scalar.properties.isWhitespace, "\(value)")
            if !kind.isOne(of: .whitespace) { #expect(kind == classes, "\(value)") }
        }
    }

    @Test("words join up to the text, without gaps", arguments: PreTokenizerName.all.map(\.preTokenizer))
    func noGaps(scanner: PreTokenizer) {
        var random = SplitMix(seed: 20_260_105)
        print("seed 20260105")
        for _ in 0..<500 {
            var text = random.text(scalarsMax: 80)
            text.withUTF8 { bytes in
                var end = 0
                scanner.forEachWord(in: bytes) { word in
                    #expect(word.lowerBound == end && !word.isEmpty)
                    end = word.upperBound
                }
                #expect(end == bytes.count)
            }
        }
    }

    @Test(
        "a contraction is a word of its own, in capitals and with a long s too where the pattern ignores case",
        arguments: [
            (PreTokenizer.llama3, ["it", "'\u{17F}", "aI", "'Ll", "x", "''", "ve"]),
            (.gpt2, ["it", "'", "\u{17F}aI", "'", "Llx", "''", "ve"]),
        ])
    func contractions(scanner: PreTokenizer, words: [String]) {
        var text = "it'\u{17F}aI'Llx''ve"
        let found = text.withUTF8 { bytes in
            var found: [String] = []
            scanner.forEachWord(in: bytes) { found.append(String(decoding: bytes[$0], as: UTF8.self)) }
            return found
        }
        #expect(found == words)
    }

    @Test("a word too long to rescan merges as a shorter one does")
    func heapEqualsRescan() throws {
        let tokenizer = try Fixture.tokenizer("gpt-2-tiny")
        let pairs = try Fixture.pairs("gpt-2-tiny")
        var random = SplitMix(seed: 20_260_106)
        print("seed 20260106")
        for _ in 0..<200 {
            let count = SymbolMerger.shortSymbolsMax - 8 + random.below(120)
            let word = String((0..<count).map { _ in "etaoinshrt".randomElement(using: &random) ?? "e" })
            #expect(tokenizer.encode(word, special: false) == plainMerges(word, pairs), "\(word)")
        }
    }

    /// Byte-pair encoding as its definition reads: quadratic, and obviously right.
    private func plainMerges(_ word: String, _ ranks: [String: (rank: Int, token: Int32)]) -> [Int32] {
        var parts = word.map { String($0) }
        while true {
            let ranked = parts.indices.dropLast().compactMap { index in
                ranks["\(parts[index]) \(parts[index + 1])"].map { ($0.rank, index) }
            }
            guard let best = ranked.min(by: { $0 < $1 }) else { break }
            parts[best.1] += parts.remove(at: best.1 + 1)
        }
        return parts.map { part in ranks[part]?.token ?? -1 }
    }

    @Test(
        "a long run of one character is cut in one pass, whatever the pattern",
        arguments: PreTokenizerName.all.map(\.preTokenizer))
    func longRuns(scanner: PreTokenizer) {
        for letter in ["a", "A", "中", "\u{301}", " ", "\t", "\n", "0", "'", "/", "\u{1}", "\u{3000}", "中A"] {
            var text = "中" + String(repeating: letter, count: 100_000) + "\u{1F642}"
            text.withUTF8 { bytes in
                var end = 0
                scanner.forEachWord(in: bytes) { end = $0.upperBound }
                #expect(end == bytes.count, "\(letter)")
            }
        }
    }

    @Test("a million letters of one word take a bounded number of steps", arguments: ["a", " ", "\n", "0", "é", "'"])
    func longWord(letter: String) throws {
        let tokenizer = try Fixture.tokenizer("llama-bpe-tiny")
        let text = String(repeating: letter, count: 200_000)
        #expect(tokenizer.decode(tokenizer.encode(text, special: false)) == text)
    }
}

extension ScalarClass {
    /// Written apart from the scanner's own table.
    fileprivate init(category: Unicode.GeneralCategory) {
        switch category {
        case .uppercaseLetter, .titlecaseLetter: self = .upper
        case .lowercaseLetter: self = .lower
        case .modifierLetter, .otherLetter: self = .caseless
        case .nonspacingMark, .spacingMark, .enclosingMark: self = .mark
        case .decimalNumber, .letterNumber, .otherNumber: self = .number
        case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation,
            .finalPunctuation, .otherPunctuation:
            self = .punctuation
        case .mathSymbol, .currencySymbol, .modifierSymbol, .otherSymbol: self = .symbol
        default: self = .rest
        }
    }
}

extension Fixture {
    /// `left right` → rank, and token → id, of a byte-level vocabulary of ASCII letters.
    static func pairs(_ name: String) throws -> [String: (rank: Int, token: Int32)] {
        guard let vocabulary = try read("\(name).json", as: Reference.self).vocabulary else { return [:] }
        var result: [String: (rank: Int, token: Int32)] = [:]
        for (rank, merge) in (vocabulary.merges ?? []).enumerated() { result[merge] = (rank, -1) }
        for (token, spelling) in vocabulary.tokens.enumerated() { result[spelling] = (0, Int32(token)) }
        return result
    }
}

/// The words by which texts are found: the same for both providers, for documents and for queries.
///
/// Letters are folded first (``Spelling``), and words end at everything that is neither a letter nor a number. Scripts
/// without spaces between words are indexed by their signs, by pairs of them and by the words of a dictionary.
package enum Words {
    /// Rises when texts have other words than before: chunks that are indexed by the old ones are indexed again.
    package static let version = 1

    /// The words of a document's text, in its order; what is there twice comes twice. Linear in the text.
    package static func indexed(_ text: String) -> [String] {
        var words: [String] = []
        forEachRun(of: text) {
            words += $0.indexed
            return true
        }
        return words
    }

    /// The words of a query, each once, and `countMax` at most. Stop words are left out where there are others.
    package static func asked(_ text: String, countMax: Int) -> [String] {
        var seen: Set<String> = []
        var words: [String] = []
        forEachRun(of: text) { run in
            words += run.asked.filter { seen.insert($0).inserted }
            return words.count < 4 * countMax
        }
        let others = StopWords.removed(from: words)
        return Array((others.isEmpty ? words : others).prefix(countMax))
    }

    /// Whether an index that splits words at everything but letters and digits, and folds case and the marks of
    /// Latin-1, finds the same words in the text itself as ``indexed(_:)``.
    package static func isPlain(_ text: String) -> Bool {
        var text = text
        if text.withUTF8({ $0.allSatisfy { $0 < 0x80 } }) { return true }
        return text.unicodeScalars.allSatisfy { $0.isASCII || plain.contains($0.value) }
    }

    /// Punctuation that is in no word, and Latin-1's letters that are a letter of ASCII and a mark.
    private static let plain = Set<UInt32>(
        [0xA0, 0xA9, 0xAB, 0xAE, 0xB0, 0xB7, 0xBB, 0x2022, 0x2026, 0x2190, 0x2192] + Array(0x2010...0x201F)
            + Array(0xC0...0xC5) + Array(0xC7...0xCF) + Array(0xD1...0xD6) + Array(0xD9...0xDD) + Array(0xE0...0xE5)
            + Array(0xE7...0xEF) + Array(0xF1...0xF6) + Array(0xF9...0xFD) + [0xFF])

    /// Gives the text's runs of letters and digits of one kind of script, until `body` has had enough.
    private static func forEachRun(of text: String, _ body: (WordRun) -> Bool) {
        var run = WordRun(script: .spaced)
        for scalar in Spelling.folded(text) {
            let script = scalar.isMark && !run.scalars.isEmpty ? run.script : scalar.script
            if script != run.script || script == nil {
                if !run.scalars.isEmpty, !body(run) { return }
                run = WordRun(script: script)
            }
            if script != nil { run.scalars.append(scalar) }
        }
        if !run.scalars.isEmpty { _ = body(run) }
    }
}

import Foundation
import Testing

/// The field's words: those that readers would search for.
struct WordTests {
    /// The words, and those to write instead.
    static let replacements: KeyValuePairs = [
        "whoever": "the caller that, the one that",
        "let go": "release, free",
        "lets go": "releases, frees",
        "lest": "so that it does not",
        "so many": "that many, this many, a number",
        "so much": "that much, a number",
        "nobody": "no caller, no one; name what it is that does not",
        "held against": "counted against",
        "honours": "supports",
        "/// Of ": "a sentence with a subject",
        "/// What ": "the thing: 'The result of'",
    ]

    @Test("code, comments and documentation keep to the field's words", arguments: replacements.map { ($0, $1) })
    func words(word: String, replacement: String) throws {
        let files = SourceTree.shared.code + SourceTree.shared.files.filter { $0.path.hasSuffix(".md") }
        let own = "Tests/HouseTests/"
        var violations: [(place: String, message: String)] = []
        for file in files where !file.path.hasPrefix(own) && Self.contains(file.text, word) {
            for (index, line) in file.lines.enumerated() where Self.contains(String(line), word) {
                violations.append(("\(file.path):\(index + 1)", "'\(word)'; write: \(replacement)"))
            }
        }
        try Exceptions("word").judge(violations.filter { Set($0.place).isEmpty == false })
    }

    /// As whole words, in any case.
    private static func contains(_ text: String, _ word: String) -> Bool {
        let text = word.hasPrefix("/") ? text : text.lowercased()
        var rest = text[...]
        while let range = rest.range(of: word) {
            let before = range.lowerBound == text.startIndex ? " " : text[text.index(before: range.lowerBound)]
            let after = range.upperBound == text.endIndex ? " " : text[range.upperBound]
            if word.hasPrefix("/") || !(before.isLetter || after.isLetter) { return true }
            rest = text[range.upperBound...]
        }
        return false
    }
}

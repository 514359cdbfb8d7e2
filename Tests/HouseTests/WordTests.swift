import Foundation
import Testing

/// The field's words: those that a reader would search for.
@Suite(.timeLimit(.minutes(10)))
struct WordTests {
    /// The words to avoid, and those to write instead.
    static let replacements: KeyValuePairs<String, String> = [
        "whoever": "the caller that, the thread that",
        "let go": "release, free",
        "lets go": "releases, frees",
        "lest": "so that it does not",
        "so many": "a number, this many",
        "so much": "an amount, this much",
        "nobody": "no caller, no thread: name the one that does not",
        "held against": "counted against, compared with",
        "honours": "supports",
        "lacks": "has no, does not support",
    ]

    /// Beginnings of doc comments without a subject.
    static let subjectless: KeyValuePairs<String, String> = [
        "/// Of ": "a sentence that names the thing: 'The limit of …'",
        "/// What ": "a sentence that names the thing: 'The result of …'",
    ]

    @Test("code and documentation use the field's words", arguments: replacements.map { ($0, $1) })
    func words(word: String, replacement: String) throws {
        let tree = SourceTree.shared
        let files = (tree.code + tree.files.filter { $0.path.hasSuffix(".md") }).filter {
            !$0.path.hasPrefix("Tests/HouseTests/") && !$0.path.hasPrefix("Tests/Fixtures/")
        }
        let violations = files.flatMap { file in
            file.lines.enumerated().filter { Self.contains($1, word) }.map { index, _ in
                (place: "\(file.path):\(index + 1)", message: "'\(word)'; write: \(replacement)")
            }
        }
        try Exceptions("word: \(word)").judge(violations)
    }

    @Test("a doc comment begins with its subject", arguments: subjectless.map { ($0, $1) })
    func beginnings(beginning: String, replacement: String) throws {
        let violations = SourceTree.shared.code.filter { !$0.path.hasPrefix("Tests/") }.flatMap { file in
            file.lines.enumerated().filter { index, line in
                line.trimmingPrefix(while: \.isWhitespace).hasPrefix(beginning)
                    && (index == 0 || !file.lines[index - 1].trimmingPrefix(while: \.isWhitespace).hasPrefix("///"))
            }.map { index, _ in
                (place: "\(file.path):\(index + 1)", message: "begins '\(beginning)…'; write: \(replacement)")
            }
        }
        try Exceptions("comment").judge(violations)
    }

    /// Whether the line has the word, in any case, between characters that are not letters.
    private static func contains(_ line: some StringProtocol, _ word: String) -> Bool {
        var rest = line.lowercased()[...]
        while let range = rest.firstRange(of: word) {
            let before = rest[..<range.lowerBound].last, after = rest[range.upperBound...].first
            if before?.isLetter != true && after?.isLetter != true { return true }
            rest = rest[range.upperBound...]
        }
        return false
    }
}

import Foundation
import GRDB
import MemoryBanks
import Storage

/// A search by words: BM25 over the chunks of some banks, each weighed by its own bank alone.
struct KeywordQuery: Sendable {
    /// The limit on different words of a query; later ones are ignored.
    private static let wordsMax = 1024

    private let words: [String]

    init(_ text: String) { words = Words.asked(text, countMax: Self.wordsMax).map(Self.token) }

    /// The word by which the full-text index knows a bank's chunks.
    static func scope(_ bank: Int64) -> String { "b\(bank)" }

    /// The text that the full-text index receives instead of the chunk's; nil: the chunk's text has the same words.
    static func words(of text: String) -> String? {
        Words.isPlain(text) ? nil : Words.indexed(text).map(token).joined(separator: " ")
    }

    /// All chunks that hold one of the words, the best first, until `take` has had enough.
    func ranked(_ db: Database, _ banks: [Int64], _ take: (WordMatch) throws -> Bool) throws {
        guard !words.isEmpty else { return }
        let weights = try banks.map { try BankWeights(db, $0, words) }
        let counting = words.indices.filter { word in weights.contains { $0.ofWords[word] > 0 } }
        guard !counting.isEmpty else { return }
        let all = Dictionary(uniqueKeysWithValues: zip(banks.map(Self.scope), weights.map(\.ofAllWords)))
        let rows = try Row.fetchCursor(
            db,
            sql: """
                SELECT chunk.id, chunk.scope, \(KeywordScore.function)(chunk_word, ?, chunk.tokens) AS score
                FROM chunk_word CROSS JOIN chunk INDEXED BY chunk_length ON chunk.id = chunk_word.rowid
                WHERE chunk_word MATCH ? ORDER BY score DESC, chunk.id
                """,
            arguments: [
                KeywordScore.weights(weights.map { (averageTokens: $0.averageTokens, words: $0.ofWords) }, counting),
                expression(banks, counting.map { words[$0] }),
            ])
        while let row = try rows.next() {
            let match = WordMatch(chunk: row[0], score: row[2], scoreOfAllWords: all[row[1]] ?? 0)
            guard try match.score <= 0 || take(match) else { return }
        }
    }

    /// Words are letters and digits only, so nothing in them can be taken for syntax.
    private func expression(_ banks: [Int64], _ words: [String]) -> String {
        let scopes = banks.map { "\"\(Self.scope($0))\"" }.joined(separator: " OR ")
        let words = words.map { "\"\($0)\"" }.joined(separator: " OR ")
        return "scope : (\(scopes)) AND text : (\(words))"
    }

    /// The index splits words at marks, so those that a word has stand in for by signs of private use, which it takes
    /// for letters.
    private static func token(_ word: String) -> String {
        guard word.unicodeScalars.contains(where: { $0.value >= 0x300 && $0.isMark }) else { return word }
        var token = String.UnicodeScalarView()
        for scalar in word.unicodeScalars {
            token.append(scalar.isMark ? Unicode.Scalar(0xF_0000 | (scalar.value & 0xFFFF)) ?? scalar : scalar)
        }
        return String(token)
    }
}

/// The weights of a query's words in one bank.
private struct BankWeights {
    /// The limit on words that count: the rarest of those that the bank has.
    private static let wordsMax = 64

    var averageTokens: Double
    /// 0 for a word that does not count.
    var ofWords: [Double]
    /// About the score of a chunk that holds each word once; those that the bank does not have count in full.
    var ofAllWords: Double

    init(_ db: Database, _ bank: Int64, _ words: [String]) throws {
        let row = try db.rows("SELECT chunks, tokens FROM bank_words WHERE bank = ?", [bank]).first
        let (chunks, tokens): (Int, Int) = row.map { ($0[0], $0[1]) } ?? (0, 0)
        averageTokens = max(1, Double(tokens) / Double(max(1, chunks)))
        var holding: [Int] = []
        for word in words {
            let expression = "scope : \"\(KeywordQuery.scope(bank))\" AND text : \"\(word)\""
            holding.append(
                chunks == 0
                    ? 0 : try db.one("SELECT count(*) FROM chunk_word WHERE chunk_word MATCH ?", [expression]) ?? 0)
        }
        let weights = holding.map { KeywordScore.inverseFrequency($0, chunks) }
        let rarest = holding.indices.filter { holding[$0] > 0 }.sorted { (holding[$0], $0) < (holding[$1], $1) }
            .prefix(Self.wordsMax)
        ofWords = Array(repeating: 0, count: words.count)
        for word in rarest { ofWords[word] = weights[word] }
        // Of a longer query the words that are not there are as good as not asked for.
        let missing = words.count > Self.wordsMax ? [] : holding.indices.filter { holding[$0] == 0 }
        ofAllWords = (rarest + missing).reduce(0) { $0 + weights[$1] }
    }
}

import Foundation
import GRDB
import MemoryBanks

/// A search by words: BM25 over the chunks of some banks.
struct KeywordQuery: Sendable {
    /// Of a longer query the first words count.
    private static let wordsMax = 64

    private let words: [String]

    init(_ text: String) { words = Self.words(of: text) }

    /// The word by which the full-text index knows a bank's chunks.
    static func scope(_ bank: Int64) -> String { "b\(bank)" }

    /// All chunks that hold one of the words, the best first, until `take` has had enough.
    func ranked(_ db: Database, _ banks: [Int64], _ take: (Int64, _ score: Double) throws -> Bool) throws {
        guard !words.isEmpty else { return }
        let rows = try Row.fetchCursor(
            db,
            sql: """
                SELECT rowid, -rank FROM chunk_word
                WHERE chunk_word MATCH ? AND rank MATCH 'bm25(1.0, 0.0)' ORDER BY rank
                """,
            arguments: [expression(banks)])
        while let row = try rows.next(), try take(row[0], row[1]) {}
    }

    /// About the score of a chunk that holds each word of the query once: the sum of what the words tell. What a
    /// chunk's score is of that says how much of the query it answers; a word that no chunk holds counts in full.
    func scoreOfAllWords(_ db: Database) throws -> Double {
        // Counting a million rows takes longer than the search; numbers are never given twice, so this is near enough.
        let all = try Int.fetchOne(db.cachedStatement(sql: "SELECT max(id) FROM chunk")) ?? 0
        let statement = try db.cachedStatement(sql: "SELECT count(*) FROM chunk_word WHERE chunk_word MATCH ?")
        return try words.reduce(0) { sum, word in
            let holding = try Int.fetchOne(statement, arguments: ["text : \"\(word)\""]) ?? 0
            return sum + Self.inverseFrequency(holding, all)
        }
    }

    /// As FTS5 weighs a word.
    private static func inverseFrequency(_ holding: Int, _ all: Int) -> Double {
        max(1e-6, log((Double(all - holding) + 0.5) / (Double(holding) + 0.5)))
    }

    /// Words are letters and digits only, so nothing in them can be taken for syntax.
    private func expression(_ banks: [Int64]) -> String {
        let scopes = banks.map { "\"\(Self.scope($0))\"" }.joined(separator: " OR ")
        let words = words.map { "\"\($0)\"" }.joined(separator: " OR ")
        return "scope : (\(scopes)) AND text : (\(words))"
    }

    /// Split as the index splits texts. Each once.
    static func words(of text: String) -> [String] {
        var seen: Set<String> = []
        let words = Words.split(text, countMax: 4 * wordsMax)
        return Array(words.filter { seen.insert($0.lowercased()).inserted }.prefix(wordsMax))
    }
}

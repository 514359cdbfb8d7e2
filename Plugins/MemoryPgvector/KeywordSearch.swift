import Foundation
import MemoryBanks
import Postgres

/// A search by words over the chunks of some banks, by PostgreSQL's full-text index.
///
/// The score is BM25's (Robertson and Zaragoza 2009): ts_rank and ts_rank_cd do not know that a rare word says more
/// than a common one. ts_rank of one word is 6/π² (1 + 1/4 + 1/9 + …), a term for each time that the word is there, and
/// what the terms lack of π²/6 is about 1 / (count + 1/2): so it tells the count. Each chunk is weighed by its own bank
/// alone; the average length is that of the bank's chunks that hold a word of the query.
struct KeywordSearch: Sendable {
    /// The limit on different words of a query; later ones are ignored.
    private static let wordsMax = 1024
    /// The limit on words that count: the rarest of those that a bank has.
    private static let countingMax = 64
    /// PostgreSQL keeps no longer ones.
    private static let wordBytesMax = 500

    private let words: [String]

    init(_ text: String, _ session: Session, _ banks: [Int64]) throws {
        let words = Words.asked(text, countMax: Self.wordsMax).map(Self.shortened)
        self.words = words.count <= Self.countingMax ? words : try Self.rarest(of: words, session, banks)
    }

    /// The words of a text with a space after each but the last.
    static func words(of text: String) -> String { Words.indexed(text).map(shortened).joined(separator: " ") }

    private static func shortened(_ word: String) -> String {
        word.utf8.count <= wordBytesMax ? word : String(word.prefix(wordBytesMax / 4))
    }

    /// The word by which the full-text index knows a bank's chunks; no text has a colon in its words.
    static func scope(_ bank: Int64) -> String { ":\(bank)" }

    /// SQL for the stems of words, at their places, and a bank's word. The server's own way from text to tsvector
    /// splits words once more, by the locale of the database.
    static func vector(_ words: String, _ scope: String) -> String {
        """
        (SELECT coalesce(string_agg('''' || (ts_lexize('stem', word))[1] || ''':' || least(place, 16383), ' '), '')
            ::tsvector FROM unnest(string_to_array(\(words), ' ')) WITH ORDINALITY AS each (word, place))
            || array_to_tsvector(ARRAY[\(scope)::text])
        """
    }

    /// The best matches, the best first.
    func ranked(
        _ session: Session, _ banks: [Int64], _ filter: MetadataFilter, countMax: Int
    ) throws -> [WordMatch] {
        guard !words.isEmpty else { return [] }
        let coarse = CoarseFilter(
            filter, after: [.texts(words), .text(Self.scopes(banks)), .ints(banks), .int(Int64(countMax))])
        return try session.run(composed: Self.sql(coarse), coarse.values)
            .map { WordMatch(chunk: $0.int(0), score: $0.double(1), scoreOfAllWords: $0.double(2)) }
            .filter { $0.score > 0 }
    }

    private static func scopes(_ banks: [Int64]) -> String {
        banks.map { "'\(scope($0))'" }.joined(separator: " | ")
    }

    /// The words that the fewest chunks of each bank hold. Words that no chunk holds are left out.
    private static func rarest(of words: [String], _ session: Session, _ banks: [Int64]) throws -> [String] {
        let rows = try session.run(
            """
            SELECT place, bank, count(*) FROM unnest($1::text[]) WITH ORDINALITY AS given (word, place)
            JOIN chunk ON words @@ ($2::text::tsquery && ('''' || (ts_lexize('stem', word))[1] || '''')::tsquery)
            GROUP BY place, bank
            """, .texts(words), .text(scopes(banks)))
        var holding: [Int64: [(count: Int64, place: Int64)]] = [:]
        for row in rows.map({ $0 }) { holding[row.int(1), default: []].append((row.int(2), row.int(0))) }
        let places = Set(holding.values.flatMap { $0.sorted { $0 < $1 }.prefix(countingMax).map(\.place) })
        return places.sorted().map { words[Int($0) - 1] }
    }

    private static func sql(_ filter: CoarseFilter) -> String {
        """
        WITH word AS MATERIALIZED (
            SELECT row_number() OVER () AS number, ('''' || stem || '''')::tsquery AS query FROM (
                SELECT DISTINCT (ts_lexize('stem', given))[1] AS stem FROM unnest($1::text[]) AS given) AS stems
        ), candidate AS MATERIALIZED (
            SELECT id, bank, document, words, tokens, avg(tokens) OVER (PARTITION BY bank)::float8 AS average
            FROM chunk WHERE words @@ (
                SELECT $2::text::tsquery && string_agg('(' || query::text || ')', ' | ')::tsquery FROM word)
        ), match AS MATERIALIZED (
            SELECT id, bank, document, tokens, average, number,
                round(1 / (1.64493406685 * greatest(1 - ts_rank('{1, 1, 1, 1}', words, query), 1e-3)) - 0.5)
                    ::float8 AS occurrences
            FROM candidate JOIN word ON words @@ query
        ), held AS (
            SELECT bank, number, count(*) AS chunks FROM match GROUP BY bank, number
        ), size AS (
            SELECT bank, coalesce(sum(chunks), 0) AS chunks FROM document WHERE bank = ANY($3) GROUP BY bank
        ), weight AS MATERIALIZED (
            SELECT size.bank, word.number, ln(1 + (
                greatest(size.chunks - coalesce(held.chunks, 0), 0) + 0.5) / (coalesce(held.chunks, 0) + 0.5)
            )::float8 AS weight, held.chunks IS NULL OR row_number() OVER (
                PARTITION BY size.bank ORDER BY held.chunks, word.number) <= \(countingMax) AS counts
            FROM size CROSS JOIN word LEFT JOIN held ON held.bank = size.bank AND held.number = word.number
        ), scored AS (
            SELECT match.id, match.document, match.bank, sum(weight * 2.2 * occurrences
                / (occurrences + 1.2 * (0.25 + 0.75 * tokens / average))) AS score
            FROM match JOIN weight ON counts AND weight.bank = match.bank AND weight.number = match.number
            GROUP BY match.id, match.document, match.bank
        )
        SELECT scored.id, score,
            (SELECT sum(weight) FROM weight WHERE counts AND weight.bank = scored.bank)
        FROM scored \(filter.isEmpty ? "" : "JOIN document ON document.id = scored.document\(filter.sql)")
        ORDER BY score DESC, scored.id LIMIT $4
        """
    }
}

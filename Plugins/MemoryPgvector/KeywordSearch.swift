import Foundation
import MemoryBanks
import Postgres

/// A search by words over the chunks of some banks, by PostgreSQL's full-text index.
///
/// The score is BM25's (Robertson and Zaragoza 2009), with what ts_rank gives one word in the place of its count: 1
/// for the first time, 1/4 more for the second, 1/9 for the third, … ts_rank and ts_rank_cd alone do not know that a
/// rare word says more than a common one. The average length is that of the chunks that hold a word of the query.
struct KeywordSearch: Sendable {
    /// Of a longer query the first words count.
    private static let wordsMax = 64
    /// PostgreSQL keeps no longer ones.
    private static let wordBytesMax = 500

    private let words: [String]

    init(_ text: String) {
        var seen: Set<String> = []
        words = Self.words(of: text, countMax: 4 * Self.wordsMax).filter { seen.insert($0).inserted }
            .prefix(Self.wordsMax).map { $0 }
    }

    /// Without case and marks. Nothing but letters and digits is in them, so the server finds no syntax.
    static func words(of text: String, countMax: Int = .max) -> [String] {
        Words.split(text, countMax: countMax).map { word in
            let isPlain = word.utf8.allSatisfy { $0 < 0x80 }
            let folded =
                isPlain
                ? word.lowercased() : word.folding(options: [.caseInsensitive, .diacriticInsensitive], locale: nil)
            return folded.utf8.count <= wordBytesMax ? folded : String(folded.prefix(wordBytesMax / 4))
        }
    }

    /// The word by which the full-text index knows a bank's chunks; no text has a colon in its words.
    static func scope(_ bank: Int64) -> String { ":\(bank)" }

    struct Found {
        var ranked: [(id: Int64, score: Double)]
        /// The score of a chunk of average length that holds each word once; a word that no chunk holds counts in full.
        var scoreOfAllWords: Double
    }

    /// The best so many, the best first.
    func ranked(_ session: Session, _ banks: [Int64], _ filter: MetadataFilter, countMax: Int) throws -> Found {
        guard !words.isEmpty else { return Found(ranked: [], scoreOfAllWords: 0) }
        let scopes = banks.map { "'\(Self.scope($0))'" }.joined(separator: " | ")
        let coarse = CoarseFilter(
            filter, after: [.texts(words), .text(scopes), .ints(banks), .int(Int64(countMax))])
        let rows = try session.run(composed: Self.sql(coarse), coarse.values)
        return Found(
            ranked: rows.map { ($0.int(0), $0.double(1)) }.filter { $0.0 > 0 },
            scoreOfAllWords: rows.first?.double(2) ?? 0
        )
    }

    private static func sql(_ filter: CoarseFilter) -> String {
        """
        WITH word AS MATERIALIZED (
            SELECT row_number() OVER () AS number, query FROM (
                SELECT DISTINCT plainto_tsquery('words', given) AS query FROM unnest($1::text[]) AS given
            ) AS stem WHERE numnode(query) > 0
        ), candidate AS MATERIALIZED (
            SELECT id, document, words, tokens FROM chunk WHERE words @@ (
                SELECT $2::text::tsquery && string_agg('(' || query::text || ')', ' | ')::tsquery FROM word)
        ), match AS MATERIALIZED (
            SELECT id, document, tokens, number, ts_rank('{1, 1, 1, 1}', words, query) * 1.64493406685 AS occurrences
            FROM candidate JOIN word ON words @@ query
        ), weight AS MATERIALIZED (
            SELECT word.number, greatest(1e-6, ln((
                greatest((SELECT coalesce(sum(chunks), 0) FROM document WHERE bank = ANY($3)) - count(id), 0) + 0.5
            ) / (count(id) + 0.5)))::float8 AS weight
            FROM word LEFT JOIN match ON match.number = word.number GROUP BY word.number
        ), scored AS (
            SELECT match.id, match.document, sum(weight * 2.2 * occurrences
                / (occurrences + 1.2 * (0.25 + 0.75 * tokens / (SELECT avg(tokens)::float8 FROM candidate)))) AS score
            FROM match JOIN weight ON weight.number = match.number GROUP BY match.id, match.document
        )
        SELECT scored.id, score, (SELECT sum(weight) FROM weight)
        FROM scored \(filter.isEmpty ? "" : "JOIN document ON document.id = scored.document\(filter.sql)")
        ORDER BY score DESC, scored.id LIMIT $4
        """
    }
}

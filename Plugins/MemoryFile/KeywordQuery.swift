import Documents
import Foundation
import GRDB
import ProviderKit

/// A search by words: BM25 over the chunks of some banks, best first, within a count and a token budget.
struct KeywordQuery: Sendable {
    private static let banksMax = 100
    /// Of a longer query the first words count.
    private static let wordsMax = 64

    private let request: MemoryBankQueryRequest
    private let words: [String]
    private let filter: MetadataFilter

    init(_ request: MemoryBankQueryRequest) throws {
        guard (1...Self.banksMax).contains(request.bankUUIDs.count) else {
            throw ProviderError(
                .invalidRequest, "bank_uuids must be 1 to \(Self.banksMax) ids, got \(request.bankUUIDs.count)",
                field: "bank_uuids")
        }
        self.request = request
        words = Self.words(of: try request.query.queryText())
        filter = try MetadataFilter(request.filter)
    }

    /// The word by which the full-text index knows a bank's chunks.
    static func scope(_ bank: Int64) -> String { "b\(bank)" }

    func chunks(_ db: Database) throws -> [MemoryBankChunk] {
        var banks: [Int64: String] = [:]
        for (index, uuid) in request.bankUUIDs.enumerated() {
            banks[try db.bank(uuid, field: "bank_uuids[\(index)]")] = uuid
        }
        guard !words.isEmpty else { return [] }
        let ranked = try Row.fetchCursor(
            db,
            sql: """
                SELECT rowid, -rank FROM chunk_word
                WHERE chunk_word MATCH ? AND rank MATCH 'bm25(1.0, 0.0)' ORDER BY rank
                """,
            arguments: [expression(Array(banks.keys))])
        var found: [MemoryBankChunk] = []
        var tokensLeft = request.tokensMax
        while found.count < request.topK, tokensLeft > 0, let row = try ranked.next() {
            let chunk = try chunk(db, row[0], score: row[1], banks)
            guard let chunk, chunk.tokenCount <= tokensLeft, filter.accepts(chunk.metadata) else { continue }
            tokensLeft -= chunk.tokenCount
            found.append(chunk)
        }
        return found
    }

    private func chunk(
        _ db: Database, _ id: Int64, score: Double, _ banks: [Int64: String]
    ) throws -> MemoryBankChunk? {
        let statement = try db.cachedStatement(
            sql: """
                SELECT document.bank, document.uuid, document.metadata, position, first_byte, end_byte, tokens, text
                FROM chunk JOIN document ON document.id = chunk.document WHERE chunk.id = ?
                """)
        guard let row = try Row.fetchOne(statement, arguments: [id]), let bank = banks[row[0]],
            let metadata = try? JSON(parsing: [UInt8](row[2] as Data)).objectValue
        else { return nil }
        return MemoryBankChunk(
            bankUUID: bank, documentUUID: row[1], index: row[3], start: row[4], end: row[5], tokenCount: row[6],
            score: score, text: row[7], metadata: metadata)
    }

    /// Words are letters and digits only, so nothing in them can be taken for syntax.
    private func expression(_ banks: [Int64]) -> String {
        let scopes = banks.map { "\"\(Self.scope($0))\"" }.joined(separator: " OR ")
        let words = words.map { "\"\($0)\"" }.joined(separator: " OR ")
        return "scope : (\(scopes)) AND text : (\(words))"
    }

    /// Split as the index splits texts: at everything that is neither a letter nor a number. Each once.
    static func words(of text: String) -> [String] {
        var words: [String] = []
        var word = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if scalar.isInWords {
                word.append(scalar)
            } else if !word.isEmpty {
                words.append(String(word))
                word = String.UnicodeScalarView()
            }
            if words.count > 4 * wordsMax { break }
        }
        if !word.isEmpty { words.append(String(word)) }
        var seen: Set<String> = []
        return Array(words.filter { seen.insert($0.lowercased()).inserted }.prefix(wordsMax))
    }
}

extension Unicode.Scalar {
    fileprivate var isInWords: Bool {
        switch properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber,
            .letterNumber, .otherNumber, .nonspacingMark, .spacingMark, .privateUse:
            true
        default: false
        }
    }
}

extension Content {
    fileprivate func queryText() throws -> String {
        try all.map { item in
            guard case .text(let text) = item else {
                throw ProviderError(.unsupportedContent, "query must be text", field: "query")
            }
            return text
        }.joined(separator: " ")
    }
}

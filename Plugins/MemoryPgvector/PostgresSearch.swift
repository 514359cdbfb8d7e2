import MemoryBanks
import Postgres
import ProviderKit

/// A query in one transaction. The database ranks; chunks that it found are read together.
package final class PostgresSearch: ChunkSearch {
    /// How many more than are wanted are ranked: the filter has the last word on each.
    private static let rankedBeyond = 20

    private let transaction: PostgresTransaction
    private let query: ChunkQuery
    /// The caller's id of each bank.
    private let banks: [Int64: String]
    private var bankIDs: [Int64] { Array(banks.keys) }
    /// Those that were found and are accepted.
    private var chunks: [Int64: MemoryBankChunk] = [:]

    init(_ transaction: PostgresTransaction, _ query: ChunkQuery, _ banks: [Int64: String]) {
        (self.transaction, self.query, self.banks) = (transaction, query, banks)
    }

    package func accepts(_ chunk: Int64) -> Bool { chunks[chunk] != nil }

    package func chunk(_ id: Int64) -> MemoryBankChunk? { chunks[id] }

    package func byWords(_ countMin: Int, _ take: (WordMatch) throws -> Bool) throws {
        let words = try KeywordSearch(query.text, transaction.session, bankIDs)
        try accepted(countMin, { $0.chunk }, take) {
            try words.ranked(transaction.session, bankIDs, query.filter, countMax: $0)
        }
    }

    package func byMeaning(_ vector: [Float], _ countMin: Int, _ take: (Int64, Double) throws -> Bool) throws {
        guard let model = transaction.model else { return }
        let vectors = VectorSearch(
            vector: vector, model: model, exactMax: transaction.configuration.exactChunksMax,
            effort: transaction.configuration.hnswEfSearch)
        try accepted(countMin, { $0.id }, { try take($0.id, $0.score) }) {
            try vectors.ranked(transaction.session, bankIDs, query.filter, countMax: $0)
        }
    }

    /// Gives the chunks that the filter accepts, the best first, until `take` has had enough. When they run out the
    /// search is made wider and wider, at last to everything.
    private func accepted<Match>(
        _ countMin: Int, _ id: (Match) -> Int64, _ take: (Match) throws -> Bool,
        _ search: (_ countMax: Int) throws -> [Match]
    ) throws {
        var width = countMin + Self.rankedBeyond
        var seen: Set<Int64> = []
        while true {
            let found = try search(width)
            let new = found.filter { seen.insert(id($0)).inserted }
            try read(new.map(id))
            for match in new where chunks[id(match)] != nil {
                guard try take(match) else { return }
            }
            if found.count < width { return }
            width *= 8
        }
    }

    private func read(_ ids: [Int64]) throws {
        let unknown = ids.filter { chunks[$0] == nil }
        guard !unknown.isEmpty else { return }
        let rows = try transaction.session.run(
            """
            SELECT chunk.id, chunk.bank, document.uuid, position, first_byte, end_byte, tokens, text, metadata
            FROM chunk JOIN document ON document.id = document WHERE chunk.id = ANY($1)
            """, .ints(unknown))
        for row in rows.map({ $0 }) {
            guard let bank = banks[row.int(1)], let metadata = try? JSON(parsing: row.bytes(8)).objectValue,
                query.filter.accepts(metadata)
            else { continue }
            chunks[row.int(0)] = MemoryBankChunk(
                bankUUID: bank, documentUUID: row.text(2), index: Int(row.int(3)), start: Int(row.int(4)),
                end: Int(row.int(5)), tokenCount: Int(row.int(6)), score: 0,
                text: String(decoding: row.bytes(7), as: UTF8.self), metadata: metadata)
        }
    }
}

extension PostgresTransaction {
    package func hasVectors(in banks: [Int64]) throws -> Bool {
        guard let name = model, let model = try session.embeddingModel(name), model.dimensions != nil else {
            return false
        }
        return try session.run(
            composed: "SELECT 1 FROM \(model.table) WHERE bank = ANY($1) LIMIT 1", [.ints(banks)]
        ).first != nil
    }
}

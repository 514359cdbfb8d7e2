import MemoryBanks
import Postgres

/// A search by meaning: the chunks of some banks whose vectors are nearest to the query's, by cosine.
struct VectorSearch: Sendable {
    /// pgvector looks at no more.
    private static let effortMax = 1000

    let vector: [Float]
    let model: String
    /// Up to this number of vectors are compared one by one; beyond it the index is used.
    let exactMax: Int
    let effort: Int

    /// The best matches, the best first, and whether those are all.
    ///
    /// The index looks at the nearest of the whole table, of all banks and without the filter. When that leaves fewer
    /// than are wanted, all are compared: none is missed.
    func ranked(
        _ session: Session, _ banks: [Int64], _ filter: MetadataFilter, countMax: Int
    ) throws -> [(id: Int64, score: Double)] {
        guard let model = try session.embeddingModel(model), model.dimensions == vector.count else { return [] }
        if model.dimensions ?? 0 <= EmbeddingModel.indexedDimensionsMax, countMax <= Self.effortMax,
            try isLarge(session, model, banks, filter)
        {
            let found = try byIndex(session, model, banks, filter, countMax)
            if found.count == countMax { return found }
        }
        return try exactly(session, model, banks, filter, countMax)
    }

    private func isLarge(
        _ session: Session, _ model: EmbeddingModel, _ banks: [Int64], _ filter: MetadataFilter
    ) throws -> Bool {
        let coarse = CoarseFilter(filter, after: [.ints(banks), .int(Int64(exactMax) + 1)])
        let count = try session.run(
            composed: """
                SELECT count(*) FROM (
                    SELECT 1 FROM \(model.table) AS known \(Self.join(coarse)) WHERE known.bank = ANY($1) LIMIT $2
                ) AS found
                """, coarse.values)
        return count.first?.int(0) ?? 0 > exactMax
    }

    private func byIndex(
        _ session: Session, _ model: EmbeddingModel, _ banks: [Int64], _ filter: MetadataFilter, _ countMax: Int
    ) throws -> [(id: Int64, score: Double)] {
        let effort = min(Self.effortMax, max(effort, countMax))
        try session.run("SELECT set_config('hnsw.ef_search', $1, true)", .text("\(effort)"))
        let coarse = CoarseFilter(
            filter, after: [.vector(vector), .int(Int64(effort)), .ints(banks), .int(Int64(countMax))])
        return try session.run(
            composed: """
                SELECT known.chunk, 1 - distance FROM (
                    SELECT chunk, document, bank, embedding <=> $1::vector AS distance FROM \(model.table)
                    ORDER BY embedding <=> $1::vector LIMIT $2
                ) AS known \(Self.join(coarse)) WHERE known.bank = ANY($3)
                ORDER BY distance, known.chunk LIMIT $4
                """, coarse.values
        ).map { ($0.int(0), $0.double(1)) }
    }

    private func exactly(
        _ session: Session, _ model: EmbeddingModel, _ banks: [Int64], _ filter: MetadataFilter, _ countMax: Int
    ) throws -> [(id: Int64, score: Double)] {
        let coarse = CoarseFilter(filter, after: [.vector(vector), .ints(banks), .int(Int64(countMax))])
        // A vector of zeros is at no distance from anything. Materialized, or the index would be asked.
        return try session.run(
            composed: """
                WITH compared AS MATERIALIZED (
                    SELECT known.chunk, embedding <=> $1::vector AS distance
                    FROM \(model.table) AS known \(Self.join(coarse)) WHERE known.bank = ANY($2)
                )
                SELECT chunk, 1 - distance FROM compared WHERE distance <> 'NaN'
                ORDER BY distance, chunk LIMIT $3
                """, coarse.values
        ).map { ($0.int(0), $0.double(1)) }
    }

    private static func join(_ filter: CoarseFilter) -> String {
        filter.isEmpty ? "" : "JOIN document ON document.id = known.document\(filter.sql)"
    }
}

import MemoryBanks
import Postgres
import ProviderKit

/// The `config:` of a `remote::pgvector` entry of `memory_banks`.
package struct MemoryPgvectorConfiguration: BankConfiguration {
    package var banks: BankSettings
    package var database: PostgresSettings
    var hnswM: Int
    var hnswEfConstruction: Int
    var hnswEfSearch: Int
    var exactChunksMax: Int

    package static let object = Object(
        "MemoryPgvectorConfiguration", isComponent: false, Self.init, Inline(\.banks, BankSettings.object),
        Inline(\.database, PostgresSettings.object),
        Field(
            "hnsw_m", \.hnswM, default: 16, check: .within(2...100),
            "Neighbours of each vector in the index, when the table of a model is made."),
        Field(
            "hnsw_ef_construction", \.hnswEfConstruction, default: 64, check: .within(4...1000),
            "Vectors looked at for each that is added to the index; at least twice hnsw_m."),
        Field(
            "hnsw_ef_search", \.hnswEfSearch, default: 100, check: .within(1...1000),
            "Vectors looked at for each search by the index. More finds more and takes longer."),
        Field(
            "exact_chunks_max", \.exactChunksMax, default: 20_000, check: .within(0...10_000_000),
            "Up to this many chunks, of a bank or of the part that a filter accepts, are searched in full; more by the "
                + "index.")
    )
}

extension MemoryPgvectorConfiguration {
    /// Documents are read within a transaction, which the server ends when it is idle for statement_seconds_max.
    package var pdfLimits: PDFText.Limits {
        var limits = banks.pdf
        limits.secondsMax = min(limits.secondsMax, readSecondsMax)
        return limits
    }

    package var documentSecondsMax: Int { min(30, readSecondsMax) }

    private var readSecondsMax: Int { max(1, database.statementSecondsMax / 2) }

    package var problems: [ConfigurationError.Problem] {
        guard hnswEfConstruction < 2 * hnswM else { return database.problems }
        let message = "must be at least twice hnsw_m (\(hnswM)), got \(hnswEfConstruction)"
        return database.problems + [ConfigurationError.Problem(pointer: "/hnsw_ef_construction", message: message)]
    }
}

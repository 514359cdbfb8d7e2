import MemoryBanks
import Postgres
import ProviderKit

/// A model's row, and the table of its vectors once it is known how long they are.
struct EmbeddingModel: Sendable {
    /// pgvector's index takes no longer ones; they are compared with all.
    static let indexedDimensionsMax = 2000

    let id: Int64
    let dimensions: Int?

    /// Only a number of ours is in the name.
    var table: String { "vector_\(id)" }
}

extension Session {
    func embeddingModel(_ name: String) throws -> EmbeddingModel? {
        try run("SELECT id, dimensions FROM embedding_model WHERE name = $1", .text(name)).first.map {
            EmbeddingModel(id: $0.int(0), dimensions: $0.isNull(1) ? nil : Int($0.int(1)))
        }
    }

    /// Describes what ``openEmbeddingModel(_:)`` would change, in sentences. Only reads.
    func changes(forModel name: String, inSchema schema: String, version: Int) throws -> [String] {
        guard version > 0 else { return [] }
        let sql = "SELECT EXISTS (SELECT 1 FROM \(schema).embedding_model WHERE name = $1)"
        guard try run(composed: sql, [.text(name)]).first?.bool(0) != true else { return [] }
        return ["embed the documents that are there with '\(name)', which is new in the schema"]
    }

    /// Makes a model known; when it is new, all documents are due.
    func openEmbeddingModel(_ name: String) throws {
        if try embeddingModel(name) != nil { return }
        // Waits for those who finish a document at this moment, and would not list it for the new model.
        try run(script: "LOCK TABLE embedding_model IN ACCESS EXCLUSIVE MODE")
        let made = try run(
            "INSERT INTO embedding_model (name) VALUES ($1) ON CONFLICT DO NOTHING RETURNING id", .text(name))
        guard let id = made.first?.int(0) else { return }
        try run(
            """
            INSERT INTO embedding_due (model, document, bank)
            SELECT $1, id, bank FROM document WHERE state = $2::integer AND chunks > 0 ON CONFLICT DO NOTHING
            """, .int(id), .int(Int64(DocumentState.indexed.rawValue)))
    }

    /// The model with a table for vectors so long. A model whose vectors have another length than before is another
    /// one: its old vectors are forgotten, and all is due again.
    func embeddingModel(
        _ name: String, dimensions: Int, _ configuration: MemoryPgvectorConfiguration
    ) throws -> EmbeddingModel? {
        try run("SELECT id FROM embedding_model WHERE name = $1 FOR UPDATE", .text(name))
        guard let known = try embeddingModel(name) else { return nil }
        if known.dimensions == dimensions { return known }
        if known.dimensions != nil {
            try run(composed: "DROP TABLE \(known.table)")
            try run("DELETE FROM embedding_model WHERE id = $1", .int(known.id))
            try openEmbeddingModel(name)
            return nil
        }
        try run("UPDATE embedding_model SET dimensions = $2 WHERE id = $1", .int(known.id), .int(Int64(dimensions)))
        let model = EmbeddingModel(id: known.id, dimensions: dimensions)
        try makeTable(of: model, dimensions, configuration)
        return model
    }

    private func makeTable(
        of model: EmbeddingModel, _ dimensions: Int, _ configuration: MemoryPgvectorConfiguration
    ) throws {
        try run(
            script: """
                CREATE TABLE \(model.table) (
                    chunk bigint PRIMARY KEY REFERENCES chunk ON DELETE CASCADE,
                    document bigint NOT NULL,
                    bank bigint NOT NULL,
                    embedding vector(\(dimensions)) NOT NULL
                );
                CREATE INDEX ON \(model.table) (bank)
                """)
        if dimensions <= 1900 {
            // Beside the row, not in pieces elsewhere: each search reads many of them.
            try run(script: "ALTER TABLE \(model.table) ALTER embedding SET STORAGE PLAIN")
        }
        guard dimensions <= EmbeddingModel.indexedDimensionsMax else { return }
        try run(
            script: """
                CREATE INDEX ON \(model.table) USING hnsw (embedding vector_cosine_ops)
                WITH (m = \(configuration.hnswM), ef_construction = \(configuration.hnswEfConstruction))
                """)
    }
}

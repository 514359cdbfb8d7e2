import Documents
import Postgres
import ProviderKit

// Every statement about banks. What a caller said is always bound, never part of the SQL.

extension Session {
    /// The number of a bank; 404 when there is none.
    func bank(_ uuid: String, field: String = "bank_uuid") throws -> Int64 {
        guard let row = try run("SELECT id FROM bank WHERE uuid = $1", .text(uuid)).first else {
            throw Self.noBank(uuid, field)
        }
        return row.int(0)
    }

    /// The same for a transaction that changes what is in the bank: nobody drops it before that has ended.
    func bankToChange(_ uuid: String) throws -> Int64 {
        guard let row = try run("SELECT id FROM bank WHERE uuid = $1 FOR KEY SHARE", .text(uuid)).first else {
            throw Self.noBank(uuid, "bank_uuid")
        }
        return row.int(0)
    }

    private static func noBank(_ uuid: String, _ field: String) -> ProviderError {
        ProviderError(.notFound, "there is no memory bank '\(uuid)'", field: field)
    }

    /// The number of the new bank.
    func createBank(_ uuid: String, _ name: String, banksMax: Int) throws -> Int64 {
        let count = try run("SELECT count(*) FROM bank").first?.int(0) ?? 0
        guard count < banksMax else {
            throw ProviderError(.storageFull, "there are \(count) memory banks, and banks_max is \(banksMax)")
        }
        let made = try run(
            "INSERT INTO bank (uuid, name) VALUES ($1, $2) ON CONFLICT (uuid) DO NOTHING RETURNING id", .text(uuid),
            .text(name))
        guard let id = made.first?.int(0) else {
            throw ProviderError(.alreadyExists, "there is a memory bank '\(uuid)' already", field: "bank_uuid")
        }
        return id
    }

    /// Nobody can see the bank from now on; its rows go later, a few at a time.
    func dropBank(_ uuid: String) throws {
        let dropped = try run("UPDATE bank SET uuid = NULL WHERE uuid = $1", .text(uuid))
        guard dropped.changed == 1 else { throw Self.noBank(uuid, "bank_uuid") }
    }

    func banks() throws -> [MemoryBank] {
        try run("SELECT uuid, name FROM bank WHERE uuid IS NOT NULL ORDER BY id")
            .map { MemoryBank(uuid: $0.text(0), name: $0.text(1)) }
    }

    /// - Parameter model: whose vectors count; nil: no model is configured.
    func status(of uuid: String, model: String?) throws -> MemoryBankStatus {
        var status = MemoryBankStatus(bankUUID: uuid, documents: 0, pending: 0, indexed: 0, notIndexed: 0, chunks: 0)
        let bank = try bank(uuid)
        let rows = try run(
            "SELECT state, count(*), sum(chunks) FROM document WHERE bank = $1 GROUP BY state", .int(bank))
        for row in rows.map({ $0 }) {
            let count = Int(row.int(1))
            status.documents += count
            switch DocumentState(rawValue: Int(row.int(0))) {
            case .pending, .remote: status.pending += count
            case .indexed: (status.indexed, status.chunks) = (count, Int(row.int(2)))
            case .notIndexed, nil: status.notIndexed += count
            }
        }
        if let model {
            let due = try run(
                """
                SELECT count(*) FROM embedding_due
                JOIN embedding_model ON embedding_model.id = model JOIN document ON document.id = document
                WHERE embedding_model.name = $1 AND bank = $2
                """, .text(model), .int(bank))
            status.embeddingPending = Int(due.first?.int(0) ?? 0)
        }
        return status
    }

    /// Counts documents more or fewer, without waiting for others who do the same; 507 beyond the limit.
    func count(_ more: Int, in bank: Int64, documentsMax: Int) throws {
        guard more != 0 else { return }
        try run(
            """
            INSERT INTO bank_part (bank, part, documents) VALUES ($1, pg_backend_pid() % 64, $2)
            ON CONFLICT (bank, part) DO UPDATE SET documents = bank_part.documents + excluded.documents
            """, .int(bank), .int(Int64(more)))
        guard more > 0 else { return }
        let count =
            try run("SELECT sum(documents)::bigint FROM bank_part WHERE bank = $1", .int(bank)).first?.int(0) ?? 0
        guard count <= documentsMax else {
            throw ProviderError(
                .storageFull,
                "the bank would hold \(count) documents, and documents_per_bank_max is \(documentsMax)")
        }
    }
}

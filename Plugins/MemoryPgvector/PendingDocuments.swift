import Foundation
import MemoryBanks
import Postgres

// Which documents are cut next: by turns of banks, so that one with a million of them holds no other. Those that
// another host works at are left to it.

extension PostgresTransaction {
    struct Pending: Sendable {
        var id: Int64
        var bank: Int64
        var revision: Int64
        var bytes: Int
    }

    package func isLive(_ bank: Int64) throws -> Bool {
        try session.run("SELECT 1 FROM bank WHERE id = $1 AND uuid IS NOT NULL", .int(bank)).first != nil
    }

    /// Whether a document waits that may be taken.
    func isWaiting(_ effort: TextEffort) throws -> Bool {
        try session.run(
            """
            SELECT 1 FROM document WHERE state = $1::integer AND is_slow = $2 AND fetch_after <= now() LIMIT 1
            """, .state(.pending), .bool(effort == .slow)
        ).first != nil
    }

    private func waitingBanks(after bank: Int64, _ effort: TextEffort, countMax: Int) throws -> [Int64] {
        try turns(after: bank, countMax: countMax) {
            try session.run(
                """
                SELECT bank FROM document WHERE state = $1::integer AND is_slow = $2 AND bank > $3
                    AND fetch_after <= now()
                ORDER BY bank LIMIT 1
                """, .state(.pending), .bool(effort == .slow), .int($0)
            ).first?.int(0)
        }
    }

    /// The same number of documents of each bank that waits, held until the transaction ends.
    func takeQuick(after bank: Int64, documentsMax: Int, bytesMax: Int) throws -> [Pending] {
        let banks = try waitingBanks(after: bank, .quick, countMax: documentsMax)
        var (pending, bytes): ([Pending], Int) = ([], 0)
        for (index, bank) in banks.enumerated() where pending.count < documentsMax && bytes < bytesMax {
            let share = max(1, (documentsMax - pending.count) / (banks.count - index))
            for next in try take(.quick, of: bank, countMax: share) where bytes < bytesMax {
                pending.append(next)
                bytes += next.bytes
            }
        }
        return pending
    }

    /// A lease: when this host dies, it runs out and another host takes the document. No transaction stays open while
    /// the document is read.
    func leaseSlow(after bank: Int64, seconds: Int) throws -> (Pending, PendingDocument)? {
        for bank in try waitingBanks(after: bank, .slow, countMax: 8) {
            guard let pending = try take(.slow, of: bank, countMax: 1).first else { continue }
            try lease(pending, seconds: seconds)
            return (pending, try document(pending))
        }
        return nil
    }

    /// - Parameter seconds: 0: it may be taken again at once.
    func lease(_ pending: Pending, seconds: Int) throws {
        try session.run(
            "UPDATE document SET fetch_after = now() + make_interval(secs => $3) WHERE id = $1 AND revision = $2",
            .int(pending.id), .int(pending.revision), .double(Double(seconds)))
    }

    /// False when the document has changed since it was taken, or another host has cut it. Else it is held.
    func isStillPending(_ pending: Pending) throws -> Bool {
        try session.run(
            "SELECT 1 FROM document WHERE id = $1 AND revision = $2 AND state = $3::integer FOR UPDATE",
            .int(pending.id), .int(pending.revision), .state(.pending)
        ).first != nil
    }

    private func take(_ effort: TextEffort, of bank: Int64, countMax: Int) throws -> [Pending] {
        try session.run(
            """
            SELECT id, bank, revision, octet_length(content) FROM document
            WHERE state = $1::integer AND is_slow = $2 AND bank = $3 AND fetch_after <= now()
            ORDER BY id LIMIT $4 FOR UPDATE SKIP LOCKED
            """, .state(.pending), .bool(effort == .slow), .int(bank), .int(Int64(countMax))
        ).map { Pending(id: $0.int(0), bank: $0.int(1), revision: $0.int(2), bytes: Int($0.int(3))) }
    }

    func document(_ pending: Pending) throws -> PendingDocument {
        let row = try session.run(
            """
            SELECT coalesce(fetched.mime_type, document.mime_type), coalesce(fetched.content, document.content), uuid
            FROM document LEFT JOIN fetched ON fetched.document = document.id WHERE document.id = $1
            """, .int(pending.id)
        ).first
        return PendingDocument(
            id: pending.id, bank: pending.bank, uuid: row?.text(2) ?? "", mimeType: row?.text(0) ?? "",
            content: Data(row?.bytes(1) ?? []))
    }
}

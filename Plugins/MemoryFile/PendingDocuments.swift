import GRDB
import MemoryBanks
import Storage

// Which documents are cut next: by turns of banks, so that one with a million of them holds no other.

extension FileTransaction {
    struct Pending: Sendable {
        var place: PendingPlace
        var document: PendingDocument
    }

    /// Which document it is, as it was when it was read.
    struct PendingPlace: Sendable {
        var id: Int64
        var bank: Int64
        var revision: Int64
    }

    /// The next banks after this one that have pending documents, all round; dropped ones are left out.
    private func waitingBanks(after bank: Int64, _ effort: TextEffort, countMax: Int) throws -> [Int64] {
        try turns(after: bank, countMax: countMax) { bank in
            try db.one(
                """
                SELECT bank FROM document WHERE state = \(DocumentState.pending.rawValue) AND is_slow = ? AND bank > ?
                ORDER BY bank LIMIT 1
                """, [effort.rawValue, bank])
        }
    }

    package func isLive(_ bank: Int64) throws -> Bool {
        let found: Int? = try db.one("SELECT 1 FROM bank WHERE id = ? AND uuid IS NOT NULL", [bank])
        return found != nil
    }

    /// The same number of documents of each bank that waits, and more where others have fewer.
    func pendingQuick(after bank: Int64, documentsMax: Int, bytesMax: Int) throws -> [Pending] {
        var banks = try waitingBanks(after: bank, .quick, countMax: documentsMax)
        var pending: [Pending] = []
        var (bytes, last) = (0, [Int64: Int64]())
        while !banks.isEmpty, pending.count < documentsMax, bytes < bytesMax {
            let share = max(1, (documentsMax - pending.count) / banks.count)
            for bank in banks where pending.count < documentsMax && bytes < bytesMax {
                let some = try documents(of: bank, after: last[bank] ?? 0, .quick, countMax: share)
                pending += some
                bytes += some.reduce(0) { $0 + $1.document.content.count }
                last[bank] = some.count < share ? nil : some.last?.document.id
                if some.count < share { banks.removeAll { $0 == bank } }
            }
        }
        return pending
    }

    /// One that is not among those that are read already.
    func pendingSlow(after bank: Int64, except reading: Set<Int64>) throws -> PendingPlace? {
        for bank in try waitingBanks(after: bank, .slow, countMax: reading.count + 1) {
            let rows = try db.rows(
                """
                SELECT id, revision FROM document
                WHERE state = \(DocumentState.pending.rawValue) AND is_slow = 1 AND bank = ? ORDER BY id LIMIT ?
                """, [bank, reading.count + 1])
            guard let row = rows.first(where: { !reading.contains($0[0]) }) else { continue }
            return PendingPlace(id: row[0], bank: bank, revision: row[1])
        }
        return nil
    }

    /// nil when the document has changed.
    func pending(_ place: PendingPlace) throws -> PendingDocument? {
        try documents(of: place.bank, after: place.id - 1, .slow, countMax: 1)
            .first { $0.place.id == place.id && $0.place.revision == place.revision }?.document
    }

    private func documents(
        of bank: Int64, after id: Int64, _ effort: TextEffort, countMax: Int
    ) throws -> [Pending] {
        try db.rows(
            """
            SELECT id, revision, uuid, coalesce(fetched.mime_type, document.mime_type),
                coalesce(fetched.content, document.content)
            FROM document LEFT JOIN fetched ON fetched.document = document.id
            WHERE state = \(DocumentState.pending.rawValue) AND is_slow = ? AND bank = ? AND id > ? ORDER BY id LIMIT ?
            """, [effort.rawValue, bank, id, countMax]
        ).map {
            Pending(
                place: PendingPlace(id: $0[0], bank: bank, revision: $0[1]),
                document: PendingDocument(id: $0[0], bank: bank, uuid: $0[2], mimeType: $0[3], content: $0[4]))
        }
    }
}

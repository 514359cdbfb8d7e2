import Foundation
import GRDB
import GRDBSQLite
import MemoryBanks
import ProviderKit
import Storage
import VectorIndex

// Every statement about banks and documents but those of a search. What a caller said is always bound, never part of
// the SQL.

// MARK: Banks

extension FileTransaction {
    package func bank(_ uuid: String) throws -> Int64? { try db.one("SELECT id FROM bank WHERE uuid = ?", [uuid]) }

    package func bankCount() throws -> Int { try db.one("SELECT count(*) FROM bank") ?? 0 }

    package func createBank(_ uuid: String, _ name: String) throws -> Int64? {
        try db.run("INSERT INTO bank (uuid, name) VALUES (?, ?) ON CONFLICT DO NOTHING", [uuid, name])
        return db.changesCount == 1 ? db.lastInsertedRowID : nil
    }

    package func dropBank(_ uuid: String) throws -> Bool {
        guard let bank = try bank(uuid) else { return false }
        try db.run("UPDATE bank SET uuid = NULL WHERE id = ?", [bank])
        changes.dropped.append(bank)
        return true
    }

    package func banks() throws -> [MemoryBank] {
        try db.rows("SELECT uuid, name FROM bank WHERE uuid IS NOT NULL ORDER BY id")
            .map { MemoryBank(uuid: $0[0], name: $0[1]) }
    }

    package func documentCounts(of bank: Int64) throws -> [(state: DocumentState?, documents: Int, chunks: Int)] {
        try db.rows("SELECT state, count(*), sum(chunks) FROM document WHERE bank = ? GROUP BY state", [bank])
            .map { (DocumentState(rawValue: $0[0]), $0[1], $0[2]) }
    }

    package func documentStatus(_ ids: [String], of bank: Int64) throws -> [MemoryBankDocumentStatus] {
        try ids.compactMap { id in
            let rows = try db.rows(
                """
                SELECT state, mime_type, reason, chunks, encoding, encoding_is_guess FROM document
                LEFT JOIN reading ON reading.document = document.id WHERE bank = ? AND uuid = ?
                """, [bank, id])
            guard let row = rows.first else { return nil }
            return MemoryBankDocumentStatus(
                uuid: id, kept: row[0], mimeType: row[1], chunks: row[3],
                note: ReadingNote(reason: row[2], encoding: row[4], encodingIsGuess: row[5] ?? false))
        }
    }

    package func dueCount(of bank: Int64) throws -> Int {
        let due = try db.one("SELECT count(*) FROM embedding_due WHERE bank = ?", [bank]) ?? 0
        // A document whose vectors are on their way into memory is not found by meaning yet.
        return due == 0 && vectors?.isArriving(in: bank) == true ? 1 : due
    }

    package func count(_ more: Int, in bank: Int64) throws -> Int {
        try db.run("UPDATE bank SET documents = documents + ? WHERE id = ?", [more, bank])
        return try db.one("SELECT documents FROM bank WHERE id = ?", [bank]) ?? 0
    }

    package func clearSome() throws -> Bool {
        guard let bank: Int64 = try db.one("SELECT id FROM bank WHERE uuid IS NULL LIMIT 1") else { return false }
        // Callers who write wait for the end of this transaction.
        let end = ContinuousClock.now + .milliseconds(20)
        while .now < end {
            guard let document: Int64 = try db.one("SELECT id FROM document WHERE bank = ? LIMIT 1", [bank]) else {
                try db.run("DELETE FROM bank WHERE id = ?", [bank])
                return true
            }
            try db.run("DELETE FROM chunk WHERE id IN (SELECT id FROM chunk WHERE document = ? LIMIT 8)", [document])
            if db.changesCount < 8 { try db.run("DELETE FROM document WHERE id = ?", [document]) }
        }
        return true
    }
}

// MARK: Documents

extension FileTransaction {
    package func insert(_ documents: [DocumentRow], into bank: Int64) throws -> Int? {
        for (index, document) in documents.enumerated() {
            try db.run(
                """
                INSERT INTO document (bank, uuid, state, mime_type, metadata, checksum, content, is_slow)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
                """,
                [
                    bank, document.uuid, document.state.rawValue, document.mimeType, document.metadata,
                    document.checksum, Data(), document.effort.rawValue,
                ], bytes: document.content, at: 7)
            guard db.changesCount == 1 else { return index }
            if let reason = document.reason { try note(ReadingNote(reason: reason), of: db.lastInsertedRowID) }
        }
        return nil
    }

    /// Keeps what is to be told of how a document was read. There is nothing yet of a pending one.
    fileprivate func note(_ note: ReadingNote, of document: Int64) throws {
        guard !note.isEmpty else { return }
        try db.run(
            "INSERT OR REPLACE INTO reading (document, reason, encoding, encoding_is_guess) VALUES (?, ?, ?, ?)",
            [document, note.reason, note.encoding, note.encodingIsGuess])
    }

    package func find(_ uuids: [String], in bank: Int64) throws -> [OpaqueID: Int64] {
        var found: [OpaqueID: Int64] = [:]
        for uuid in uuids {
            found[OpaqueID(uuid)] = try db.one("SELECT id FROM document WHERE bank = ? AND uuid = ?", [bank, uuid])
        }
        return found
    }

    package func replace(_ documents: [(id: Int64, new: DocumentRow)], in bank: Int64) throws {
        try deleteChunks(of: documents.map(\.id), in: bank)
        for (id, new) in documents {
            try db.run(
                """
                UPDATE document SET revision = revision + 1, chunks = 0, state = ?, mime_type = ?, metadata = ?,
                    checksum = ?, content = ?, is_slow = ? WHERE id = ?
                """,
                [new.state.rawValue, new.mimeType, new.metadata, new.checksum, Data(), new.effort.rawValue, id],
                bytes: new.content, at: 5)
            if let reason = new.reason { try note(ReadingNote(reason: reason), of: id) }
        }
    }

    package func delete(_ documents: [Int64], in bank: Int64) throws {
        try deleteChunks(of: documents, in: bank)
        for document in documents { try db.run("DELETE FROM document WHERE id = ?", [document]) }
    }

    private func deleteChunks(of documents: [Int64], in bank: Int64) throws {
        var chunks: [Int64] = []
        for document in documents {
            chunks += try db.all("SELECT id FROM chunk WHERE document = ?", [document])
            try db.run("DELETE FROM chunk WHERE document = ?", [document])
        }
        changes.gone.append((bank, chunks))
    }
}

extension Database {
    /// Runs a statement whose parameter at `index` (from 1) is these bytes, without a copy of them.
    ///
    /// - Parameter arguments: with no bytes at that place.
    fileprivate func run(_ sql: String, _ arguments: StatementArguments, bytes: [UInt8], at index: Int32) throws {
        let statement = try cachedStatement(sql: sql)
        statement.setUncheckedArguments(arguments)
        try bytes.withUnsafeBytes { bytes in
            defer {
                sqlite3_reset(statement.sqliteStatement)
                sqlite3_clear_bindings(statement.sqliteStatement)
            }
            // No bytes have no address: they would be NULL.
            if let start = bytes.baseAddress, !bytes.isEmpty {
                let code = sqlite3_bind_blob(statement.sqliteStatement, index, start, Int32(clamping: bytes.count), nil)
                guard code == SQLITE_OK else {
                    throw DatabaseError(resultCode: ResultCode(rawValue: code), message: lastErrorMessage)
                }
            }
            try statement.execute()
        }
    }
}

// MARK: Indexing

extension FileTransaction {
    /// Nothing when the document has changed since it was read.
    func keep(_ part: PartOfDocument) throws {
        let (document, bank) = (part.document.id, part.document.bank)
        let current: Int? = try db.one(
            "SELECT 1 FROM document WHERE id = ? AND revision = ? AND state = ?",
            [document, part.document.revision, DocumentState.pending.rawValue])
        guard current != nil else { return }
        // Chunks of a pass that a crash has ended.
        if part.isFirst { try db.run("DELETE FROM chunk WHERE document = ?", [document]) }
        // As bytes: a text is bound and read up to its first U+0000 alone.
        for (position, chunk) in zip(part.chunks.indices, part.chunks) {
            try db.run(
                """
                INSERT INTO chunk (document, position, first_byte, end_byte, tokens, scope, text, words)
                VALUES (?, ?, ?, ?, ?, ?, CAST(? AS TEXT), ?)
                """,
                [
                    document, position, chunk.bytes.lowerBound, chunk.bytes.upperBound, chunk.tokens,
                    KeywordQuery.scope(bank), Data(chunk.text.utf8), KeywordQuery.words(of: String(chunk.text)),
                ])
        }
        guard let end = part.end else { return }
        try db.run(
            "UPDATE document SET state = ?, chunks = ? WHERE id = ?", [end.state.rawValue, end.chunks, document])
        try note(end.note, of: document)
    }
}

/// Chunks of a document that go into one transaction.
struct PartOfDocument: Sendable {
    let document: FileTransaction.PendingPlace
    let chunks: ArraySlice<Chunk>
    let isFirst: Bool
    /// How the document is left; nil: more chunks follow.
    let end: (state: DocumentState, chunks: Int, note: ReadingNote)?

    /// One at least; the last says how the document is left.
    ///
    /// - Parameter isMarkedApart: whether the last has nothing else.
    static func parts(
        _ document: FileTransaction.PendingPlace, _ made: CutDocument, countMax: Int, isMarkedApart: Bool = false
    ) -> [PartOfDocument] {
        let end = (made.state, made.chunks.count, made.note)
        var parts = stride(from: 0, to: made.chunks.count, by: countMax).map { start in
            let chunks = made.chunks[start...].prefix(countMax)
            let isLast = !isMarkedApart && chunks.endIndex == made.chunks.endIndex
            return PartOfDocument(document: document, chunks: chunks, isFirst: start == 0, end: isLast ? end : nil)
        }
        if parts.last?.end == nil {
            parts.append(PartOfDocument(document: document, chunks: [], isFirst: parts.isEmpty, end: end))
        }
        return parts
    }
}

// MARK: Embedding

extension FileTransaction {
    /// The model of the vectors that were there. Those of another one are forgotten, and all documents are due.
    func useEmbeddingModel(_ model: String) throws -> String? {
        let previous: String? = try db.one("SELECT model FROM embedding_model")
        guard previous != model else { return previous }
        try db.execute(
            sql: """
                DELETE FROM code; DELETE FROM vector; DELETE FROM embedding_model;
                INSERT OR IGNORE INTO embedding_due (document, bank)
                    SELECT id, bank FROM document WHERE state = \(DocumentState.indexed.rawValue) AND chunks > 0
                """)
        try db.run("INSERT INTO embedding_model (model) VALUES (?)", [model])
        return previous
    }

    package func takeDue(afterBank bank: Int64, _ limits: EmbeddingDue.Limits) throws -> EmbeddingDue {
        var due = EmbeddingDue()
        var banks = try turns(after: bank, countMax: limits.banksMax) {
            try db.one("SELECT bank FROM embedding_due WHERE bank > ? ORDER BY bank LIMIT 1", [$0])
        }
        let tokensMax = limits.tokensMax / max(1, banks.count)
        while let bank = banks.first {
            banks.removeFirst()
            due.lastBank = bank
            // What one leaves is shared by those after it.
            let chunksMax = (limits.chunksMax - due.chunks.count) / (banks.count + 1)
            try takeDue(of: bank, chunksMax: max(1, chunksMax), tokensMax: tokensMax, &due)
        }
        return due
    }

    private func takeDue(of bank: Int64, chunksMax: Int, tokensMax: Int, _ due: inout EmbeddingDue) throws {
        let waiting: [Int64] = try db.all(
            "SELECT document FROM embedding_due WHERE bank = ? ORDER BY document LIMIT ?", [bank, chunksMax])
        var (chunksLeft, tokensLeft) = (chunksMax, tokensMax)
        for document in waiting where chunksLeft > 0 && tokensLeft > 0 {
            due.documents.append(document)
            let rows = try db.rows(
                """
                SELECT chunk.id, CAST(chunk.text AS BLOB), chunk.tokens FROM chunk
                LEFT JOIN code ON code.chunk = chunk.id
                WHERE chunk.document = ? AND code.chunk IS NULL ORDER BY chunk.position LIMIT ?
                """, [document, chunksLeft])
            for row in rows where tokensLeft > 0 {
                due.chunks.append((row[0], bank, String(decoding: row[1] as Data, as: UTF8.self)))
                chunksLeft -= 1
                tokensLeft -= row[2]
            }
        }
    }

    package func keep(_ vectors: [[Float]], of due: EmbeddingDue) throws -> Int {
        for (chunk, vector) in zip(due.chunks, vectors) {
            guard let code = VectorCode(vector), let _: Int = try db.one("SELECT 1 FROM chunk WHERE id = ?", [chunk.id])
            else { continue }
            try db.run(
                "INSERT OR REPLACE INTO code (chunk, bank, code) VALUES (?, ?, ?)", [chunk.id, chunk.bank, code.stored])
            try db.run(
                "INSERT OR REPLACE INTO vector (chunk, vector) VALUES (?, ?)",
                [chunk.id, vector.withUnsafeBytes { Data($0) }])
            changes.new.append((chunk.bank, chunk.id, code))
        }
        // Those documents are off the list whose chunks all have vectors.
        for document in due.documents {
            try db.run(
                """
                DELETE FROM embedding_due WHERE document = ? AND NOT EXISTS (
                    SELECT 1 FROM chunk LEFT JOIN code ON code.chunk = chunk.id
                    WHERE chunk.document = embedding_due.document AND code.chunk IS NULL)
                """, [document])
        }
        return changes.new.count
    }
}

// MARK: Texts from the network

extension FileTransaction {
    package func remoteDocuments(countMax: Int) throws -> [RemoteDocument] {
        try db.rows(
            """
            SELECT id, revision FROM document WHERE state = \(DocumentState.remote.rawValue) ORDER BY id LIMIT ?
            """, [countMax]
        ).map { RemoteDocument(id: $0[0], revision: $0[1]) }
    }

    package func takeRemote(_ document: RemoteDocument, seconds: Int) throws -> Data? {
        try db.one("SELECT content FROM document WHERE id = ? AND revision = ?", [document.id, document.revision])
    }

    package func finishRemote(
        _ document: RemoteDocument, _ text: Result<FetchedText, UnreadDocument>, _ effort: TextEffort
    ) throws {
        let state: DocumentState
        switch text {
        case .success(let text):
            state = .pending
            try db.run(
                """
                INSERT OR REPLACE INTO fetched (document, mime_type, content) SELECT id, ?, ? FROM document
                WHERE id = ? AND revision = ? AND state = \(DocumentState.remote.rawValue)
                """, [text.mimeType, text.content, document.id, document.revision])
        case .failure(let why): state = why.state
        }
        try db.run(
            """
            UPDATE document SET state = ?, is_slow = ?
            WHERE id = ? AND revision = ? AND state = \(DocumentState.remote.rawValue)
            """, [state.rawValue, effort.rawValue, document.id, document.revision])
        guard case .failure(let why) = text, db.changesCount == 1 else { return }
        try note(ReadingNote(reason: why.reason), of: document.id)
    }

    package func indexRemoteAsText() throws {
        try db.run(
            "UPDATE document SET state = ? WHERE state = \(DocumentState.remote.rawValue)",
            [DocumentState.pending.rawValue])
    }
}

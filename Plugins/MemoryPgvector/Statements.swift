import Foundation
import MemoryBanks
import Postgres
import ProviderKit

// Every statement about banks and documents but those of a search, of embedding models and of answers. What a caller
// said is always bound, never part of the SQL.

extension Value {
    static func state(_ state: DocumentState) -> Value { .int(Int64(state.rawValue)) }

    /// For people to read; PostgreSQL's text has no U+0000.
    fileprivate static func note(_ text: String?) -> Value {
        text.map { .text($0.replacing("\0", with: "\u{FFFD}")) } ?? .null
    }
}

// MARK: Banks

extension PostgresTransaction {
    package func bank(_ uuid: String) throws -> Int64? {
        try session.run("SELECT id FROM bank WHERE uuid = $1", .text(uuid)).first?.int(0)
    }

    package func bankToChange(_ uuid: String) throws -> Int64? {
        try session.run("SELECT id FROM bank WHERE uuid = $1 FOR KEY SHARE", .text(uuid)).first?.int(0)
    }

    package func bankCount() throws -> Int { Int(try session.run("SELECT count(*) FROM bank").first?.int(0) ?? 0) }

    package func createBank(_ uuid: String, _ name: String) throws -> Int64? {
        try session.run(
            "INSERT INTO bank (uuid, name) VALUES ($1, $2) ON CONFLICT (uuid) DO NOTHING RETURNING id", .text(uuid),
            .text(name)
        ).first?.int(0)
    }

    package func dropBank(_ uuid: String) throws -> Bool {
        try session.run("UPDATE bank SET uuid = NULL WHERE uuid = $1", .text(uuid)).changed == 1
    }

    package func banks() throws -> [MemoryBank] {
        try session.run("SELECT uuid, name FROM bank WHERE uuid IS NOT NULL ORDER BY id")
            .map { MemoryBank(uuid: $0.text(0), name: $0.text(1)) }
    }

    package func documentCounts(of bank: Int64) throws -> [(state: DocumentState?, documents: Int, chunks: Int)] {
        try session.run(
            "SELECT state, count(*), sum(chunks) FROM document WHERE bank = $1 GROUP BY state", .int(bank)
        ).map { (DocumentState(rawValue: Int($0.int(0))), Int($0.int(1)), Int($0.int(2))) }
    }

    package func documentStatus(_ ids: [String], of bank: Int64) throws -> [MemoryBankDocumentStatus] {
        try session.run(
            """
            SELECT uuid, state, mime_type, reason, chunks, encoding, encoding_is_guess FROM document
            WHERE bank = $1 AND uuid = ANY($2)
            """, .int(bank), .texts(ids)
        ).map { row in
            MemoryBankDocumentStatus(
                uuid: row.text(0), kept: Int(row.int(1)), mimeType: row.text(2), chunks: Int(row.int(4)),
                note: ReadingNote(
                    reason: row.isNull(3) ? nil : row.text(3), encoding: row.isNull(5) ? nil : row.text(5),
                    encodingIsGuess: row.bool(6)))
        }
    }

    package func dueCount(of bank: Int64) throws -> Int {
        guard let model else { return 0 }
        let due = try session.run(
            """
            SELECT count(*) FROM embedding_due JOIN embedding_model ON embedding_model.id = model
            WHERE embedding_model.name = $1 AND bank = $2
            """, .text(model), .int(bank))
        return Int(due.first?.int(0) ?? 0)
    }

    /// In parts, so that calls which do the same do not wait for each other.
    package func count(_ more: Int, in bank: Int64) throws -> Int {
        try session.run(
            """
            INSERT INTO bank_part (bank, part, documents) VALUES ($1, pg_backend_pid() % 64, $2)
            ON CONFLICT (bank, part) DO UPDATE SET documents = bank_part.documents + excluded.documents
            """, .int(bank), .int(Int64(more)))
        guard more > 0 else { return 0 }
        let sum = try session.run("SELECT sum(documents)::bigint FROM bank_part WHERE bank = $1", .int(bank))
        return Int(sum.first?.int(0) ?? 0)
    }

    /// Old answers go along. A bank that another host clears away is left to it.
    package func clearSome() throws -> Bool {
        try RememberedAnswers(configuration.banks.idempotency).prune(session)
        let dropped = try session.run("SELECT id FROM bank WHERE uuid IS NULL LIMIT 1 FOR UPDATE SKIP LOCKED")
        guard let bank = dropped.first?.int(0) else { return false }
        // Each takes its chunks along.
        var (documents, chunksLeft): ([Int64], Int64) = ([], 1000)
        for row in try session.run("SELECT id, chunks FROM document WHERE bank = $1 LIMIT 256", .int(bank)).map({ $0 })
        where documents.isEmpty || chunksLeft >= row.int(1) {
            documents.append(row.int(0))
            chunksLeft -= row.int(1)
        }
        if documents.isEmpty {
            try session.run("DELETE FROM bank WHERE id = $1", .int(bank))
        } else {
            try session.run("DELETE FROM document WHERE id = ANY($1)", .ints(documents))
        }
        return true
    }
}

// MARK: Documents: all of a call go in one statement, as arrays

extension PostgresTransaction {
    package func insert(_ documents: [DocumentRow], into bank: Int64) throws -> Int? {
        let columns = Columns(documents)
        let inserted = try session.run(
            """
            INSERT INTO document (
                bank, is_slow, uuid, state, mime_type, metadata, filterable, checksum, content, reason)
            SELECT $1, is_slow = 1, uuid, state, mime_type, metadata, filterable, checksum, content, nullif(reason, '')
            FROM unnest(
                $2::text[], $3::bigint[], $4::text[], $5::bytea[], $6::jsonb[], $7::bigint[], $8::bytea[], $9::bigint[],
                $10::text[])
                AS new (uuid, state, mime_type, metadata, filterable, checksum, content, is_slow, reason)
            ON CONFLICT (bank, uuid) DO NOTHING RETURNING uuid
            """,
            .int(bank), columns.uuids, columns.states, columns.mimeTypes, columns.metadata, columns.filterable,
            columns.checksums, columns.contents, columns.efforts, columns.reasons)
        guard inserted.count < documents.count else { return nil }
        let new = Set(inserted.map { OpaqueID($0.text(0)) })
        return documents.firstIndex { !new.contains(OpaqueID($0.uuid)) }
    }

    /// In one order for all calls, so that two of them never wait for each other.
    package func find(_ uuids: [String], in bank: Int64) throws -> [OpaqueID: Int64] {
        let rows = try session.run(
            "SELECT uuid, id FROM document WHERE bank = $1 AND uuid = ANY($2) ORDER BY id FOR UPDATE", .int(bank),
            .texts(uuids))
        return Dictionary(rows.map { (OpaqueID($0.text(0)), $0.int(1)) }) { first, _ in first }
    }

    package func replace(_ documents: [(id: Int64, new: DocumentRow)], in bank: Int64) throws {
        try session.run(
            """
            WITH due AS (DELETE FROM embedding_due WHERE document = ANY($1)),
                text AS (DELETE FROM fetched WHERE document = ANY($1))
            DELETE FROM chunk WHERE document = ANY($1)
            """, .ints(documents.map(\.id)))
        let columns = Columns(documents.map(\.new))
        try session.run(
            """
            UPDATE document SET revision = document.revision + 1, chunks = 0, state = new.state,
                mime_type = new.mime_type, metadata = new.metadata, filterable = new.filterable,
                checksum = new.checksum, content = new.content, is_slow = new.is_slow = 1, fetch_after = '-infinity',
                reason = nullif(new.reason, ''), encoding = NULL, encoding_is_guess = false
            FROM unnest(
                $2::text[], $3::bigint[], $4::text[], $5::bytea[], $6::jsonb[], $7::bigint[], $8::bytea[], $9::bigint[],
                $10::text[])
                AS new (uuid, state, mime_type, metadata, filterable, checksum, content, is_slow, reason)
            WHERE document.bank = $1 AND document.uuid = new.uuid
            """,
            .int(bank), columns.uuids, columns.states, columns.mimeTypes, columns.metadata, columns.filterable,
            columns.checksums, columns.contents, columns.efforts, columns.reasons)
    }

    package func delete(_ documents: [Int64], in bank: Int64) throws {
        try session.run("DELETE FROM document WHERE id = ANY($1)", .ints(documents))
    }

    package func read(_ ids: [String], of bank: Int64, into answer: inout DocumentAnswer) throws {
        // The bytes are read only when they may be answered.
        let rows = try session.run(
            """
            SELECT uuid, metadata, mime_type, checksum,
                CASE WHEN count(*) OVER () = 1 OR sum(octet_length(content)) OVER () <= $3 THEN content END
            FROM document WHERE bank = $1 AND uuid = ANY($2)
            """, .int(bank), .texts(ids), .int(Int64(answer.bytesMax)))
        var found: [OpaqueID: Row] = [:]
        for row in rows.map({ $0 }) { found[OpaqueID(row.text(0))] = row }
        for id in ids {
            guard let row = found[OpaqueID(id)] else { continue }
            guard !row.isNull(4) else { throw answer.tooLong }
            let (content, metadata, mimeType) = (row.bytes(4), row.bytes(1), row.text(2))
            try answer.add(
                id, content, try? JSON(parsing: metadata).objectValue, mimeType,
                isWhole: Checksum.of(content, metadata, mimeType) == row.int(3))
        }
    }
}

/// Documents turned on their side: an array for each column.
private struct Columns {
    var uuids, states, mimeTypes, metadata, filterable, checksums, contents, efforts, reasons: Value

    init(_ documents: [DocumentRow]) {
        uuids = .texts(documents.map(\.uuid))
        states = .ints(documents.map { Int64($0.state.rawValue) })
        mimeTypes = .texts(documents.map(\.mimeType))
        metadata = .bytesArray(documents.map { [UInt8]($0.metadata) })
        filterable = .jsons(documents.map { CoarseFilter.filterable([UInt8]($0.metadata)) })
        checksums = .ints(documents.map(\.checksum))
        contents = .bytesArray(documents.map(\.content))
        efforts = .ints(documents.map { Int64($0.effort.rawValue) })
        reasons = .texts(documents.map { ($0.reason ?? "").replacing("\0", with: "\u{FFFD}") })
    }
}

// MARK: Indexing

extension PostgresTransaction {
    func add(_ chunks: [Chunk], to document: Pending) throws {
        for start in stride(from: 0, to: chunks.count, by: 256) {
            let some = chunks[start..<min(start + 256, chunks.count)]
            try session.run(
                composed: """
                    INSERT INTO chunk (document, bank, position, first_byte, end_byte, tokens, text, words)
                    SELECT $1, $2, position, first_byte, end_byte, tokens, text, \(KeywordSearch.vector("words", "$9"))
                    FROM unnest($3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bytea[], $8::text[])
                        AS new (position, first_byte, end_byte, tokens, text, words)
                    """,
                [
                    .int(document.id), .int(document.bank), .ints(some.indices.map(Int64.init)),
                    .ints(some.map { Int64($0.bytes.lowerBound) }), .ints(some.map { Int64($0.bytes.upperBound) }),
                    .ints(some.map { Int64($0.tokens) }), .bytesArray(some.map { Array($0.text.utf8) }),
                    .texts(some.map { KeywordSearch.words(of: String($0.text)) }),
                    .text(KeywordSearch.scope(document.bank)),
                ])
        }
    }

    func finish(_ document: Pending, _ made: CutDocument) throws {
        try session.run(
            """
            WITH text AS (DELETE FROM fetched WHERE document = $1)
            UPDATE document SET state = $2, chunks = $3, reason = $4, encoding = $5, encoding_is_guess = $6 <> 0
            WHERE id = $1
            """, .int(document.id), .state(made.state), .int(Int64(made.chunks.count)), .note(made.note.reason),
            .note(made.note.encoding), .int(made.note.encodingIsGuess ? 1 : 0))
        guard !made.chunks.isEmpty else { return }
        try session.run(
            """
            INSERT INTO embedding_due (model, document, bank) SELECT id, $1, $2 FROM embedding_model
            ON CONFLICT (model, document) DO UPDATE SET leased_until = '-infinity'
            """, .int(document.id), .int(document.bank))
    }
}

// MARK: Embedding

extension PostgresTransaction {
    /// A lease: when this host dies, it runs out and another host takes the documents.
    package func takeDue(afterBank bank: Int64, _ limits: EmbeddingDue.Limits) throws -> EmbeddingDue {
        var due = EmbeddingDue()
        guard let name = model, let model = try session.embeddingModel(name) else { return due }
        var banks = try turns(after: bank, countMax: limits.banksMax) {
            try session.run(
                """
                SELECT bank FROM embedding_due WHERE model = $1 AND bank > $2 AND leased_until < now()
                ORDER BY bank LIMIT 1
                """, .int(model.id), .int($0)
            ).first?.int(0)
        }
        let tokensMax = limits.tokensMax / max(1, banks.count)
        while let bank = banks.first {
            banks.removeFirst()
            due.lastBank = bank
            // What one leaves is shared by those after it.
            let chunksMax = (limits.chunksMax - due.chunks.count) / (banks.count + 1)
            try takeDue(of: bank, model, chunksMax: max(1, chunksMax), tokensMax: tokensMax, &due)
        }
        return due
    }

    private func takeDue(
        of bank: Int64, _ model: EmbeddingModel, chunksMax: Int, tokensMax: Int, _ due: inout EmbeddingDue
    ) throws {
        let documents = try session.run(
            """
            UPDATE embedding_due SET leased_until = now() + interval '60 seconds'
            WHERE model = $1 AND document IN (
                SELECT document FROM embedding_due WHERE model = $1 AND bank = $2 AND leased_until < now()
                ORDER BY document LIMIT $3 FOR UPDATE SKIP LOCKED)
            RETURNING document
            """, .int(model.id), .int(bank), .int(Int64(chunksMax))
        ).map { $0.int(0) }
        guard !documents.isEmpty else { return }
        due.documents += documents
        let isNew = model.dimensions == nil
        let rows = try session.run(
            composed: """
                SELECT chunk.id, chunk.bank, chunk.text, chunk.tokens FROM chunk WHERE document = ANY($1)
                \(isNew ? "" : "AND NOT EXISTS (SELECT 1 FROM \(model.table) AS known WHERE known.chunk = chunk.id)")
                ORDER BY document, position LIMIT $2
                """, [.ints(documents), .int(Int64(chunksMax))])
        var tokensLeft = tokensMax
        for row in rows.map({ $0 }) where tokensLeft > 0 {
            due.chunks.append((row.int(0), row.int(1), String(decoding: row.bytes(2), as: UTF8.self)))
            tokensLeft -= Int(row.int(3))
        }
    }

    package func giveBack(_ due: EmbeddingDue) throws {
        guard let model else { return }
        try session.run(
            """
            UPDATE embedding_due SET leased_until = '-infinity' FROM embedding_model
            WHERE embedding_model.id = model AND name = $1 AND document = ANY($2)
            """, .text(model), .ints(due.documents))
    }

    package func keep(_ vectors: [[Float]], of due: EmbeddingDue) throws -> Int {
        guard let name = model else { return 0 }
        var kept = 0
        if let dimensions = vectors.first?.count {
            let model = try session.embeddingModel(name, dimensions: dimensions, configuration)
            guard let model else { return 0 }
            for (chunk, vector) in zip(due.chunks, vectors) {
                kept += try session.run(
                    composed: """
                        INSERT INTO \(model.table) (chunk, document, bank, embedding)
                        SELECT id, document, bank, $2::vector FROM chunk WHERE id = $1 FOR KEY SHARE
                        ON CONFLICT DO NOTHING
                        """, [.int(chunk.id), .vector(vector)]
                ).changed
            }
        }
        // The documents whose chunks all have vectors are off the list; the others may be taken again at once.
        if let model = try session.embeddingModel(name), model.dimensions != nil {
            try session.run(
                composed: """
                    DELETE FROM embedding_due WHERE model = $1 AND document = ANY($2) AND NOT EXISTS (
                        SELECT 1 FROM chunk LEFT JOIN \(model.table) AS known ON known.chunk = chunk.id
                        WHERE chunk.document = embedding_due.document AND known.chunk IS NULL)
                    """, [.int(model.id), .ints(due.documents)])
        }
        try giveBack(due)
        return kept
    }
}

// MARK: Texts from the network

extension PostgresTransaction {
    package func remoteDocuments(countMax: Int) throws -> [RemoteDocument] {
        try session.run(
            """
            SELECT id, revision FROM document WHERE state = $1::integer AND fetch_after <= now() ORDER BY id LIMIT $2
            """, .state(.remote), .int(Int64(countMax))
        ).map { RemoteDocument(id: $0.int(0), revision: $0.int(1)) }
    }

    package func takeRemote(_ document: RemoteDocument, seconds: Int) throws -> Data? {
        try session.run(
            """
            UPDATE document SET fetch_after = now() + make_interval(secs => $4)
            WHERE id = $1 AND revision = $2 AND state = $3::integer AND fetch_after <= now() RETURNING content
            """, .int(document.id), .int(document.revision), .state(.remote), .double(Double(seconds))
        ).first.map { Data($0.bytes(0)) }
    }

    package func retryRemote(_ document: RemoteDocument, afterSeconds: Double) throws {
        try session.run(
            "UPDATE document SET fetch_after = now() + make_interval(secs => $3) WHERE id = $1 AND revision = $2",
            .int(document.id), .int(document.revision), .double(afterSeconds))
    }

    package func finishRemote(
        _ document: RemoteDocument, _ text: Result<FetchedText, UnreadDocument>, _ effort: TextEffort
    ) throws {
        var why: UnreadDocument?
        if case .failure(let failure) = text { why = failure }
        let changed = try session.run(
            """
            UPDATE document SET state = $4, reason = $5, is_slow = $6, fetch_after = '-infinity'
            WHERE id = $1 AND revision = $2 AND state = $3::integer
            """, .int(document.id), .int(document.revision), .state(.remote), .state(why?.state ?? .pending),
            .note(why?.reason), .bool(effort == .slow))
        guard changed.changed == 1, case .success(let text) = text else { return }
        try session.run(
            "INSERT INTO fetched (document, mime_type, content) VALUES ($1, $2, $3)", .int(document.id),
            .text(text.mimeType), .bytes([UInt8](text.content)))
    }

    package func indexRemoteAsText() throws {
        try session.run(
            "UPDATE document SET state = $2, fetch_after = '-infinity' WHERE state = $1::integer", .state(.remote),
            .state(.pending))
    }
}

import BankFixtures
import GRDB
import MemoryBanks
import ProviderKit
import Testing

@testable import MemoryFile
@testable import Storage

@Suite(.timeLimit(.minutes(10)))
struct RewordingTests {
    /// A database of the version before words were folded, with a chunk for each text.
    private func makeOlder(_ folder: String, _ texts: [(id: String, text: String)]) async throws {
        let today = Store.Schema.memoryBanks
        let store = try await Store.open(
            Store.Schema(name: today.name, applicationID: "LSmb", steps: Array(today.steps.prefix(4))), in: folder,
            log: ProviderContext(providerID: "test").log)
        try await store.write { db in
            try db.execute(sql: "INSERT INTO bank (uuid, name, documents) VALUES ('bank', 'bank', 0)")
            for (id, text) in texts {
                try db.execute(
                    sql: """
                        INSERT INTO document (bank, uuid, state, chunks, mime_type, metadata, checksum, content)
                        VALUES (1, ?, 1, 1, 'text/plain', '{}', 0, ?)
                        """, arguments: [id, text])
                try db.execute(
                    sql: """
                        INSERT INTO chunk (document, position, first_byte, end_byte, tokens, scope, text)
                        VALUES (?, 0, 0, 0, 5, 'b1', ?)
                        """, arguments: [db.lastInsertedRowID, text])
            }
        }
        await store.close()
    }

    @Test("chunks of an older version are found by its words at once, and by today's soon after")
    func reworded() async throws {
        try await withFolder { folder in
            var texts = (0..<300).map { (id: "n\($0)", text: "Grüße number\($0)") }
            texts += [("zh", "我们的数据库 llama"), ("de", "Die Straße"), ("en", "a heron")]
            try await makeOlder(folder, texts)
            let banks = try await fileBanks(folder, nil)
            for word in ["llama", "heron", "number299", "grusse number3"] {
                #expect(try await !banks.find(word, .keyword).chunks.isEmpty, "\(word)")
            }
            while try await banks.store.store.read({
                try Int.fetchOne($0, sql: "SELECT count(*) FROM words_state WHERE next < last") != 0
            }) {}
            #expect(try await banks.find("数据库", .keyword).chunks.map(\.documentUUID) == ["zh"])
            #expect(try await banks.find("STRASSE", .keyword).chunks.map(\.documentUUID) == ["de"])
            #expect(try await banks.find("heron", .keyword).chunks.map(\.documentUUID) == ["en"])
            #expect(try await banks.find("grusse", .keyword, topK: 1000).chunks.count == 300)
            // What is deleted afterwards leaves nothing behind.
            let query = MemoryBankQuery(bankUUID: "bank")
            _ = try await banks.deleteDocuments(query, ["zh", "de", "n1"], Call())
            #expect(try await banks.find("数据库 STRASSE number1", .keyword).chunks.isEmpty)
            let left = try await banks.store.store.read { db in
                try Row.fetchOne(db, sql: "SELECT chunks, tokens FROM bank_words WHERE bank = 1").map {
                    [$0[0] as Int, $0[1]]
                }
            }
            #expect(left == [300, 1500])
            await banks.shutdown()
        }
    }

    @Test("words behind a U+0000 are found after chunks were indexed again")
    func zeroCharacter() async throws {
        try await withFolder { folder in
            let banks = try await fileBanks(folder, nil)
            try await banks.create("bank", [text("1", "我们的\u{0}数据库")])
            _ = try await banks.settled(vectors: false)
            // As after a version whose words differ.
            try await banks.store.store.write {
                try $0.execute(sql: "UPDATE words_state SET version = 0; UPDATE chunk SET words = NULL")
            }
            await banks.shutdown()
            let again = try await fileBanks(folder, nil)
            while try await again.store.store.read({
                try Int.fetchOne($0, sql: "SELECT count(*) FROM words_state WHERE next < last")
            }) != 0 {
                try await Task.sleep(for: .milliseconds(5))
            }
            #expect(try await again.find("数据库", .keyword).chunks.map(\.documentUUID) == ["1"])
            await again.shutdown()
        }
    }

    @Test("a database of today's words is not read again at the next start")
    func once() async throws {
        try await withFolder { folder in
            let banks = try await fileBanks(folder, nil)
            try await banks.create("bank", [text("1", "数据库")])
            _ = try await banks.settled(vectors: false)
            await banks.shutdown()
            let again = try await fileBanks(folder, nil)
            let due = try await again.store.store.read {
                try Int.fetchOne($0, sql: "SELECT count(*) FROM words_state WHERE next < last")
            }
            #expect(due == 0)
            await again.shutdown()
        }
    }

    @Test("the index splits a plain text into the words that it has by its spelling, for every sign that may be in one")
    func plain() throws {
        let db = try DatabaseQueue()
        try db.write { db in
            try db.execute(
                sql: """
                    CREATE VIRTUAL TABLE word USING fts5 (text, tokenize = 'unicode61 remove_diacritics 2');
                    CREATE VIRTUAL TABLE vocabulary USING fts5vocab (word, 'instance')
                    """)
            let texts = (1...0x3000).compactMap(Unicode.Scalar.init).map { "q\($0)z" }.filter(Words.isPlain)
            #expect(texts.count > 200)
            for (index, text) in texts.enumerated() {
                try db.execute(sql: "INSERT INTO word (rowid, text) VALUES (?, ?)", arguments: [index, text])
            }
            for (index, text) in texts.enumerated() {
                let words = try String.fetchAll(
                    db, sql: "SELECT term FROM vocabulary WHERE doc = ? ORDER BY offset", arguments: [index])
                #expect(words == Words.indexed(text), "\(text)")
            }
        }
    }
}

import BankFixtures
import JudgedDocuments
import Postgres
import ProviderKit
import Testing

@Suite(.timeLimit(.minutes(10)))
struct MigrationTests {
    @Test("tables of the first version are brought to today's, with what they hold")
    func first() async throws {
        try await withBanks("first_version", nil) { banks in
            try await banks.create("bank", [text("1", "a llama"), text("2", "a heron")])
            _ = try await banks.settled(vectors: false)
            try await banks.store.pool.write {
                try $0.run(
                    script: """
                        DROP TABLE connection_commits, words_state, fetched; DROP INDEX document_remote;
                        ALTER TABLE document DROP revision, DROP fetch_after, DROP reason, DROP encoding,
                            DROP encoding_is_guess, DROP is_slow;
                        CREATE INDEX document_pending ON document (id) WHERE state = 0;
                        ALTER TABLE embedding_due DROP bank;
                        DELETE FROM chunk USING document WHERE document = document.id AND uuid = '2';
                        UPDATE document SET state = 2, chunks = 0 WHERE uuid = '2';
                        DELETE FROM schema_version WHERE version > 1
                        """)
            }
        }
        try await withBanks("first_version", nil) { banks in
            #expect(try await banks.count("SELECT max(version) FROM schema_version") == 6)
            #expect(try await banks.find("llama", .keyword).chunks.map(\.documentUUID) == ["1"])
            // What an older reader could not read is read again.
            #expect(try await banks.settled(vectors: false).notIndexed == 0)
            try await banks.update(MemoryBankQuery(bankUUID: "bank"), [text("1", "a walrus")], Call())
            _ = try await banks.settled(vectors: false)
            #expect(try await banks.find("walrus", .keyword).chunks.map(\.documentUUID) == ["1"])
        }
    }

    @Test("chunks of an older version are found by its words at once, and by today's soon after")
    func words() async throws {
        try await withBanks("older_words", nil) { banks in
            try await banks.create(
                "bank", [text("zh", "我们的数据库 llama"), text("de", "Die Straße"), text("en", "heron 12e5ab")])
            _ = try await banks.settled(vectors: false)
            try await banks.store.pool.write {
                try $0.run(
                    script: """
                        UPDATE chunk SET words = to_tsvector('words', convert_from(text, 'UTF8'))
                            || array_to_tsvector(ARRAY[':' || bank]);
                        DROP TABLE connection_commits, words_state;
                        ALTER TABLE document DROP is_slow;
                        CREATE INDEX document_pending ON document (id) WHERE state = 0;
                        ALTER TABLE embedding_due DROP bank;
                        DELETE FROM schema_version WHERE version > 3
                        """)
            }
        }
        try await withBanks("older_words", nil) { banks in
            for word in ["llama", "heron"] {
                #expect(try await banks.find(word, .keyword).chunks.count == 1, "\(word)")
            }
            while try await banks.count("SELECT count(*) FROM words_state WHERE next < last") > 0 {
                try await Task.sleep(for: .milliseconds(5))
            }
            #expect(try await banks.find("数据库", .keyword).chunks.map(\.documentUUID) == ["zh"])
            #expect(try await banks.find("12e5ab", .keyword).chunks.map(\.documentUUID) == ["en"])
            #expect(try await banks.find("STRASSE", .keyword).chunks.map(\.documentUUID) == ["de"])
            #expect(try await banks.find("heron", .keyword).chunks.map(\.documentUUID) == ["en"])
        }
    }
}

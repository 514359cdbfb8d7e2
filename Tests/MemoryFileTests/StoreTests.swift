import BankFixtures
import Foundation
import GRDB
import MemoryBanks
import ProviderKit
import Testing

@testable import MemoryFile
@testable import Storage

/// The storage below the banks, on faults.
@Suite(.timeLimit(.minutes(10)))
struct StoreTests {
    private let log = ProviderContext(providerID: "test").log
    private let schema = Store.Schema(
        name: "test.sqlite", applicationID: "LSts",
        steps: [("1", "CREATE TABLE item (id INTEGER PRIMARY KEY, value BLOB NOT NULL)")])

    private func open(_ folder: String, _ schema: Store.Schema? = nil, _ limits: Store.Limits = Store.Limits())
        async throws
        -> Store
    {
        try await Store.open(schema ?? self.schema, in: folder, limits: limits, log: log)
    }

    private func add(_ store: Store, _ id: Int, bytes: Int = 10, _ purpose: Store.Purpose = .adding) async throws {
        try await store.write(purpose) {
            try $0.execute(sql: "INSERT INTO item VALUES (?, ?)", arguments: [id, Data(count: bytes)])
        }
    }

    private func ids(_ store: Store) async throws -> [Int] {
        try await store.read { try Int.fetchAll($0, sql: "SELECT id FROM item ORDER BY id") }
    }

    @Test("64 writers share transactions, and each is answered for itself")
    func group() async throws {
        try await withFolder { folder in
            let store = try await open(folder)
            let before = store.counts
            let failures = try await withThrowingTaskGroup(of: Bool.self) { group in
                for writer in 0..<64 {
                    group.addTask {
                        for number in 0..<20 {
                            // Every tenth asks for an id that is taken.
                            do { try await add(store, writer * 20 + number - (number == 10 ? 1 : 0)) } catch {
                                #expect((error as? DatabaseError)?.resultCode == .SQLITE_CONSTRAINT)
                                return true
                            }
                        }
                        return false
                    }
                }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(failures == 64)
            #expect(try await ids(store).count == 640)
            let (writes, transactions) = (
                store.counts.writes - before.writes, store.counts.transactions - before.transactions
            )
            #expect(writes == 704)
            #expect(transactions < writes / 4, "\(transactions) transactions")
            await store.close()
        }
    }

    @Test("a write that fails after it has changed something takes back its own changes and no other's")
    func halfDone() async throws {
        struct Refusal: Error {}
        try await withFolder { folder in
            let store = try await open(folder)
            let refused = await withTaskGroup(of: Bool.self) { group in
                for id in 0..<64 {
                    group.addTask {
                        do {
                            try await store.write { db in
                                try db.execute(sql: "INSERT INTO item VALUES (?, ?)", arguments: [id, Data()])
                                if id % 3 == 0 { throw Refusal() }
                            }
                            return false
                        } catch { return error is Refusal }
                    }
                }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(refused == 22)
            #expect(try await ids(store) == (0..<64).filter { $0 % 3 != 0 })
            await store.close()
        }
    }

    @Test("the write-ahead log is synced at every commit")
    func synchronous() async throws {
        try await withFolder { folder in
            let store = try await open(folder)
            let modes = try await store.write { db in
                (try Int.fetchOne(db, sql: "PRAGMA synchronous"), try String.fetchOne(db, sql: "PRAGMA journal_mode"))
            }
            #expect(modes.0 == 2)
            #expect(modes.1 == "wal")
            await store.close()
        }
    }

    @Test("a full database is 507 for what adds, keeps what was there, deletes, and then takes again")
    func full() async throws {
        try await withFolder { folder in
            var limits = Store.Limits()
            (limits.bytesMax, limits.reserveBytes) = (1 << 20, 0)
            let store = try await open(folder, nil, limits)
            var count = 0
            var failure: ProviderError?
            while failure == nil, count < 100 {
                do {
                    try await add(store, count, bytes: 50_000)
                    count += 1
                } catch { failure = error as? ProviderError }
            }
            #expect(failure?.code == .storageFull)
            #expect(try await ids(store) == Array(0..<count))
            try await store.write(.freeing) { try $0.execute(sql: "DELETE FROM item WHERE id < 5") }
            try await add(store, 1000, bytes: 50_000)
            #expect(try await ids(store) == Array(5..<count) + [1000])
            await store.close()
        }
    }

    @Test("in a full transaction those that fit are kept and the others hear 507")
    func fullTogether() async throws {
        try await withFolder { folder in
            var limits = Store.Limits()
            (limits.bytesMax, limits.reserveBytes) = (1 << 20, 0)
            let store = try await open(folder, nil, limits)
            let kept = await withTaskGroup(of: Int?.self) { group in
                for id in 0..<40 {
                    group.addTask { (try? await add(store, id, bytes: 50_000)).map { id } }
                }
                return await group.reduce(into: [Int]()) { if let id = $1 { $0.append(id) } }
            }
            #expect((10..<25).contains(kept.count))
            #expect(try await ids(store) == kept.sorted())
            await store.close()
        }
    }

    @Test("a file that is no database is refused, named, and left as it is")
    func noDatabase() async throws {
        try await withFolder { folder in
            let path = folder + "/test.sqlite"
            let bytes = Data(String(repeating: "not a database ", count: 1000).utf8)
            try bytes.write(to: URL(fileURLWithPath: path))
            let error = await #expect(throws: ProviderError.self) { _ = try await open(folder) }
            #expect(error?.code == .providerUnavailable)
            #expect(error?.message.contains(path) == true)
            #expect(error?.message.contains("backup") == true)
            #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == bytes)
        }
    }

    @Test("a damaged page is found when the file is opened")
    func damagedPage() async throws {
        try await withFolder { folder in
            let store = try await open(folder)
            for id in 0..<200 { try await add(store, id, bytes: 500) }
            await store.close()
            let file = try FileHandle(forUpdating: URL(fileURLWithPath: folder + "/test.sqlite"))
            let size = try file.seekToEnd()
            try #require(size > 10 * 4096)
            for page in 3..<(size / 4096) {
                try file.seek(toOffset: page * 4096)
                try file.write(contentsOf: Data(repeating: 0xFF, count: 64))
            }
            try file.close()
            let error = await #expect(throws: ProviderError.self) { _ = try await open(folder) }
            #expect(error?.message.contains("damaged") == true)
        }
    }

    @Test("a database of another kind, and one of a newer version, are refused")
    func foreign() async throws {
        try await withFolder { folder in
            try await open(folder).close()
            var other = schema
            other.applicationID = 1
            let foreign = await #expect(throws: ProviderError.self) { _ = try await open(folder, other) }
            #expect(foreign?.message.contains("not one of ours") == true)
            var newer = schema
            newer.steps.append(("2", "CREATE TABLE more (id)"))
            try await open(folder, newer).close()
            let old = await #expect(throws: ProviderError.self) { _ = try await open(folder) }
            #expect(old?.message.contains("newer version") == true)
        }
    }

    @Test("a log cut at any byte of its last commit loses that commit at most, and none before it")
    func tornLog() async throws {
        try await withFolder { folder in
            let store = try await open(folder)
            for id in 0..<3 { try await add(store, id) }
            let log = folder + "/test.sqlite-wal"
            let before = try Data(contentsOf: URL(fileURLWithPath: log)).count
            try await add(store, 3)
            let whole = try Data(contentsOf: URL(fileURLWithPath: log))
            let database = try Data(contentsOf: URL(fileURLWithPath: folder + "/test.sqlite"))
            #expect(whole.count > before)
            for cut in stride(from: before, through: whole.count, by: 97) {
                let copy = folder + "/cut-\(cut)"
                try FileManager.default.createDirectory(atPath: copy, withIntermediateDirectories: true)
                try database.write(to: URL(fileURLWithPath: copy + "/test.sqlite"))
                try whole.prefix(cut).write(to: URL(fileURLWithPath: copy + "/test.sqlite-wal"))
                let again = try await open(copy)
                let found = try await ids(again)
                #expect(
                    found == [0, 1, 2] || (cut == whole.count && found == [0, 1, 2, 3]), "cut at \(cut): \(found)")
                await again.close()
            }
            await store.close()
        }
    }

    @Test("a closed store refuses writes")
    func closed() async throws {
        try await withFolder { folder in
            let store = try await open(folder)
            await store.close()
            await store.close()
            let error = await #expect(throws: ProviderError.self) { try await add(store, 1) }
            #expect(error?.code == .shuttingDown)
        }
    }

    @Test("a database of each older version is brought to today's, with what it holds", arguments: [1, 2, 3, 4])
    func upgrade(version: Int) async throws {
        try await withFolder { folder in
            let today = Store.Schema.memoryBanks
            let answers = RememberedAnswers(IdempotencySettings(hoursKept: 1, keysMax: 1))
            let older = Store.Schema(
                name: today.name, applicationID: "LSmb", steps: Array(today.steps.prefix(version)))
            let row = try DocumentRow(
                MemoryBankDocument(uuid: "d", content: [1, 2], metadata: ["a": 1], mimeType: "text/plain"), at: "",
                metadataBytesMax: 100, reader: DocumentReader(pdf: nil, processes: nil), isFetching: false)
            let store = try await open(folder, older)
            try await store.write { db in
                let transaction = FileTransaction(db, nil, answers)
                let bank = try transaction.createBank("bank", "name")
                // One state for all that had no text: today's reader says which.
                try db.run(
                    """
                    INSERT INTO document (bank, uuid, state, mime_type, metadata, checksum, content)
                    VALUES (?, ?, 2, ?, ?, ?, ?)
                    """, [bank, row.uuid, row.mimeType, row.metadata, row.checksum, Data(row.content)])
            }
            await store.close()
            let upgraded = try await open(folder, today)
            let found = try await upgraded.read { db in
                let transaction = FileTransaction(db, nil, answers)
                var answer = DocumentAnswer(bytesMax: 100, countMax: 1)
                try transaction.read(["d"], of: try #require(try transaction.bank("bank")), into: &answer)
                return answer.documents
            }
            #expect(found.map(\.content) == [[1, 2]])
            let remembered = try await upgraded.read {
                try Int.fetchOne($0, sql: "SELECT count(*) FROM remembered_answer")
            }
            #expect(remembered == 0)
            let state = try await upgraded.read { try Int.fetchOne($0, sql: "SELECT state FROM document") }
            #expect(state == DocumentState.pending.rawValue)
            await upgraded.close()
        }
    }
}

import LlamaStackAPI

/// Fills a small disk with documents, and says what works then, a word a line: full, readable, deleted, inserted,
/// dropped.
package struct DiskFilling: Sendable {
    package var state: String

    package init(state: String) { self.state = state }

    package func run() async throws {
        let server = try await BankServer(state: state)
        try await server.create("bank")
        var ids: [String] = []
        while ids.count < 100_000 {
            let id = "\(ids.count)"
            do {
                try await server.insert([Self.document(id)], "bank")
                ids.append(id)
            } catch {
                WriterPool.say("\(error)".hasPrefix("storage_full") ? "full" : "\(error)")
                break
            }
        }
        if try await Self.areThere(ids, server) { WriterPool.say("readable") }
        let gone = Array(ids.prefix(ids.count / 2))
        for start in stride(from: 0, to: gone.count, by: 10) {
            let some = Array(gone[start..<min(start + 10, gone.count)])
            guard try await server.delete(some, "bank") == some else { return WriterPool.say("not all deleted") }
        }
        WriterPool.say("deleted")
        try await Task.sleep(for: .milliseconds(500))
        try await server.insert([Self.document("new")], "bank")
        if try await Self.areThere(ids.dropFirst(gone.count) + ["new"], server) { WriterPool.say("inserted") }
        if try await server.drop("bank") == "bank" { WriterPool.say("dropped") }
        await server.stop()
    }

    private static func document(_ id: String) -> MemoryBankDocument {
        Workload.document(id, version: 1, bytes: 20_000, isText: false)
    }

    private static func areThere(_ ids: some Collection<String>, _ server: BankServer) async throws -> Bool {
        for id in ids where try await server.get([id], "bank") != [document(id)] { return false }
        return true
    }
}

import LlamaStackAPI

/// Knows from a writer pool's words what its documents may be after it died, and holds the storage against that.
package struct Oracle: Sendable {
    /// nil is absence.
    private var possible: [String: Set<Int?>] = [:]
    /// Begun, and not acknowledged: one a document at most.
    private var pending: [String: WriteStep] = [:]
    package private(set) var acknowledged = 0
    /// Steps whose writer never heard how they ended, made again.
    package private(set) var retried = 0
    package private(set) var failures: [String] = []

    package init() {}

    /// `begin`, `done`, or `undone`, which says that it certainly did not happen.
    package mutating func hear(_ line: some StringProtocol) {
        let words = line.split(separator: " ").map { Substring($0) }
        guard words.count == 4, let step = WriteStep(words.dropFirst()) else {
            if line.hasPrefix("failed") { failures.append(String(line)) }
            return
        }
        if words[0] == "done" {
            possible[step.id] = [step.outcome]
            pending[step.id] = nil
            acknowledged += 1
        } else if words[0] == "undone" {
            possible[step.id]?.remove(step.outcome)
            pending[step.id] = nil
        } else {
            possible[step.id, default: [nil]].insert(step.outcome)
            pending[step.id] = step
        }
    }

    /// The problems of the storage: acknowledged documents that are gone, deleted ones that are back, contents that no
    /// writer wrote. Afterwards the oracle knows what is really there.
    ///
    /// - Parameter only: the documents to look at; nil: all.
    package mutating func check(_ server: BankServer, only: [String]? = nil) async throws -> [String] {
        var wrong: [String] = []
        let ids = only ?? possible.keys.sorted()
        let isBankThere = try await server.list().contains { $0.uuid == WriterPool.bank }
        for start in stride(from: 0, to: ids.count, by: 500) {
            let some = Array(ids[start..<min(start + 500, ids.count)])
            let documents = isBankThere ? try await server.get(some, WriterPool.bank) : []
            let found = Dictionary(uniqueKeysWithValues: documents.map { ($0.uuid, $0) })
            for id in some {
                var version: Int?
                if let document = found[id] {
                    guard case .integer(let said)? = document.metadata["version"],
                        document == Workload.document(id, version: Int(said))
                    else {
                        wrong.append("\(id) is not what was written")
                        continue
                    }
                    version = Int(said)
                }
                if possible[id]?.contains(version) != true {
                    let names = (possible[id] ?? []).map { $0.map { "version \($0)" } ?? "absent" }.sorted()
                    wrong.append(
                        "\(id) is \(version.map { "version \($0)" } ?? "absent"), and may be \(names.joined(separator: " or "))"
                    )
                }
                possible[id] = [version]
            }
        }
        return wrong
    }

    /// After a crash: checks what is there, makes again what may have been lost, and checks once more.
    package mutating func examine(_ server: BankServer) async throws -> [String] {
        let unheard = pending.keys.sorted()
        return try await check(server) + retry(server) + check(server, only: unheard)
    }

    /// Does what a client does that heard no answer: sends the call again, under its key. Whether the first time came
    /// through or not, it must succeed, and have acted once. What was wrong.
    package mutating func retry(_ server: BankServer) async throws -> [String] {
        var wrong: [String] = []
        for step in pending.values.sorted(by: { $0.id < $1.id }) {
            do {
                for _ in 0..<2 { try await step.make(server) }
            } catch {
                wrong.append("\(step.words), made again: \(error)")
            }
            possible[step.id] = [step.outcome]
            retried += 1
        }
        pending.removeAll()
        return wrong
    }

    /// Documents that must be there.
    package var living: Int { possible.values.count { !$0.contains(nil) } }
}

import LlamaStackAPI

/// Knows from a writer pool's words what its documents may be after it died, and holds the storage against that.
package struct Oracle: Sendable {
    /// nil is absence.
    private var possible: [String: Set<Int?>] = [:]
    package private(set) var acknowledged = 0
    package private(set) var failures: [String] = []

    package init() {}

    /// `begin`, `done`, or `undone`, which says that it certainly did not happen.
    package mutating func hear(_ line: some StringProtocol) {
        let words = line.split(separator: " ")
        guard words.count == 4, let version = Int(words[3]) else {
            if line.hasPrefix("failed") { failures.append(String(line)) }
            return
        }
        let (id, outcome) = (String(words[2]), words[1] == "delete" ? nil : Optional(version))
        if words[0] == "done" {
            possible[id] = [outcome]
            acknowledged += 1
        } else if words[0] == "undone" {
            possible[id]?.remove(outcome)
        } else {
            possible[id, default: [nil]].insert(outcome)
        }
    }

    /// What is wrong with the storage: acknowledged documents that are gone, deleted ones that are back, contents that
    /// nobody wrote. Afterwards the oracle knows what is really there.
    package mutating func check(_ server: BankServer) async throws -> [String] {
        var wrong: [String] = []
        let ids = possible.keys.sorted()
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

    /// Documents that must be there.
    package var living: Int { possible.values.count { !$0.contains(nil) } }
}

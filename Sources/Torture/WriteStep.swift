import LlamaStackAPI

/// One call of a writer: what it says of itself in a line, and how it is made, the first time and again.
package struct WriteStep: Sendable, Hashable {
    package enum Kind: String, Sendable {
        case insert, update, delete
    }

    package var kind: Kind
    package var id: String
    package var version: Int

    package init(_ kind: Kind, _ id: String, _ version: Int) {
        (self.kind, self.id, self.version) = (kind, id, version)
    }

    /// nil: these words are no step.
    init?(_ words: some Collection<Substring>) {
        let words = Array(words)
        guard words.count == 3, let kind = Kind(rawValue: String(words[0])), let version = Int(words[2]) else {
            return nil
        }
        self.init(kind, String(words[1]), version)
    }

    package var words: String { "\(kind) \(id) \(version)" }

    /// The version of the document afterwards; nil when it is absent.
    var outcome: Int? { kind == .delete ? nil : version }

    /// Under its own key, so that it acts once however often it is made.
    package func make(_ server: BankServer) async throws {
        let key = "\(kind)/\(id)/\(version)"
        switch kind {
        case .insert:
            try await server.insert([Workload.document(id, version: version)], WriterPool.bank, key: key)
        case .update:
            try await server.update([Workload.document(id, version: version)], WriterPool.bank, key: key)
        case .delete:
            let deleted = try await server.delete([id], WriterPool.bank, key: key)
            guard deleted == [id] else { throw WrongAnswer(description: "\(words) answered \(deleted)") }
        }
    }

    struct WrongAnswer: Error, CustomStringConvertible {
        var description: String
    }
}

import GRDB
import MemoryBanks
import ProviderKit
import Storage

/// A transaction of the database.
package final class FileTransaction: BankTransaction {
    let db: Database
    let vectors: BankVectors?
    private let answers: RememberedAnswers

    /// The changes for the vectors in memory, applied after the commit.
    var changes = BankVectors.Changes()

    init(_ db: Database, _ vectors: BankVectors?, _ answers: RememberedAnswers) {
        (self.db, self.vectors, self.answers) = (db, vectors, answers)
    }

    package func once<Answer: WireValue>(
        _ request: IdempotentRequest?, _ change: () throws -> Answer
    ) throws -> Answer { try answers.once(request, db, change) }

    package func hasVectors(in banks: [Int64]) -> Bool { vectors?.hasAny(of: banks) ?? false }

    package func search(_ query: ChunkQuery, in banks: [Int64: String]) -> FileSearch {
        FileSearch(self, query, banks)
    }
}

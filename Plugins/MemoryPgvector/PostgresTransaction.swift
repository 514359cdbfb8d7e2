import MemoryBanks
import Postgres
import ProviderKit

/// A transaction of the database.
package struct PostgresTransaction: BankTransaction {
    let session: Session
    let configuration: MemoryPgvectorConfiguration
    /// Whose vectors count; nil: no model is configured.
    let model: String?

    init(_ session: Session, _ configuration: MemoryPgvectorConfiguration, _ model: String?) {
        (self.session, self.configuration, self.model) = (session, configuration, model)
    }

    package func once<Answer: WireValue>(
        _ request: IdempotentRequest?, _ change: () throws -> Answer
    ) throws -> Answer { try RememberedAnswers(configuration.banks.idempotency).once(request, session, change) }

    package func search(_ query: ChunkQuery, in banks: [Int64: String]) -> PostgresSearch {
        PostgresSearch(self, query, banks)
    }
}

import ProviderKit

/// Where a provider keeps its banks: a database with transactions.
///
/// ``MemoryBankService`` does the rest: limits, URLs, indexing, embedding, the plan of a search, answers that are
/// remembered.
package protocol BankStore: Sendable {
    associatedtype Configuration: BankConfiguration
    associatedtype Transaction: BankTransaction

    static var providerType: String { get }
    static var version: String { get }
    static var summary: String { get }
    /// After how many seconds to look for work though nothing was changed here: other hosts leave some. nil: never.
    static var lookAgainSeconds: Double? { get }

    /// Opens the database, and makes it ready for the vectors of the model. When they are of another model, all
    /// documents are due for embedding again.
    ///
    /// - Parameter model: nil: chunks get no vectors.
    static func open(_ configuration: Configuration, _ context: ProviderContext, model: String?) async throws -> Self
    /// Transactions that run are waited for.
    func close() async

    /// Sees one moment of the database.
    func read<Value: Sendable>(_ body: @escaping @Sendable (Transaction) throws -> Value) async throws -> Value
    /// Returns when the changes are durable; when `body` throws there are none. `body` may run more than once.
    func write<Value: Sendable>(
        _ purpose: ChangePurpose, _ body: @escaping @Sendable (Transaction) throws -> Value
    ) async throws -> Value

    /// Cuts some pending documents of one kind, by turns of banks, and stores their chunks, unless a document has
    /// changed meanwhile; of the slow ones one, which no other call is at. `cut` computes and may block: it must not
    /// run on Swift's shared threads.
    ///
    /// - Parameter isStopped: looked at between documents.
    /// - Returns: how many documents were pending; 0: none that no other call or host works at.
    func indexSome(
        _ effort: TextEffort, _ cut: @escaping @Sendable (PendingDocument) -> CutDocument,
        isStopped: @escaping @Sendable () -> Bool
    ) async throws -> Int
}

extension BankStore {
    package static var lookAgainSeconds: Double? { nil }
}

/// Why something is changed: what frees space may use what is kept back of it.
package enum ChangePurpose: Sendable {
    case adding, freeing
}

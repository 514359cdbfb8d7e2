import Foundation
import ProviderKit

/// The statements about banks and documents, within a transaction. Numbers of banks, documents and chunks are the
/// database's own. What is to be done in the background is in rows too, so a crash loses none of it.
package protocol BankTransaction {
    associatedtype Search: ChunkSearch

    // MARK: Banks

    /// nil: there is none.
    func bank(_ uuid: String) throws -> Int64?
    /// The same for a transaction that changes what is in the bank: it can't be dropped before that has ended.
    func bankToChange(_ uuid: String) throws -> Int64?
    /// Whether the bank is there and has not been dropped.
    func isLive(_ bank: Int64) throws -> Bool
    /// In the order of creation.
    func banks() throws -> [MemoryBank]
    /// Dropped ones that are not cleared away yet included.
    func bankCount() throws -> Int
    /// nil: there is one already.
    func createBank(_ uuid: String, _ name: String) throws -> Int64?
    /// The bank can't be found from now on; its rows go later. False: there is none.
    func dropBank(_ uuid: String) throws -> Bool
    /// Deletes some rows of a dropped bank, within a few hundredths of a second. False when no dropped bank is left.
    func clearSome() throws -> Bool
    func documentCounts(of bank: Int64) throws -> [(state: DocumentState?, documents: Int, chunks: Int)]
    /// Those of `ids` that the bank has, in no order.
    func documentStatus(_ ids: [String], of bank: Int64) throws -> [MemoryBankDocumentStatus]

    // MARK: Documents

    /// Counts documents of a bank more or fewer.
    ///
    /// - Returns: how many there are then; where there are fewer, it may be 0.
    func count(_ more: Int, in bank: Int64) throws -> Int
    /// - Returns: the first that the bank has already, nil when all are new.
    func insert(_ documents: [DocumentRow], into bank: Int64) throws -> Int?
    /// Those that are there, held until the transaction ends.
    func find(_ uuids: [String], in bank: Int64) throws -> [OpaqueID: Int64]
    /// Puts documents in the place of others, whose chunks go.
    func replace(_ documents: [(id: Int64, new: DocumentRow)], in bank: Int64) throws
    func delete(_ documents: [Int64], in bank: Int64) throws
    /// Reads documents in the order of `ids`; those that the bank does not have are left out.
    func read(_ ids: [String], of bank: Int64, into answer: inout DocumentAnswer) throws

    /// Makes the call's change and remembers its answer; of one that was made already, gives the answer alone. Throws
    /// 422 when the key was another request's.
    ///
    /// - Parameter request: nil: the change is made, and nothing remembered.
    func once<Answer: WireValue>(_ request: IdempotentRequest?, _ change: () throws -> Answer) throws -> Answer

    // MARK: Words

    /// Indexes some of the chunks again that are indexed by the words of an older ``Words/version``. They are found by
    /// those meanwhile. False: none is left.
    func rewordSome() throws -> Bool

    // MARK: Vectors

    /// Whether any of the banks has vectors of the model.
    func hasVectors(in banks: [Int64]) throws -> Bool
    /// - Parameter banks: with the caller's ids.
    func search(_ query: ChunkQuery, in banks: [Int64: String]) -> Search
    /// Documents that wait for vectors of the model.
    func dueCount(of bank: Int64) throws -> Int
    /// Some of each bank in turn, beginning with the bank after this one, with the same number of tokens for each. A
    /// store that hosts share lends them to this one for a while.
    func takeDue(afterBank bank: Int64, _ limits: EmbeddingDue.Limits) throws -> EmbeddingDue
    /// The vectors could not be had: the documents may be taken again.
    func giveBack(_ due: EmbeddingDue) throws
    /// Keeps a vector for each of the chunks that is still there. Documents whose chunks all have vectors are due no
    /// more.
    ///
    /// - Returns: how many were kept.
    func keep(_ vectors: [[Float]], of due: EmbeddingDue) throws -> Int

    // MARK: Texts from the network

    /// Documents whose text is to be fetched, the oldest first.
    func remoteDocuments(countMax: Int) throws -> [RemoteDocument]
    /// The document's content, and the right to fetch it for so long; nil: it is gone, changed, or another host's.
    func takeRemote(_ document: RemoteDocument, seconds: Int) throws -> Data?
    /// It failed: another try may follow after so long.
    func retryRemote(_ document: RemoteDocument, afterSeconds: Double) throws
    /// Ends the fetching of a document, unless it has changed meanwhile: with a text it becomes pending.
    func finishRemote(
        _ document: RemoteDocument, _ text: Result<FetchedText, UnreadDocument>, _ effort: TextEffort) throws
    /// Nothing is fetched: documents that wait for it are indexed as what they are, the text of a URL.
    func indexRemoteAsText() throws
}

extension BankTransaction {
    package func bankToChange(_ uuid: String) throws -> Int64? { try bank(uuid) }
    package func giveBack(_ due: EmbeddingDue) {}
    package func retryRemote(_ document: RemoteDocument, afterSeconds: Double) {}
}

/// Documents that wait for vectors, and of their chunks the first that have none.
package struct EmbeddingDue: Sendable {
    package var documents: [Int64] = []
    package var chunks: [(id: Int64, bank: Int64, text: String)] = []
    /// The last bank that had its turn.
    package var lastBank: Int64 = 0

    package init() {}

    package struct Limits: Sendable {
        package var banksMax: Int
        package var chunksMax: Int
        package var tokensMax: Int

        /// The limits on one call of the model.
        package static let oneBatch = Limits(banksMax: 8, chunksMax: 32, tokensMax: 32 * 512)
    }
}

/// A document that is a URL, as it was at one moment.
package struct RemoteDocument: Sendable {
    package let id: Int64
    package let revision: Int64

    package init(id: Int64, revision: Int64) { (self.id, self.revision) = (id, revision) }
}

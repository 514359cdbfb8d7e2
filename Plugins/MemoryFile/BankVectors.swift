import Dispatch
import Foundation
import GRDB
import Storage
import Synchronization
import VectorIndex

/// The vectors of each bank in memory, as the database has them.
///
/// Changes come after the commit, so an id may be here whose chunk is gone already: who asks leaves those out. Nothing
/// of this is kept on disk beside the rows: lists and centroids are made again at each start, while searches look at
/// all.
final class BankVectors: Sendable {
    private let indexes = Mutex<[Int64: VectorIndex]>([:])
    /// The banks of vectors that a transaction keeps and a search does not find yet, by transaction.
    private let arriving = Mutex<[ObjectIdentifier: Set<Int64>]>([:])
    private let options: VectorIndex.Options
    /// Changes one after the other: what computes for seconds may not hold Swift's shared threads.
    private let queue = DispatchQueue(label: "memory-vectors", qos: .utility)

    init(_ options: VectorIndex.Options) { self.options = options }

    /// Reads what the database has. Other changes wait for it.
    func load(_ store: Store) async throws {
        let loaded = try await store.read { [options] db in
            var loaded: [Int64: VectorIndex] = [:]
            var batch: (bank: Int64, vectors: [(id: Int64, code: VectorCode)]) = (0, [])
            func flush() {
                guard let dimensions = batch.vectors.first?.code.codes.count else { return }
                let index = loaded[batch.bank] ?? VectorIndex(dimensions: dimensions, options: options)
                index.add(batch.vectors)
                loaded[batch.bank] = index
                batch.vectors.removeAll(keepingCapacity: true)
            }
            let rows = try Row.fetchCursor(db, sql: "SELECT bank, chunk, code FROM code ORDER BY chunk")
            while let row = try rows.next() {
                let bank: Int64 = row[0]
                if bank != batch.bank || batch.vectors.count == 4096 { flush() }
                batch.bank = bank
                if let code = try row.withUnsafeData(atIndex: 2, { $0.flatMap(VectorCode.init(stored:)) }) {
                    batch.vectors.append((row[1], code))
                }
            }
            flush()
            return loaded
        }
        indexes.withLock { $0 = loaded }
        // Returns the memory that reading them took.
        queue.async { VectorIndex.giveBackMemory() }
        reorganize()
    }

    /// The changes of a transaction, to be applied after its commit.
    struct Changes: Sendable {
        var new: [(bank: Int64, id: Int64, code: VectorCode)] = []
        var gone: [(bank: Int64, ids: [Int64])] = []
        var dropped: [Int64] = []
    }

    /// False when each vector that the database had at the start of the caller's transaction is found by a search.
    func isArriving(in bank: Int64) -> Bool { arriving.withLock { $0.values.contains { $0.contains(bank) } } }

    /// To be called within the transaction that has made the changes, so that no reader sees its rows before this.
    func announce(_ changes: Changes, of arrival: Arrival) {
        guard !changes.new.isEmpty else { return }
        arriving.withLock { $0[ObjectIdentifier(arrival)] = Set(changes.new.map(\.bank)) }
    }

    /// The changes have been applied, or the transaction has failed.
    func end(_ arrival: Arrival) { arriving.withLock { $0[ObjectIdentifier(arrival)] = nil } }

    /// The way of one transaction's vectors from its rows to the index in memory.
    final class Arrival: Sendable {}

    func apply(_ changes: Changes) async {
        for bank in changes.dropped { indexes.withLock { $0[bank] = nil } }
        for (bank, ids) in changes.gone where !ids.isEmpty {
            guard let index = indexes.withLock({ $0[bank] }) else { continue }
            queue.async { index.remove(Set(ids)) }
        }
        for (bank, new) in Dictionary(grouping: changes.new, by: \.bank) {
            await add(new.map { ($0.id, $0.code) }, to: bank)
        }
    }

    private func add(_ vectors: [(id: Int64, code: VectorCode)], to bank: Int64) async {
        guard let dimensions = vectors.first?.code.codes.count else { return }
        let index = indexes.withLock { indexes in
            let index = indexes[bank] ?? VectorIndex(dimensions: dimensions, options: options)
            indexes[bank] = index
            return index
        }
        await withCheckedContinuation { done in
            queue.async {
                index.add(vectors)
                done.resume()
                index.reorganize()
            }
        }
    }

    /// The best of all these banks together, the best first. Computes: not for Swift's shared threads.
    func search(_ banks: [Int64], _ query: [Float], countMax: Int, effort: VectorIndex.Effort) -> [VectorMatch] {
        let indexes = indexes.withLock { indexes in banks.compactMap { indexes[$0] } }
        let found = indexes.map { $0.search(query, countMax: countMax, effort: effort) }
        if found.count == 1 { return found[0] }
        return Array(found.joined().sorted { ($1.score, $0.id) < ($0.score, $1.id) }.prefix(countMax))
    }

    func hasAny(of banks: [Int64]) -> Bool {
        indexes.withLock { indexes in banks.contains { (indexes[$0]?.count ?? 0) > 0 } }
    }

    private func reorganize() {
        for index in indexes.withLock({ Array($0.values) }) { queue.async { index.reorganize() } }
    }
}

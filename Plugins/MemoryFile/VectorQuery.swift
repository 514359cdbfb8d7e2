import Foundation
import GRDB
import Storage
import VectorIndex

/// A search by meaning: the chunks of some banks whose vectors are nearest to the query's.
struct VectorQuery: Sendable {
    /// The number of further candidates that are ranked by their exact vectors: at eight bits the order of the last
    /// ones may be wrong.
    private static let rankedBeyond = 40

    let vector: [Float]
    let vectors: BankVectors

    /// The best `countMax` that are accepted, the best first. A filter that accepts few makes the search wider and
    /// wider, at last to every vector, so that none is missed.
    func ranked(
        _ transaction: FileTransaction, _ banks: [Int64], _ accepts: (Int64) throws -> Bool, countMax: Int
    ) throws -> [VectorMatch] {
        var effort = VectorIndex.Effort.approximate
        var width = countMax + Self.rankedBeyond
        var accepted: [Int64] = []
        var seen: Set<Int64> = []
        while true {
            let found = vectors.search(banks, vector, countMax: width, effort: effort)
            for match in found where accepted.count < countMax + Self.rankedBeyond {
                guard seen.insert(match.id).inserted, try accepts(match.id) else { continue }
                accepted.append(match.id)
            }
            if accepted.count >= countMax || (found.count < width && effort == .exact) { break }
            if found.count < width || width > 20_000 { effort = .exact }
            width *= 8
        }
        let exact = try accepted.compactMap { id in
            try exactScore(transaction, id).map { VectorMatch(id: id, score: $0) }
        }
        return Array(exact.sorted { ($1.score, $0.id) < ($0.score, $1.id) }.prefix(countMax))
    }

    private func exactScore(_ transaction: FileTransaction, _ chunk: Int64) throws -> Float? {
        guard let data: Data = try transaction.db.one("SELECT vector FROM vector WHERE chunk = ?", [chunk]) else {
            return nil
        }
        guard data.count == vector.count * MemoryLayout<Float>.size else { return nil }
        let stored = [Float](unsafeUninitializedCapacity: vector.count) { buffer, count in
            count = data.copyBytes(to: buffer) / MemoryLayout<Float>.size
        }
        return VectorMath.dot(vector, stored, vector.count)
    }
}

import ProviderKit

/// Reciprocal rank fusion (Cormack et al. 2009) of a search by meaning and one by words: a place counts
/// 1 / (offset + place).
package struct RankFusion: Sendable {
    /// The paper's 60 is for long lists of many systems; two lists of fifty, of which the first places are what is
    /// read, want a steeper curve.
    private static let offset = 10.0

    package struct Fused: Sendable {
        package let chunk: Int64
        package fileprivate(set) var score = 0.0
        /// Each side's own score; nil: that side did not find it.
        package fileprivate(set) var byWords: Double?
        package fileprivate(set) var byMeaning: Double?
    }

    private var chunks: [Int64: Fused] = [:]
    package private(set) var countByMeaning = 0
    package private(set) var countByWords = 0

    package init() {}

    /// The next best by meaning.
    package mutating func addByMeaning(_ id: Int64, score: Double) {
        countByMeaning += 1
        chunks[id, default: Fused(chunk: id)].byMeaning = score
        count(id, countByMeaning, 1)
    }

    /// The next best by words. Its place counts by how much of the query the chunk holds, squared: of a question in
    /// other words than the document's, a chunk holds what many hold, and its place says nothing.
    package mutating func addByWords(_ match: WordMatch) {
        countByWords += 1
        chunks[match.chunk, default: Fused(chunk: match.chunk)].byWords = match.score
        count(match.chunk, countByWords, match.share * match.share)
    }

    /// The best first.
    package var ranked: [Fused] { chunks.values.sorted { ($1.score, $0.chunk) < ($0.score, $1.chunk) } }

    private mutating func count(_ id: Int64, _ place: Int, _ weight: Double) {
        chunks[id]?.score += weight / (Self.offset + Double(place))
    }
}

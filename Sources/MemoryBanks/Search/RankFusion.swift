/// Reciprocal rank fusion (Cormack et al. 2009) of a search by meaning and one by words: a place counts
/// 1 / (offset + place).
package struct RankFusion: Sendable {
    /// The paper's 60 is for long lists of many systems; two lists of fifty, of which the first places are what is
    /// read, want a steeper curve.
    private static let offset = 10.0

    private var scores: [Int64: Double] = [:]

    package init() {}

    /// `place` from 1.
    package mutating func countByMeaning(_ id: Int64, place: Int) { count(id, place, 1) }

    /// A place by words counts by how much of the query the chunk holds, squared: of a question in other words than the
    /// document's, a chunk holds "how" and "the", and its place says nothing.
    package mutating func countByWords(_ id: Int64, place: Int, score: Double, scoreOfAllWords all: Double) {
        let share = all > 0 ? min(1, score / all) : 0
        count(id, place, share * share)
    }

    /// The best first.
    package var ranked: [(id: Int64, score: Double)] {
        scores.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { (id: $0.key, score: $0.value) }
    }

    private mutating func count(_ id: Int64, _ place: Int, _ weight: Double) {
        scores[id, default: 0] += weight / (Self.offset + Double(place))
    }
}

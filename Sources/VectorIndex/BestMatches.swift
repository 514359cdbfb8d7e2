/// A result of a search: a higher score is nearer.
package struct VectorMatch: Sendable, Equatable {
    package var id: Int64
    package var score: Float

    package init(id: Int64, score: Float) { (self.id, self.score) = (id, score) }
}

/// Keeps a limited number of the best offers: a heap whose root is the worst that is kept.
struct BestMatches {
    private let countMax: Int
    private var heap: [VectorMatch] = []
    /// Below or at this nothing is taken any more.
    private(set) var bar = -Float.infinity

    init(_ countMax: Int) {
        self.countMax = countMax
        heap.reserveCapacity(min(countMax, 4096))
    }

    /// The best first; the smaller id among equals.
    var sorted: [VectorMatch] { heap.sorted { ($1.score, $0.id) < ($0.score, $1.id) } }

    @inline(__always)
    mutating func offer(_ id: Int64, _ score: Float) {
        guard score > bar else { return }
        if heap.count < countMax {
            heap.append(VectorMatch(id: id, score: score))
            rise()
        } else {
            heap[0] = VectorMatch(id: id, score: score)
            sink()
        }
        if heap.count == countMax { bar = heap[0].score }
    }

    private mutating func rise() {
        var child = heap.count - 1
        while child > 0, heap[child].score < heap[(child - 1) / 2].score {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    private mutating func sink() {
        var parent = 0
        while true {
            var child = 2 * parent + 1
            guard child < heap.count else { return }
            if child + 1 < heap.count, heap[child + 1].score < heap[child].score { child += 1 }
            guard heap[child].score < heap[parent].score else { return }
            heap.swapAt(child, parent)
            parent = child
        }
    }
}

import CVectors
import Foundation

/// The nearest of many unit-length vectors by their dot product, held in memory at eight bits a dimension.
///
/// Up to ``Options/exactMax`` vectors every search looks at all of them. Beyond, they are parted into lists around
/// centroids, and a search looks into the lists whose centroids are nearest (an inverted file, Sivic and Zisserman
/// 2003, trained by spherical k-means). Benchmarks/README.md has the recall.
///
/// Scores are of the eight-bit codes, good to about 0.002 at 384 dimensions: ask for some more than wanted and rank
/// those by the exact vectors, which this index does not keep. Any thread may call anything; searches run beside each
/// other and beside inserts.
package final class VectorIndex: @unchecked Sendable {
    // Unchecked: `lists` and `centroids` change under `lock` and `changes` together, and are read under either.
    package struct Options: Sendable {
        /// With more vectors than these a search is approximate.
        package var exactMax = 20_000
        /// A search looks into this share of the lists, and at least this number.
        package var probedShare = 0.005
        package var probesMin = 16

        package init() {}
    }

    package enum Effort: Sendable {
        /// Looks at every vector.
        case exact
        /// Looks into the likely lists, when there are any.
        case approximate
    }

    let dimensions: Int
    private var options: Options
    let groups: Int
    private let lock = ReadWriteLock()
    /// Held during each change: one at a time.
    private let changes = NSLock()
    private var lists: [VectorList]
    /// The centroid of each list, by its number; nil while there is one list.
    private var centroids: VectorList?
    private var countWhenTrained = 0

    package init(dimensions: Int, options: Options = Options()) {
        (self.dimensions, self.options) = (dimensions, options)
        groups = VectorList.groups(dimensions: dimensions)
        lists = [VectorList(groups: groups)]
    }

    package var count: Int { lock.reading { lists.reduce(0) { $0 + $1.count } } }
    /// The memory of the vectors and their ids.
    package var bytes: Int { lock.reading { lists.reduce(centroids?.bytes ?? 0) { $0 + $1.bytes } } }
    /// ``Options/probedShare``, to be tried at several values.
    package var probedShare: Double {
        get { lock.reading { options.probedShare } }
        set { lock.writing { options.probedShare = newValue } }
    }
    package var isParted: Bool { lock.reading { centroids != nil } }

    // MARK: Search

    /// The best `countMax`, the best first, by the scores of their codes.
    package func search(_ query: [Float], countMax: Int, effort: Effort = .approximate) -> [VectorMatch] {
        guard query.count == dimensions, countMax > 0, let code = VectorCode(query) else { return [] }
        let encoded = EncodedQuery(code, groups: groups)
        return encoded.withQuery { query in
            lock.reading {
                var best = BestMatches(countMax)
                for number in likely(query, countMax, effort) {
                    let list = lists[number]
                    list.scan(query) { first, count, largest, scores in
                        guard largest > best.bar else { return }
                        for slot in 0..<count where scores[slot] > best.bar {
                            best.offer(list.id(at: first + slot), scores[slot])
                        }
                    }
                }
                return best.sorted.map { VectorMatch(id: $0.id, score: $0.score * encoded.scale) }
            }
        }
    }

    /// The lists to look into, the likeliest first: enough of them to hold ten times what is wanted.
    private func likely(_ query: lk_vector_query, _ countMax: Int, _ effort: Effort) -> [Int] {
        guard let centroids, effort == .approximate else { return Array(lists.indices) }
        let probes = max(options.probesMin, Int((Double(lists.count) * options.probedShare).rounded(.up)))
        let perList = max(1, countWhenTrained / lists.count)
        var nearest = BestMatches(min(lists.count, max(probes, countMax * 10 / perList)))
        centroids.scan(query) { first, count, largest, scores in
            guard largest > nearest.bar else { return }
            for slot in 0..<count { nearest.offer(Int64(first + slot), scores[slot]) }
        }
        return nearest.sorted.map { Int($0.id) }
    }

    // MARK: Changes

    /// Ids are the caller's and each is there once at most. Codes of another length are not taken.
    package func add(_ vectors: [(id: Int64, code: VectorCode)]) {
        let vectors = vectors.filter { $0.code.codes.count == dimensions }
        changes.withLock {
            let targets = centroids.map { nearest($0, vectors.map(\.code)) }
            lock.writing {
                for (index, vector) in vectors.enumerated() {
                    lists[targets?[index] ?? 0].append(vector.id, vector.code)
                }
            }
        }
    }

    package func remove(_ ids: Set<Int64>) {
        guard !ids.isEmpty else { return }
        changes.withLock {
            for list in lists {
                // From the end: what takes the place of a removed one was looked at before.
                let found = (0..<list.count).reversed().filter { ids.contains(list.id(at: $0)) }
                guard !found.isEmpty else { continue }
                lock.writing { for index in found { list.remove(at: index) } }
            }
        }
    }

    /// Parts the vectors into lists when there are enough of them, anew when they have become four times as many. Takes
    /// seconds for a million; searches go on meanwhile, other changes wait. Needs the room of the vectors once more.
    package func reorganize() {
        let isParted = changes.withLock {
            let count = lists.reduce(0) { $0 + $1.count }
            guard count > options.exactMax, centroids == nil || count / 4 >= countWhenTrained else { return false }
            let centroids = Centroids(lists, count: count, groups: groups).train()
            let parted = (0..<centroids.count).map { _ in VectorList(groups: groups) }
            for list in lists {
                for start in stride(from: 0, to: list.count, by: 1024) {
                    let some = start..<min(start + 1024, list.count)
                    let codes = some.map(list.code)
                    for (index, target) in zip(some, nearest(centroids, codes)) {
                        parted[target].append(list.id(at: index), codes[index - start])
                    }
                }
            }
            lock.writing { (lists, self.centroids, countWhenTrained) = (parted, centroids, count) }
            return true
        }
        // The old lists were as large as the new ones: without this the process would stay twice as large as it is.
        if isParted { Self.giveBackMemory() }
    }

    /// Returns freed memory to the system, after much was built or replaced.
    package static func giveBackMemory() { lk_vector_trim() }

    private func nearest(_ centroids: VectorList, _ codes: [VectorCode]) -> [Int] {
        Centroids.nearest(centroids, codes, groups)
    }
}

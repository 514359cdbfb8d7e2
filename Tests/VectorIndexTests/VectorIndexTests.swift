import Testing

@testable import VectorIndex

struct VectorIndexTests {
    /// Unit vectors around centres, by a fixed seed.
    private func vectors(_ count: Int, dimensions: Int, centres: Int = 20, seed: UInt64 = 1) -> [[Float]] {
        var random = SplitMix(state: seed)
        func gaussian() -> Float { (0..<6).reduce(0) { sum, _ in sum + Float.random(in: -1...1, using: &random) } }
        func unit(_ x: [Float]) -> [Float] {
            let length = x.reduce(0) { $0 + $1 * $1 }.squareRoot()
            return x.map { $0 / length }
        }
        var centreRandom = SplitMix(state: 99)
        let middles = (0..<centres).map { _ in
            unit((0..<dimensions).map { _ in Float.random(in: -1...1, using: &centreRandom) })
        }
        return (0..<count).map { index in
            let noise = unit((0..<dimensions).map { _ in gaussian() })
            return unit(zip(middles[index % centres], noise).map { $0 + 0.7 * $1 })
        }
    }

    private func index(_ vectors: [[Float]], _ options: VectorIndex.Options = .init()) throws -> VectorIndex {
        let index = VectorIndex(dimensions: vectors[0].count, options: options)
        index.add(try vectors.enumerated().map { (Int64($0), try #require(VectorCode($1))) })
        return index
    }

    private func nearest(_ query: [Float], _ vectors: [[Float]], _ count: Int) -> [Int64] {
        vectors.enumerated().map { (Int64($0), zip(query, $1).reduce(0) { $0 + $1.0 * $1.1 }) }
            .sorted { $0.1 > $1.1 }.prefix(count).map(\.0)
    }

    private var approximate: VectorIndex.Options {
        var options = VectorIndex.Options()
        (options.exactMax, options.probedShare) = (500, 0.25)
        return options
    }

    @Test("the true ten are among the thirty best by codes, whatever the dimensions", arguments: [5, 32, 99])
    func exact(_ dimensions: Int) throws {
        let base = vectors(1000, dimensions: dimensions)
        let index = try index(base)
        for query in vectors(20, dimensions: dimensions, seed: 2) {
            let found = Set(index.search(query, countMax: 30).map(\.id))
            #expect(found.isSuperset(of: nearest(query, base, 10)))
        }
    }

    @Test("a score is the dot product to 0.01, and the best comes first")
    func scores() throws {
        let base = vectors(100, dimensions: 64)
        let query = vectors(1, dimensions: 64, seed: 2)[0]
        let found = try index(base).search(query, countMax: 100)
        #expect(found.count == 100)
        #expect(zip(found, found.dropFirst()).allSatisfy { $0.score >= $1.score })
        for match in found {
            let exact = zip(query, base[Int(match.id)]).reduce(0) { $0 + $1.0 * $1.1 }
            #expect(abs(match.score - exact) < 0.01)
        }
    }

    @Test("parted into lists, a search finds 95 of 100 of the true ten, and all with exact effort")
    func parted() throws {
        let base = vectors(2000, dimensions: 32)
        let index = try index(base, approximate)
        index.reorganize()
        #expect(index.isParted)
        #expect(index.count == 2000)
        var hits = 0
        for query in vectors(30, dimensions: 32, seed: 2) {
            let wanted = nearest(query, base, 10)
            hits += Set(index.search(query, countMax: 30).map(\.id)).intersection(wanted).count
            #expect(Set(index.search(query, countMax: 30, effort: .exact).map(\.id)).isSuperset(of: wanted))
        }
        #expect(hits >= 285)
    }

    @Test("what is removed is not found, the others are, with lists and without", arguments: [false, true])
    func removed(_ isParted: Bool) throws {
        let base = vectors(700, dimensions: 16)
        let index = try index(base, approximate)
        if isParted { index.reorganize() }
        let gone = Set((0..<700).filter { $0 % 3 != 1 }.map(Int64.init))
        index.remove(gone)
        let left = index.search(base[0], countMax: 700, effort: .exact).map(\.id).sorted()
        #expect(left == (0..<700).filter { $0 % 3 == 1 }.map(Int64.init))
        index.remove(Set(left))
        #expect(index.count == 0)
        #expect(index.search(base[0], countMax: 10).isEmpty)
    }

    @Test("vectors that come after the parting are found")
    func addedLater() throws {
        let base = vectors(900, dimensions: 16)
        let index = try index(Array(base[..<600]), approximate)
        index.reorganize()
        index.add(try (600..<900).map { (Int64($0), try #require(VectorCode(base[$0]))) })
        #expect(index.count == 900)
        for id in 600..<650 { #expect(index.search(base[id], countMax: 3).contains { $0.id == Int64(id) }) }
    }

    @Test("a query of another length, one that is no number, and an empty index find nothing")
    func nothing() throws {
        let base = vectors(10, dimensions: 8)
        let index = try index(base)
        #expect(index.search([1, 0], countMax: 5).isEmpty)
        #expect(index.search([Float](repeating: .nan, count: 8), countMax: 5).isEmpty)
        #expect(index.search(base[0], countMax: 0).isEmpty)
        #expect(VectorIndex(dimensions: 8).search(base[0], countMax: 5).isEmpty)
    }

    @Test("searches beside inserts, deletions and a new parting find what was there all the time")
    func together() async throws {
        let base = vectors(3000, dimensions: 16)
        let index = try index(Array(base[..<600]), approximate)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<2 {
                group.addTask {
                    for round in 0..<300 {
                        let id = round % 100
                        #expect(index.search(base[id], countMax: 3, effort: .exact).contains { $0.id == Int64(id) })
                    }
                }
            }
            group.addTask {
                for start in stride(from: 600, to: 3000, by: 100) {
                    index.add((start..<start + 100).compactMap { id in VectorCode(base[id]).map { (Int64(id), $0) } })
                    index.remove(Set((start..<start + 10).map(Int64.init)))
                    index.reorganize()
                }
            }
        }
        #expect(index.count == 3000 - 240)
    }

    @Test("the index takes at most 1.2 times the codes once it holds ten thousand")
    func memory() throws {
        let index = VectorIndex(dimensions: 384)
        let code = VectorCode(scale: 0.001, codes: [Int8](repeating: 1, count: 384))
        index.add((0..<10_000).map { (Int64($0), code) })
        #expect(Double(index.bytes) < 1.2 * 10_000 * 384)
    }
}

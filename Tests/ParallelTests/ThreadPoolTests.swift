import Synchronization
import Testing

@testable import Parallel

@Suite struct ThreadPoolTests {
    @Test("every chunk runs once, in every loop", arguments: [1, 2, 5])
    func once(_ threads: Int) throws {
        let pool = try ThreadPool(threads: threads)
        let counts = (0..<97).map { _ in Counter() }
        for loop in 0..<2000 {
            pool.run(chunks: loop % 98) { _, chunk in counts[chunk].value.add(1, ordering: .relaxed) }
        }
        for (chunk, counter) in counts.enumerated() {
            let wanted = (0..<2000).count { chunk < $0 % 98 }
            #expect(counter.value.load(ordering: .relaxed) == wanted, "chunk \(chunk)")
        }
    }

    @Test("ranges cover the whole, each with bounds at the grain", arguments: [1, 2, 3])
    func ranges(_ threads: Int) throws {
        let pool = try ThreadPool(threads: threads)
        for count in [1, 31, 32, 33, 500, 1024] {
            let seen = (0..<count).map { _ in Counter() }
            pool.run(over: count, grain: 32) { worker, range in
                #expect((0..<threads).contains(worker))
                #expect(range.lowerBound % 32 == 0)
                for index in range { seen[index].value.add(1, ordering: .relaxed) }
            }
            #expect(seen.allSatisfy { $0.value.load(ordering: .relaxed) == 1 }, "of \(count)")
        }
    }

    @Test("a loop over nothing runs nothing")
    func empty() throws {
        try ThreadPool(threads: 2).run(over: 0, grain: 32) { _, _ in Issue.record("called") }
    }

    @Test("a worker's number is held by one thread at a time", arguments: [2, 5])
    func numbers(_ threads: Int) throws {
        let pool = try ThreadPool(threads: threads)
        let inside = (0..<threads).map { _ in Counter() }
        for _ in 0..<500 {
            pool.run(chunks: 40) { worker, _ in
                let before = inside[worker].value.add(1, ordering: .acquiringAndReleasing).oldValue
                if before != 0 { Issue.record("two threads have number \(worker)") }
                inside[worker].value.subtract(1, ordering: .acquiringAndReleasing)
            }
        }
    }

    private final class Counter: Sendable {
        let value = Atomic<Int>(0)
    }
}

import CKernels
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// A loop that the caller and the workers of a `ThreadPool` share.
///
/// Each thread has a ticket: the chunks of its share that are not taken, next and end in one word. Chunks are taken by
/// compare-and-exchange. A thread that took one may use `body`, however late it is: the caller waits for every chunk
/// that was taken, and writes `body` before it writes tickets.
final class ParallelLoop: @unchecked Sendable {
    typealias Body = (_ worker: Int, _ chunk: Int) -> Void

    static let chunksMax = Int(Int32.max)
    /// About 50 µs of looking at one cache line.
    private static let spinsBeforeSleep = 2_000

    /// Apart by two cache lines, since CPUs fetch lines in pairs.
    private struct Ticket: ~Copyable {
        let open = Atomic<UInt64>(0)
        private let padding = (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
    }

    private let threads: Int
    private let tickets: UnsafeMutablePointer<Ticket>
    /// Number of the loop published last.
    private let loop = Atomic<UInt64>(0)
    private let body = Atomic<UInt>(0)
    private let done = Atomic<Int>(0)
    private let sleepers = Atomic<Int>(0)
    private let stopped = Atomic<Bool>(false)
    private let bed = Monitor()
    private let backoff = ContentionBackoff()
    let ahead = ReadAhead()

    init(threads: Int) {
        self.threads = threads
        tickets = .allocate(capacity: threads)
        for index in 0..<threads { (tickets + index).initialize(to: Ticket()) }
    }

    deinit {
        tickets.deinitialize(count: threads)
        tickets.deallocate()
    }

    func run(chunks: Int, _ work: @escaping Body) {
        let start = ContentionBackoff.now()
        if backoff.isOn(at: start) {
            for chunk in 0..<chunks { work(0, chunk) }
            return
        }
        var work = work
        withUnsafeMutablePointer(to: &work) { pointer in
            done.store(0, ordering: .relaxed)
            body.store(UInt(bitPattern: pointer), ordering: .relaxed)
            for thread in 0..<threads {
                let (next, end) = (chunks * thread / threads, chunks * (thread + 1) / threads)
                tickets[thread].open.store(UInt64(next) << 32 | UInt64(end), ordering: .releasing)
            }
            loop.store(loop.load(ordering: .relaxed) &+ 1, ordering: .sequentiallyConsistent)
            if sleepers.load(ordering: .sequentiallyConsistent) > 0 {
                bed.locked { bed.wakeAll() }
            }
            takeChunks(worker: 0)
            waitForOthers(chunks: chunks, since: start)
        }
    }

    private func waitForOthers(chunks: Int, since start: UInt64) {
        var reading = ahead.share(of: 0, threads: threads)
        for _ in 0..<Self.spinsBeforeSleep {
            if done.load(ordering: .acquiring) == chunks { return }
            reading.fetchLine()
            lk_spin()
        }
        let computed = ContentionBackoff.now()
        while done.load(ordering: .acquiring) < chunks { sched_yield() }
        backoff.note(started: start, waitedSince: computed, until: ContentionBackoff.now())
    }

    func work(worker: Int) {
        var last: UInt64 = 0
        while !stopped.load(ordering: .relaxed) {
            last = nextLoop(after: last, worker: worker)
            takeChunks(worker: worker)
        }
    }

    func stop() {
        bed.locked {
            stopped.store(true, ordering: .sequentiallyConsistent)
            bed.wakeAll()
        }
    }

    /// Takes chunks of its own share and then of the others'.
    private func takeChunks(worker: Int) {
        var count = 0
        // Read once: to call it by its address would count a reference up and down, which threads do in turns.
        var work: Body?
        for offset in 0..<threads {
            let ticket = tickets + (worker + offset) % threads
            var current = ticket.pointee.open.load(ordering: .acquiring)
            while current >> 32 < current & 0xffff_ffff {
                let (taken, seen) = ticket.pointee.open.weakCompareExchange(
                    expected: current, desired: current &+ 1 << 32, ordering: .acquiringAndReleasing)
                guard taken else {
                    current = seen
                    continue
                }
                if work == nil { work = UnsafePointer<Body>(bitPattern: body.load(ordering: .relaxed))?.pointee }
                work?(worker, Int(current >> 32))
                count += 1
                current = ticket.pointee.open.load(ordering: .acquiring)
            }
        }
        work = nil
        // Once for all: while it holds chunks that are not counted, the loop cannot end and no other can begin.
        if count > 0 { done.add(count, ordering: .acquiringAndReleasing) }
    }

    /// Waits until a loop newer than `last` is published, or the pool stops.
    private func nextLoop(after last: UInt64, worker: Int) -> UInt64 {
        var reading = ahead.share(of: worker, threads: threads)
        for _ in 0..<Self.spinsBeforeSleep {
            let loop = loop.load(ordering: .acquiring)
            if loop != last { return loop }
            reading.fetchLine()
            lk_spin()
        }
        return bed.locked {
            sleepers.add(1, ordering: .sequentiallyConsistent)
            defer { sleepers.subtract(1, ordering: .sequentiallyConsistent) }
            while true {
                let loop = loop.load(ordering: .sequentiallyConsistent)
                if loop != last || stopped.load(ordering: .sequentiallyConsistent) { return loop }
                bed.wait()
            }
        }
    }
}

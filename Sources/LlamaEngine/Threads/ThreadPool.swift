import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Threads that share one loop at a time: `run` cuts work into chunks, and every thread, the caller among them, takes
/// the next chunk until none is left.
///
/// Chunks are taken, not dealt: a worker that the system has put aside holds up nothing but a chunk it already took, so a
/// busy machine costs speed, never a stall. Between loops workers spin for about 50 µs, the distance between two loops of
/// one forward pass, and then sleep.
///
/// One caller at a time (the scheduler's thread); a chunk's body must not call `run`.
package final class ThreadPool: Sendable {
    /// Threads that compute, the caller's included.
    package let threads: Int
    private let shared: Shared
    private let workers: [Thread]

    /// - Throws: `EngineFailure.threadNotStarted`.
    package init(threads: Int) throws(EngineFailure) {
        let shared = Shared()
        self.threads = max(1, min(threads, Self.threadsMax))
        self.shared = shared
        var started: [Thread] = []
        do throws(EngineFailure) {
            for index in 1..<self.threads {
                started.append(try Thread.start(name: "llama-\(index)") { shared.work(worker: index) })
            }
        } catch {
            shared.stop()
            started.forEach { $0.join() }
            throw error
        }
        workers = started
    }

    deinit {
        shared.stop()
        workers.forEach { $0.join() }
    }

    /// Upper bound of `threads`; more never helped a memory-bound loop.
    package static let threadsMax = 256

    /// Upper bound of a loop's chunks.
    static let chunksMax = Shared.chunksMax

    /// Calls `body(worker, chunk)` once for each chunk in `0..<chunks`, on any thread, and returns when all are done.
    /// `worker` is in `0..<threads` and is held by one thread at a time: index scratch memory with it.
    func run(chunks: Int, _ body: (_ worker: Int, _ chunk: Int) -> Void) {
        guard chunks > 1, threads > 1 else {
            for chunk in 0..<max(0, chunks) { body(0, chunk) }
            return
        }
        precondition(chunks <= Shared.chunksMax, "a loop has at most \(Shared.chunksMax) chunks")
        withoutActuallyEscaping(body) { shared.run(chunks: chunks, $0) }
    }

    /// Cuts `0..<count` into ranges whose bounds are multiples of `grain`, about three for each thread, and calls
    /// `body(worker, range)` for each.
    func run(over count: Int, grain: Int, _ body: (_ worker: Int, _ range: Range<Int>) -> Void) {
        let grains = (count + grain - 1) / grain
        let chunks = threads == 1 ? 1 : min(grains, threads * 3)
        run(chunks: chunks) { worker, chunk in
            let lower = grains * chunk / chunks * grain
            let upper = min(count, grains * (chunk + 1) / chunks * grain)
            if lower < upper { body(worker, lower..<upper) }
        }
    }
}

/// What caller and workers share. A loop is published as one word, the ticket: its number in the upper bits, how many
/// chunks nobody has taken yet in the lower. A chunk is taken by counting the ticket down; that succeeds only while its
/// loop is the current one, and the caller publishes no other before every chunk that was taken is done. So a worker
/// that succeeded may read `body` safely, however late it comes.
private final class Shared: Sendable {
    typealias Body = (Int, Int) -> Void

    static let chunkBits = UInt64(20)
    static let chunksMax = (1 << 20) - 1
    private static let chunkMask: UInt64 = 1 << chunkBits - 1
    /// About 50 µs of looking at one cache line.
    private static let spinsBeforeSleep = 20_000

    private let ticket = Atomic<UInt64>(0)
    private let body = Atomic<UInt>(0)
    private let done = Atomic<Int>(0)
    private let sleepers = Atomic<Int>(0)
    private let stopped = Atomic<Bool>(false)
    private let bed = Monitor()

    func run(chunks: Int, _ work: @escaping Body) {
        var work = work
        withUnsafeMutablePointer(to: &work) { pointer in
            done.store(0, ordering: .relaxed)
            body.store(UInt(bitPattern: pointer), ordering: .relaxed)
            let loop = ticket.load(ordering: .relaxed) >> Self.chunkBits &+ 1
            ticket.store(loop << Self.chunkBits | UInt64(chunks), ordering: .sequentiallyConsistent)
            if sleepers.load(ordering: .sequentiallyConsistent) > 0 {
                bed.locked { bed.wakeAll() }
            }
            takeChunks(worker: 0, loop: loop)
            var spins = 0
            while done.load(ordering: .acquiring) < chunks {
                spins += 1
                if spins > Self.spinsBeforeSleep { sched_yield() }
            }
        }
    }

    func work(worker: Int) {
        var last: UInt64 = 0
        while !stopped.load(ordering: .relaxed) {
            let loop = nextLoop(after: last)
            takeChunks(worker: worker, loop: loop)
            last = loop
        }
    }

    func stop() {
        bed.locked {
            stopped.store(true, ordering: .sequentiallyConsistent)
            bed.wakeAll()
        }
    }

    private func takeChunks(worker: Int, loop: UInt64) {
        var current = ticket.load(ordering: .acquiring)
        while current >> Self.chunkBits == loop {
            let left = Int(current & Self.chunkMask)
            if left == 0 { return }
            let (taken, seen) = ticket.weakCompareExchange(
                expected: current, desired: current &- 1, ordering: .acquiringAndReleasing)
            guard taken else {
                current = seen
                continue
            }
            if let work = UnsafePointer<Body>(bitPattern: body.load(ordering: .relaxed)) {
                work.pointee(worker, left - 1)
            }
            done.add(1, ordering: .acquiringAndReleasing)
            current = ticket.load(ordering: .acquiring)
        }
    }

    /// Waits until a loop newer than `last` is published, or the pool stops.
    private func nextLoop(after last: UInt64) -> UInt64 {
        for _ in 0..<Self.spinsBeforeSleep {
            let loop = ticket.load(ordering: .acquiring) >> Self.chunkBits
            if loop != last { return loop }
        }
        return bed.locked {
            sleepers.add(1, ordering: .sequentiallyConsistent)
            defer { sleepers.subtract(1, ordering: .sequentiallyConsistent) }
            while true {
                let loop = ticket.load(ordering: .sequentiallyConsistent) >> Self.chunkBits
                if loop != last || stopped.load(ordering: .sequentiallyConsistent) { return loop }
                bed.wait()
            }
        }
    }
}

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Threads that share one loop at a time: `run` cuts work into chunks and gives each thread, the caller among them, a
/// share of them to begin with; a thread that is done takes what others have not begun.
///
/// Shares make a thread read the same part of a matrix as it asked for ahead (`prefetch`). That chunks are taken means
/// that a thread which the system has put aside holds up nothing but a chunk that it already took. Where even that
/// happens, the caller computes alone for a while: one core of its own is faster than two of which another process has
/// one (`ContentionBackoff`).
///
/// Between loops workers spin for about 50 µs, the distance between two loops of one forward pass, and then sleep.
///
/// One caller at a time (the scheduler's thread); a chunk's body must not call `run`.
package final class ThreadPool: Sendable {
    /// Threads that compute, the caller's included.
    package let threads: Int
    private let shared: ParallelLoop
    private let workers: [Thread]

    /// - Throws: `ThreadPoolError.threadNotStarted`; `instructionSetRefused`, here because whatever computes needs a
    ///   pool.
    package init(threads: Int) throws(ThreadPoolError) {
        try InstructionSet.check()
        let threads = max(1, min(threads, Self.threadsMax))
        let shared = ParallelLoop(threads: threads)
        self.threads = threads
        self.shared = shared
        var started: [Thread] = []
        do throws(ThreadPoolError) {
            for index in 1..<threads {
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

    /// Calls `body(worker, chunk)` once for each chunk in `0..<chunks`, on any thread, and returns when all are done.
    /// `worker` is in `0..<threads` and is held by one thread at a time: index scratch memory with it.
    package func run(chunks: Int, _ body: (_ worker: Int, _ chunk: Int) -> Void) {
        guard chunks > 1, threads > 1 else {
            for chunk in 0..<max(0, chunks) { body(0, chunk) }
            return
        }
        precondition(chunks <= ParallelLoop.chunksMax, "a loop has at most \(ParallelLoop.chunksMax) chunks")
        withoutActuallyEscaping(body) { shared.run(chunks: chunks, $0) }
    }

    /// Cuts `0..<count` into ranges whose bounds are multiples of `grain`, about six for each thread, and calls
    /// `body(worker, range)` for each.
    package func run(over count: Int, grain: Int, _ body: (_ worker: Int, _ range: Range<Int>) -> Void) {
        let grains = (count + grain - 1) / grain
        let chunks = threads == 1 ? 1 : min(grains, threads * 6)
        run(chunks: chunks) { worker, chunk in
            let lower = grains * chunk / chunks * grain
            let upper = min(count, grains * (chunk + 1) / chunks * grain)
            if lower < upper { body(worker, lower..<upper) }
        }
    }

    /// Says what the loop after the next reads, evenly shared by its chunks. Threads that wait for that loop bring the
    /// first part of their share into their caches meanwhile. A hint: nothing is read, and the memory may go away.
    package func prefetch(_ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer? = nil) {
        guard threads > 1 else { return }
        shared.ahead.set(first, second ?? UnsafeRawBufferPointer(start: nil, count: 0))
    }
}

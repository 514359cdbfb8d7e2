import CChildProcess
import Foundation
import Synchronization

/// One thread that waits for descriptors and moments of all children, so that a child costs no thread. It never ends.
final class EventLoop: Sendable {
    /// Ends of children, their limits, and moments. Nothing here may wait.
    static let exits = EventLoop(name: "child-exits")
    /// The loop for output of children. A slow callback delays lines, and the notice of an end, which comes after the
    /// last line.
    static let output = EventLoop(name: "child-output")

    typealias Job = @Sendable (Turn) -> Void

    private let jobs = Mutex<[Job]>([])
    /// A pipe that ends the wait; -1 when there was no descriptor left for it: then new jobs wait for a moment.
    private let wakeRead: Int32
    private let wakeWrite: Int32

    init(name: String) {
        var ends: [Int32] = [-1, -1]
        if ccp_pipe(&ends) != 0 { ends = [-1, -1] }
        (wakeRead, wakeWrite) = (ends[0], ends[1])
        let thread = Thread { [self] in
            let turn = Turn()
            while true { wait(turn) }
        }
        thread.name = name
        thread.start()
    }

    /// Runs `job` on the thread, soon.
    func run(_ job: @escaping Job) {
        let isFirst = jobs.withLock { jobs in
            jobs.append(job)
            return jobs.count == 1
        }
        // Not one byte a job: the pipe could fill, and the thread wait for itself.
        if isFirst { _ = write(wakeWrite, [1], 1) }
    }

    /// Runs `job` on the thread when `seconds` have passed.
    func run(after seconds: Double, _ job: @escaping Job) {
        run { $0.after(seconds, job) }
    }

    private func wait(_ turn: Turn) {
        var descriptors = turn.handlers.keys.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        descriptors.append(pollfd(fd: wakeRead, events: Int16(POLLIN), revents: 0))
        let longest: Int32 = wakeRead < 0 ? 10 : -1
        let count = poll(&descriptors, nfds_t(descriptors.count), turn.milliseconds(atMost: longest))
        if count > 0, descriptors[descriptors.count - 1].revents != 0 {
            var bytes = [UInt8](repeating: 0, count: 64)
            _ = read(wakeRead, &bytes, bytes.count)
        }
        for job in jobs.withLock({ jobs in
            defer { jobs = [] }
            return jobs
        }) { job(turn) }
        for descriptor in descriptors where count > 0 && descriptor.revents != 0 {
            // It may have been forgotten by a handler before this one.
            turn.handlers[descriptor.fd]?(turn)
        }
        turn.runDue()
    }

    /// Access to the thread's state. Only jobs and handlers get it, so a descriptor is never closed while the thread
    /// waits for it.
    final class Turn {
        fileprivate var handlers: [Int32: Job] = [:]
        private var timers: [(due: ContinuousClock.Instant, job: Job)] = []

        /// Calls `handler` whenever `descriptor` can be read or has ended.
        func watch(_ descriptor: Int32, _ handler: @escaping Job) { handlers[descriptor] = handler }

        func forget(_ descriptor: Int32) { handlers[descriptor] = nil }

        func after(_ seconds: Double, _ job: @escaping Job) {
            let due = ContinuousClock.now + .seconds(seconds)
            let place = timers.firstIndex { $0.due > due } ?? timers.count
            timers.insert((due, job), at: place)
        }

        fileprivate func milliseconds(atMost longest: Int32) -> Int32 {
            guard let first = timers.first else { return longest }
            let left = (first.due - ContinuousClock.now).components
            let milliseconds = left.seconds * 1000 + left.attoseconds / 1_000_000_000_000_000 + 1
            let wanted = Int32(clamping: max(0, milliseconds))
            return longest < 0 ? wanted : min(longest, wanted)
        }

        fileprivate func runDue() {
            let now = ContinuousClock.now
            while let first = timers.first, first.due <= now {
                timers.removeFirst()
                first.job(self)
            }
        }
    }
}

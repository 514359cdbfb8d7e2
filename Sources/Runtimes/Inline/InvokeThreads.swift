import ContractBridge
import Dispatch
import Foundation
import Synchronization

/// The threads on which the functions of one instance are called: one, and one more for each call that blocks although
/// the contract says that it must not. So a provider that blocks holds up only itself. An instance that has always
/// returned at once is called on the caller's thread (`ThreadLoan`).
package final class InvokeThreads: Sendable {
    package static let threadsMax = 64
    /// A function that has not returned for so long is taken to block: another thread takes what waits behind it.
    private static let patience = DispatchTimeInterval.milliseconds(5)
    /// A thread beyond the first ends when it had nothing to do for so long.
    private static let idleSeconds = 10.0

    /// Takes what is to run on a thread that is lent.
    typealias Lend = (@escaping @Sendable () -> Void) -> Void

    /// One entry into the provider.
    package struct Entry: Sendable {
        /// "create", "invoke", "cancel" or "destroy".
        package var function: String
        package var method: String
        package var requestID: String
        /// Set when it begins.
        package fileprivate(set) var began = DispatchTime.distantFuture
        fileprivate var isReported = false

        init(_ function: String, method: String = "", requestID: String = "") {
            self.function = function
            self.method = method
            self.requestID = requestID
        }

        package var seconds: Double {
            let now = DispatchTime.now().uptimeNanoseconds
            return now < began.uptimeNanoseconds ? 0 : Double(now - began.uptimeNanoseconds) / 1e9
        }
    }

    private struct Job: Sendable {
        var entry: Entry
        var run: @Sendable () -> Void
    }

    private struct State {
        var jobs: [Job] = []
        /// The first of `jobs` that has not been taken.
        var first = 0
        var threads = 0
        /// Threads that wait and have not been signalled.
        var idle = 0
        var isWatching = false
        var isClosed = false
        /// The function that each thread is in.
        var inside: [Entry?] = []
        /// The slots of `inside` whose threads have ended.
        var freeSlots: [Int] = []
        var loan = ThreadLoan()

        var isEmpty: Bool { first == jobs.count }

        mutating func take(_ slot: Int) -> Job? {
            guard !isEmpty else { return nil }
            let job = jobs[first]
            first += 1
            if first == jobs.count { (jobs, first) = ([], 0) }
            enter(slot, job.entry)
            return job
        }

        mutating func enter(_ slot: Int, _ entry: Entry) {
            inside[slot] = entry
            inside[slot]?.began = .now()
        }

        mutating func leave(_ slot: Int) {
            guard let entry = inside[slot] else { return }
            loan.promptness.returned(afterSeconds: entry.seconds)
            inside[slot] = nil
        }

        mutating func takeSlot() -> Int {
            if let slot = freeSlots.popLast() { return slot }
            inside.append(nil)
            return inside.count - 1
        }

        /// The number of a new thread.
        mutating func addThread() -> Int {
            threads += 1
            return takeSlot()
        }

        mutating func endThread(_ slot: Int) {
            threads -= 1
            freeSlots.append(slot)
        }

        /// The slot of a caller that enters on its own thread; nil when it may not.
        mutating func enterHere(_ entry: Entry, isShared: Bool) -> Int? {
            guard isEmpty, loan.begin(isShared: isShared) else { return nil }
            let slot = takeSlot()
            enter(slot, entry)
            return slot
        }

        mutating func leaveHere(_ slot: Int) {
            leave(slot)
            freeSlots.append(slot)
            loan.end()
        }
    }

    private let name: String
    private let log: LogSink
    private let state = Mutex(State())
    private let work = DispatchSemaphore(value: 0)

    /// - Parameter name: "inference/cpu": of the threads too, as debuggers show it; 15 bytes of it.
    init(name: String, log: LogSink) {
        self.name = name
        self.log = log
        BlockedCallWatch.shared.add(self)
    }

    /// Calls a function of the provider on the caller's thread where that is one of Swift's shared ones and the
    /// instance has always returned at once, else soon on a thread of the instance.
    func runHere(_ entry: Entry, _ body: @escaping @Sendable () -> Void) {
        let isShared = withUnsafeCurrentTask { $0 != nil }
        guard isShared, let slot = state.withLock({ $0.enterHere(entry, isShared: true) }) else {
            return run(entry, body)
        }
        body()
        state.withLock { $0.leaveHere(slot) }
    }

    /// Calls a function of the provider by `lend`, on a thread that is not one of Swift's, where the instance has
    /// always returned at once; else soon on a thread of the instance.
    func runHere(_ entry: Entry, _ lend: Lend, _ body: @escaping @Sendable () -> Void) {
        guard let slot = state.withLock({ $0.enterHere(entry, isShared: false) }) else { return run(entry, body) }
        lend { [self] in
            body()
            state.withLock { $0.leaveHere(slot) }
        }
    }

    /// Calls a function of the provider soon. Any thread; never blocks.
    func run(_ entry: Entry, _ body: @escaping @Sendable () -> Void) {
        enum Step { case wake, start(Int), watch, none }
        let step = state.withLock { state -> Step in
            state.jobs.append(Job(entry: entry, run: body))
            if state.idle > 0 {
                state.idle -= 1
                return .wake
            }
            if state.threads == 0 { return .start(state.addThread()) }
            guard !state.isWatching else { return .none }
            state.isWatching = true
            return .watch
        }
        switch step {
        case .wake: work.signal()
        case .start(let slot): start(slot)
        case .watch: watch()
        case .none: break
        }
    }

    /// Threads end as they come free; what was given to run before still runs.
    func close() {
        let idle = state.withLock { state in
            state.isClosed = true
            defer { state.idle = 0 }
            return state.idle
        }
        for _ in 0..<idle { work.signal() }
    }

    /// The oldest entry that has not returned.
    package var oldest: Entry? {
        state.withLock { state in state.inside.compactMap(\.self).min { $0.began < $1.began } }
    }

    /// Logs each entry that has not returned for a second, once.
    fileprivate func report() {
        let late = state.withLock { state -> [Entry] in
            var late: [Entry] = []
            for (slot, entry) in state.inside.enumerated() {
                guard let entry, !entry.isReported, entry.seconds >= 1 else { continue }
                state.inside[slot]?.isReported = true
                late.append(entry)
            }
            return late
        }
        for entry in late {
            var fields = ["method": entry.method, "request_id": entry.requestID]
            fields = fields.filter { !$0.value.isEmpty }
            log.log(.warning, "\(entry.function) has not returned for 1 s", fields, source: name)
        }
    }

    /// While jobs wait and every thread is busy: another thread, each time patience runs out.
    private func watch() {
        DispatchQueue.global(qos: .userInitiated).asyncAfter(deadline: .now() + Self.patience) { [self] in
            let (isWaiting, slot) = state.withLock { state -> (Bool, Int?) in
                state.isWatching = !state.isEmpty && state.threads < Self.threadsMax
                guard state.isWatching, state.idle == 0 else { return (state.isWatching, nil) }
                return (true, state.addThread())
            }
            if let slot { start(slot) }
            if isWaiting { watch() }
        }
    }

    private func start(_ slot: Int) {
        let thread = Thread { [self] in serve(slot) }
        thread.name = name
        thread.qualityOfService = .userInitiated
        thread.stackSize = ProviderStack.bytes
        thread.start()
    }

    private func serve(_ slot: Int) {
        while true {
            enum Next { case job(Job), wait, leave }
            let next = state.withLock { state -> Next in
                state.leave(slot)
                if let job = state.take(slot) { return .job(job) }
                if state.isClosed {
                    state.endThread(slot)
                    return .leave
                }
                state.idle += 1
                return .wait
            }
            switch next {
            case .job(let job): job.run()
            case .leave: return
            case .wait: if !waitForWork(slot) { return }
            }
        }
    }

    /// False when this thread is to end.
    private func waitForWork(_ slot: Int) -> Bool {
        if work.wait(timeout: .now() + Self.idleSeconds) == .success { return true }
        enum Step { case leave, stay, signalled }
        let step = state.withLock { state -> Step in
            // Signalled between the end of the wait and here: the signal is still to be taken.
            guard state.idle > 0 else { return .signalled }
            state.idle -= 1
            guard state.threads > 1 else { return .stay }
            state.endThread(slot)
            return .leave
        }
        if step == .signalled { work.wait() }
        return step != .leave
    }
}

/// Looks once a second whether a provider's function has not returned. One timer for all instances.
private final class BlockedCallWatch: Sendable {
    static let shared = BlockedCallWatch()

    private struct Watched: Sendable { weak var threads: InvokeThreads? }

    private let watched = Mutex<[Watched]>([])

    func add(_ threads: InvokeThreads) {
        let isFirst = watched.withLock { watched in
            watched.append(Watched(threads: threads))
            return watched.count == 1
        }
        if isFirst { next() }
    }

    /// Stops when no instance is left.
    private func next() {
        DispatchQueue.global(qos: .utility).asyncAfter(deadline: .now() + 0.5) { [self] in
            let alive = watched.withLock { watched -> [InvokeThreads] in
                watched.removeAll { $0.threads == nil }
                return watched.compactMap(\.threads)
            }
            for threads in alive { threads.report() }
            if !alive.isEmpty { next() }
        }
    }
}

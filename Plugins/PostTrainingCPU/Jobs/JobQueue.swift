import Foundation
import InferenceCPU
import Parallel
import ProviderKit
import Synchronization

/// Runs the jobs that wait, in the order in which they were accepted, as many at a time as the configuration says.
final class JobQueue: Sendable {
    private struct Running {
        let signal: JobSignal
        /// Those that wait for its end.
        var watchers: [CheckedContinuation<Bool, Never>] = []
    }

    private struct State {
        var waiting: [Job] = []
        /// Those that were cancelled between their acceptance and their place in the queue. One that ended at that
        /// moment may stay.
        var cancelledEarly: Set<Int64> = []
        /// Those that end without having run, and who waits for that.
        var cancelling: [Int64: [CheckedContinuation<Bool, Never>]] = [:]
        var running: [Int64: Running] = [:]
        var logs: [Int64: JobLog] = [:]
        var isClosing = false
        /// The job that waits for memory, once its log says so.
        var saidToWait: Int64?
        var closers: [CheckedContinuation<Void, Never>] = []

        /// Has a cancelled job's end waited for, if it runs or another cancels it.
        mutating func watch(_ job: Job, _ watcher: CheckedContinuation<Bool, Never>) -> Bool {
            if let running = running[job.id] {
                running.signal.set(.cancel)
                self.running[job.id]?.watchers.append(watcher)
                return true
            }
            cancelling[job.id]?.append(watcher)
            return cancelling[job.id] != nil
        }

        /// Takes a job that does not run out of the queue, or sees to it that it does not come in.
        mutating func withdraw(_ job: Job) {
            cancelling[job.id] = []
            if let place = waiting.firstIndex(where: { $0.id == job.id }) {
                waiting.remove(at: place)
            } else if !job.status.hasEnded {
                cancelledEarly.insert(job.id)
            }
        }
    }

    private let host: JobHost
    private let folder: String
    private let state = Mutex(State())
    private let bytesFree: @Sendable () -> Int?

    /// - Parameter folder: of all jobs' folders.
    init(_ host: JobHost, folder: String, bytesFree: @escaping @Sendable () -> Int?) {
        (self.host, self.folder, self.bytesFree) = (host, folder, bytesFree)
    }

    func folder(of job: Job) -> JobFolder { JobFolder(path: "\(folder)/\(job.folder)") }

    /// Takes jobs that were accepted, but for those that were cancelled meanwhile.
    func add(_ jobs: [Job]) {
        state.withLock { state in
            for job in jobs where state.cancelledEarly.remove(job.id) == nil { state.waiting.append(job) }
        }
        advance()
    }

    /// The log of a job; one object as long as it is not ended.
    func log(of job: Job) -> JobLog {
        let path = folder(of: job).logPath
        return state.withLock { state in
            if let log = state.logs[job.id] { return log }
            let log = JobLog(path: path, hasEnded: job.status.hasEnded)
            if !job.status.hasEnded { state.logs[job.id] = log }
            return log
        }
    }

    /// Ends the log of a job that ended between two looks at its row: no thread would end it otherwise.
    func settle(_ log: JobLog, of job: Job) {
        let isOver = state.withLock { state in
            guard state.running[job.id] == nil, state.cancelling[job.id] == nil else { return false }
            state.logs[job.id] = nil
            return true
        }
        if isOver { log.end() }
    }

    // MARK: Starting

    private enum Next {
        case start(Job, JobSignal)
        case waitForMemory(Job, saysSo: Bool, bytesFree: Int)
        case nothing
    }

    /// Starts what may start. Any thread; returns at once.
    private func advance() {
        while true {
            switch next() {
            case .nothing: return
            case .start(let job, let signal): start(job, signal)
            case .waitForMemory(let job, let saysSo, let free):
                if saysSo {
                    log(of: job).write(
                        "waits for memory: it takes about \(JobMemory.mebibytes(job.bytesEstimated)) MiB, and "
                            + "\(JobMemory.mebibytes(free)) are free")
                }
                DispatchQueue.global(qos: .utility).asyncAfter(deadline: .now() + 2) { [weak self] in self?.advance() }
                return
            }
        }
    }

    private func next() -> Next {
        state.withLock { state in
            guard !state.isClosing, let job = state.waiting.first,
                state.running.count < host.configuration.runningMax
            else { return .nothing }
            if let free = bytesFree(), job.bytesEstimated > free {
                defer { state.saidToWait = job.id }
                return .waitForMemory(job, saysSo: state.saidToWait != job.id, bytesFree: free)
            }
            state.waiting.removeFirst()
            let signal = JobSignal()
            state.running[job.id] = Running(signal: signal)
            return .start(job, signal)
        }
    }

    private func start(_ job: Job, _ signal: JobSignal) {
        let log = log(of: job)
        do throws(ThreadPoolError) {
            try Thread.start(name: "train-\(job.id)") { [self] in
                ThreadPriority.lower(host.configuration.priority)
                run(job, signal, log)
            }.detach()
        } catch {
            DispatchQueue.global().async { [self] in
                end(job, log, .failed, "\(error)")
                ended(job, log, isPaused: false)
            }
        }
    }

    // MARK: On the job's thread

    private func run(_ job: Job, _ signal: JobSignal, _ log: JobLog) {
        do {
            if job.deaths >= Self.deathsMax {
                throw JobFault("the process ended \(job.deaths) times while this job ran: it is not tried again")
            }
            try waiting { [host] in try await host.store.begin(job.id, at: Date()) }
            try JobRun(job, folder(of: job), log, signal, host).run()
            end(job, log, .completed, nil)
            ended(job, log, isPaused: false)
        } catch {
            // A wish that came too late to be seen does not matter.
            switch signal.current {
            case .pause:
                try? waiting { [host] in try await host.store.pause(job.id) }
                ended(job, log, isPaused: true)
            case .cancel:
                end(job, log, .failed, "\(JobFault.cancelled)")
                ended(job, log, isPaused: false)
            case .none:
                end(job, log, .failed, JobFault.reason(error))
                ended(job, log, isPaused: false)
            }
        }
    }

    private static let deathsMax = 3

    private func end(_ job: Job, _ log: JobLog, _ status: PostTrainingJobStatus, _ reason: String?) {
        log.write(reason.map { $0 == "cancelled" ? $0 : "failed: \($0)" } ?? "completed")
        do {
            _ = try waiting { [host] in try await host.store.end(job.id, status, reason, at: Date()) }
        } catch {
            host.log.error("the end of a job can't be stored", ["job": job.uuid, "error": "\(error)"])
        }
        host.log.info("job \(status.rawValue)", ["job": job.uuid, "reason": reason ?? ""])
    }

    private func ended(_ job: Job, _ log: JobLog, isPaused: Bool) {
        log.end()
        let (watchers, closers) = state.withLock { state in
            let watchers = state.running.removeValue(forKey: job.id)?.watchers ?? []
            if !isPaused { state.logs[job.id] = nil }
            let closers = state.running.isEmpty ? state.closers : []
            if state.running.isEmpty { state.closers = [] }
            return (watchers, closers)
        }
        for watcher in watchers { watcher.resume(returning: true) }
        for closer in closers { closer.resume() }
        advance()
    }

    // MARK: Ending

    /// Ends a job, and returns when it has. One that has ended is left as it is.
    func cancel(_ job: Job) async throws {
        let hasEnded = await withCheckedContinuation { (watcher: CheckedContinuation<Bool, Never>) in
            let isWatched = state.withLock { state in
                if state.watch(job, watcher) { return true }
                state.withdraw(job)
                return false
            }
            if !isWatched { watcher.resume(returning: false) }
        }
        guard !hasEnded else { return }
        // Where the disk refuses, those that wait try for themselves, and are told.
        var isOver = false
        defer {
            let watchers = state.withLock { $0.cancelling.removeValue(forKey: job.id) ?? [] }
            for watcher in watchers { watcher.resume(returning: isOver) }
            advance()
        }
        let wasEnded = try await host.store.end(job.id, .failed, "\(JobFault.cancelled)", at: Date())
        isOver = true
        guard wasEnded else { return }
        let log = log(of: job)
        try await DispatchQueue.global().run { log.write("\(JobFault.cancelled)") }
        log.end()
        state.withLock { $0.logs[job.id] = nil }
    }

    /// Stops what runs, so that the next start goes on with it, and returns when no thread is left.
    func close() async {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            let isDone = state.withLock { state in
                state.isClosing = true
                for running in state.running.values { running.signal.set(.pause) }
                for log in state.logs.values { log.end() }
                guard !state.running.isEmpty else { return true }
                state.closers.append(continuation)
                return false
            }
            if isDone { continuation.resume() }
        }
    }
}

extension Job {
    /// By formula, when it was accepted.
    var bytesEstimated: Int {
        if case .integer(let bytes)? = resources["bytes_estimated"] { Int(bytes) } else { 0 }
    }
}

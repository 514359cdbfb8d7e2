import CChildProcess
import Foundation
import Synchronization

/// A program that runs as a child of ours and can't outlive us: it dies with this process, in a session and process
/// group of its own, with what we name and nothing else: arguments, environment, descriptors, limits. Its end is known
/// by a pidfd: no SIGCHLD handler, no pid that may be another's by now. When it has ended, what is left of its process
/// group and of its control group is killed.
package final class ChildProcess: Sendable {
    package let pid: pid_t
    private let limits: LimitPlan
    private let group: ControlGroup?
    private let output: OutputLines
    /// The peak memory of this process when the child was made, which the kernel counts as the child's.
    private let ownPeakBytes: Int

    private struct State {
        /// Closed, and the pid free to be another's, when it is nil.
        var pidfd: Int32?
        var report: ExitReport?
        var waiting: [@Sendable (ExitReport) -> Void] = []
        var limit: ResourceLimits.Kind?
        var peakBytes: Int?
    }
    private let state: Mutex<State>

    /// Starts the program; returns when it runs. Blocks for some milliseconds: call it off Swift's pool.
    package static func start(_ options: Options) throws(Failure) -> ChildProcess {
        let answer: Result<ChildProcess, Failure> = SpawnThread.shared.run {
            do throws(Failure) { return .success(try Spawn(options).child()) } catch { return .failure(error) }
        }
        let child = try answer.get()
        child.watch()
        return child
    }

    init(pid: pid_t, pidfd: Int32, limits: LimitPlan, group: ControlGroup?, output: OutputLines) {
        (self.pid, self.limits, self.group, self.output) = (pid, limits, group, output)
        state = Mutex(State(pidfd: pidfd))
        ownPeakBytes = ProcessFacts(pid: getpid(), isWhole: false)?.peakResidentBytes ?? .max
    }

    // MARK: Signals

    /// False when it has ended.
    @discardableResult package func signal(_ number: Int32) -> Bool {
        state.withLock { $0.pidfd.map { ccp_signal($0, number) == 0 } ?? false }
    }

    /// To each process of its group. False when it has ended.
    @discardableResult package func signalGroup(_ number: Int32) -> Bool {
        // Under the lock: while the child is not reaped, its pid and its group's number can't be another's.
        state.withLock { $0.pidfd != nil && Foundation.kill(-pid, number) == 0 }
    }

    /// SIGKILL to its process group, and to its control group if it has one.
    package func kill() {
        signalGroup(SIGKILL)
        state.withLock { if $0.pidfd != nil { group?.kill() } }
    }

    /// SIGTERM to it; after `graceSeconds` what is left of its group is killed. Does not wait.
    package func terminate(graceSeconds: Double) {
        guard signal(SIGTERM) else { return }
        EventLoop.exits.run(after: graceSeconds) { _ in self.kill() }
    }

    // MARK: Control groups of version 1, entered after the start

    /// Whether there are any.
    package var hasGroupsToEnter: Bool { group?.hasVersion1 ?? false }

    /// Moves the child, or processes that it has started, into its control groups. Nothing for those that have ended.
    package func enterGroups(_ pids: [pid_t]) throws {
        for pid in pids { try group?.enter(pid) }
    }

    // MARK: Its end

    /// nil while it runs.
    package var report: ExitReport? { state.withLock { $0.report } }

    /// Calls `body` once, when it has ended and its last line was passed on; at once when that is so already.
    package func onExit(_ body: @escaping @Sendable (ExitReport) -> Void) {
        let report = state.withLock { state in
            if state.report == nil { state.waiting.append(body) }
            return state.report
        }
        if let report { body(report) }
    }

    package func exit() async -> ExitReport {
        await withCheckedContinuation { continuation in onExit { continuation.resume(returning: $0) } }
    }

    /// nil when it has ended.
    package var facts: ProcessFacts? {
        state.withLock { $0.pidfd == nil ? nil : ProcessFacts(pid: pid) }
    }

    private func watch() {
        output.start()
        EventLoop.exits.run { turn in
            guard let pidfd = self.state.withLock({ $0.pidfd }) else { return }
            turn.watch(pidfd) { self.readable(pidfd, $0) }
            turn.after(Self.lookSeconds) { self.look($0) }
        }
    }

    private func readable(_ pidfd: Int32, _ turn: EventLoop.Turn) {
        let ended = state.withLock { state -> (status: ExitStatus, peak: UInt64)? in
            var (status, peak): (Int32, UInt64) = (0, 0)
            let found = ccp_reap(pid, 1, &status, &peak)
            if found == 0 { return nil }
            // Before it is reaped: until then the number of its group can't be another's.
            if found == 1 { Foundation.kill(-pid, SIGKILL) }
            let reaped = found == 1 && ccp_reap(pid, 0, &status, &peak) == 1
            state.pidfd = nil
            return reaped ? (ExitStatus(waited: status), peak) : (.unknown, 0)
        }
        guard let ended else { return }
        turn.forget(pidfd)
        close(pidfd)
        let report = makeReport(ended.status, kernelPeak: Int(clamping: ended.peak))
        removeGroup(turn, tries: 200)
        output.finish { self.deliver(report) }
    }

    private func makeReport(_ status: ExitStatus, kernelPeak: Int) -> ExitReport {
        let (limit, seen) = state.withLock { ($0.limit, $0.peakBytes) }
        let wasKilledByKernel = (group?.memoryKills ?? 0) > 0
        let looked = kernelPeak > ownPeakBytes ? max(kernelPeak, seen ?? 0) : seen
        return ExitReport(
            status: status, limit: limit ?? (wasKilledByKernel ? .memory : nil),
            peakMemoryBytes: group?.peakMemoryBytes ?? looked, processesRefused: group?.processesRefused ?? 0)
    }

    private func deliver(_ report: ExitReport) {
        let waiting = state.withLock { state in
            state.report = report
            defer { state.waiting = [] }
            return state.waiting
        }
        for body in waiting { body(report) }
    }

    /// Processes that left the process group are still in the control group.
    private func removeGroup(_ turn: EventLoop.Turn, tries: Int) {
        guard let group, !group.remove(), tries > 0 else { return }
        group.kill()
        turn.after(0.01) { self.removeGroup($0, tries: tries - 1) }
    }

    // MARK: Looks at it, and the limits that we hold ourselves

    private static let lookSeconds = 0.1
    /// Above half of its memory: half of it can be filled in little time.
    private static let closeLookSeconds = 0.02
    private static let idleLookSeconds = 1.0

    private func look(_ turn: EventLoop.Turn) {
        guard state.withLock({ $0.pidfd != nil }) else { return }
        if let facts = ProcessFacts(pid: pid, isWhole: false) {
            state.withLock { $0.peakBytes = max($0.peakBytes ?? 0, facts.peakResidentBytes) }
        }
        var next = Self.idleLookSeconds
        if limits.watchedMemoryBytes != nil || limits.watchedProcesses != nil {
            next = Self.lookSeconds
            let members = ProcessTable.shared.members(of: pid)
            let use = GroupUse(members: members)
            if let most = limits.watchedProcesses, use.tasks > most { end(for: .processes) }
            if let most = limits.watchedMemoryBytes {
                if use.memoryBytes > most / 2 { next = Self.closeLookSeconds }
                if use.memoryBytes > most, Self.isReallyAbove(most, members) {
                    // It may have grown since the look at the child alone.
                    state.withLock { $0.peakBytes = max($0.peakBytes ?? 0, use.memoryBytes) }
                    end(for: .memory)
                }
            }
        }
        turn.after(next) { self.look($0) }
    }

    private static func isReallyAbove(_ most: Int, _ members: [pid_t]) -> Bool {
        guard members.count > 1, let part = GroupUse.proportionalMemoryBytes(members: members) else { return true }
        return part > most
    }

    private func end(for limit: ResourceLimits.Kind) {
        state.withLock { $0.limit = $0.limit ?? limit }
        kill()
    }
}

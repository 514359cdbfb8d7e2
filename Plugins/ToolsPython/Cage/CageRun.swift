import CChildProcess
import ChildProcess
import Foundation
import ProviderKit
import Synchronization

/// One run of code in a cage: starts it, feeds it, reads what it writes, looks at what it uses, and ends it. On the
/// thread that calls `outcome`, which waits; `cancel` from any.
final class CageRun: Sendable {
    private let cage: Cage
    private let code: [UInt8]
    private let alarm: Alarm
    private let launcherWords = Mutex<[String]>([])

    init(_ cage: Cage, code: [UInt8]) throws {
        self.cage = cage
        self.code = code
        alarm = try Alarm()
    }

    func cancel() { alarm.cancel() }

    func outcome() throws -> CageOutcome {
        if alarm.isCancelled { throw CancellationError() }
        let pipes = try CagePipes()
        let child = try start(pipes)
        pipes.closeTheirs()
        child.onExit { _ in self.alarm.ring() }
        var inside = CageInside(child)
        defer { inside.end() }
        var feed = code[...]
        var stopped: CageLimit?
        let begun = ContinuousClock.now
        let deadline = begun + .seconds(cage.limits.secondsMax)
        var nextLook = begun + Self.lookInterval
        while child.report == nil {
            pipes.wait(alarm, isFeeding: !feed.isEmpty, until: nextLook)
            pipes.feed(&feed)
            pipes.read(outputMost: cage.limits.outputBytesMax, reportMost: reportBytesMax)
            if inside.isUnknown, let first = pipes.firstProcess { inside.know(first) }
            let now = ContinuousClock.now
            let isCancelled = alarm.isCancelled
            if stopped == nil {
                if pipes.isOverOutput { stopped = .output }
                if now >= deadline { stopped = .seconds }
                if now >= nextLook, stopped == nil { stopped = inside.limit(passed: cage) }
            }
            if stopped != nil || isCancelled { inside.kill() }
            if now >= nextLook { nextLook = now + Self.lookInterval }
        }
        inside.end()
        pipes.readRest(outputMost: cage.limits.outputBytesMax, reportMost: reportBytesMax)
        if alarm.isCancelled { throw CancellationError() }
        return try outcome(pipes, child.report, stopped)
    }

    private static let lookInterval = Duration.milliseconds(20)

    private var reportBytesMax: Int { cage.limits.filesBytesMax + cage.limits.filesMax * 1_024 + 1_024 }

    private func start(_ pipes: CagePipes) throws -> ChildProcess {
        var list = CageArguments.options(cage.limits, filter: 4, info: 5).joined(separator: "\0")
        list += "\0"
        guard let options = MemoryFile("options", Array(list.utf8)), let filter = MemoryFile("filter", cage.filter)
        else { throw ProviderError(.providerUnavailable, "no memory or no descriptors for a cage") }
        let limits = cage.limits
        var start = ChildProcess.Options(
            executable: cage.bubblewrap,
            arguments: ["--args", "3", "--", cage.python, "-S", "-s", "-B", "-c", Driver.program]
                + [limits.processesMax, limits.filesMax, limits.filesBytesMax].map(String.init),
            descriptors: [
                0: pipes.code.theirs, 3: options.descriptor, 4: filter.descriptor, 5: pipes.info.theirs,
                Driver.output: pipes.output.theirs, Driver.errors: pipes.errors.theirs,
                Driver.report: pipes.report.theirs,
            ],
            limits: LimitPlan(
                ResourceLimits(
                    memoryBytes: cage.groups.holds(.memory) ? limits.memoryBytesMax : nil,
                    processes: cage.groups.holds(.pids) ? limits.processesMax : nil, files: 256),
                groups: cage.groups),
            label: "cage",
            onLine: { line in
                self.launcherWords.withLock { if $0.count < 4 { $0.append(line.text) } }
            })
        start.systemLimits = [
            // At the first it gets a signal, at the second it is killed.
            .init(RLIMIT_CPU, UInt64(limits.cpuSecondsMax), hard: UInt64(limits.cpuSecondsMax) + 1),
            // Python says MemoryError then, in the place of an end without words.
            .init(RLIMIT_DATA, UInt64(limits.memoryBytesMax)),
            .init(RLIMIT_FSIZE, UInt64(limits.diskBytesMax)),
            .init(__RLIMIT_MEMLOCK, 0), .init(__RLIMIT_MSGQUEUE, 0),
        ]
        start.user = cage.user
        start.hasNoNewPrivileges = true
        return try withExtendedLifetime((options, filter)) { try ChildProcess.start(start) }
    }

    private func outcome(_ pipes: CagePipes, _ report: ExitReport?, _ stopped: CageLimit?) throws -> CageOutcome {
        let said = CageReport(pipes.report.bytes)
        guard said.isReady || stopped != nil else {
            let words = launcherWords.withLock { $0.joined(separator: "; ") }
            throw ProviderError(
                .providerUnavailable,
                "the cage did not start: \(words.isEmpty ? report.map { "\($0.status)" } ?? "no word" : words)")
        }
        return CageOutcome(
            end: end(said, report, stopped), output: pipes.output.bytes, errors: pipes.errors.bytes, files: said.files,
            filesLeftOut: said.filesLeftOut)
    }

    private func end(_ said: CageReport, _ report: ExitReport?, _ stopped: CageLimit?) -> CageOutcome.End {
        if let stopped { return .limit(stopped) }
        if report?.limit == .memory, said.status == nil { return .limit(.memory) }
        if let status = said.status { return .exited(status) }
        switch report?.status {
        // As a shell says it of a program that a signal ended.
        case .exited(let code) where code > 128:
            return Int32(code) - 128 == SIGXCPU ? .limit(.cpuSeconds) : .signalled(Int(code) - 128)
        case .exited(let code): return .exited(Int(code))
        default: return .signalled(Int(SIGKILL))
        }
    }
}

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
        let stopped = try follow(child, pipes, &inside)
        inside.end()
        pipes.readRest(outputMost: cage.limits.outputBytesMax, reportMost: reportBytesMax)
        if alarm.isCancelled { throw CancellationError() }
        return try outcome(pipes, child.report, stopped)
    }

    /// Until the cage has ended, or there is nothing more to wait for. Answers the limit that it was stopped for.
    private func follow(
        _ child: ChildProcess, _ pipes: CagePipes, _ inside: inout CageInside
    ) throws -> CageLimit? {
        var feed = code[...]
        // Entering a control group of version 1 takes as long as all else, but for what enters soon after another.
        if child.hasGroupsToEnter { Self.entering.async { try? child.enterGroups([child.pid]) } }
        var isAdmitted = !child.hasGroupsToEnter
        var stopped: CageLimit?
        let deadline = ContinuousClock.now + .seconds(cage.limits.secondsMax)
        var nextLook = ContinuousClock.now + Self.lookInterval
        while child.report == nil {
            pipes.wait(alarm, isFeeding: isAdmitted && !feed.isEmpty, until: nextLook)
            pipes.read(outputMost: cage.limits.outputBytesMax, reportMost: reportBytesMax)
            if inside.isUnknown, let first = pipes.firstProcess { inside.know(first) }
            // The driver waits for the code: until it has that, nothing of others runs in the cage.
            if !isAdmitted, !inside.isUnknown, CageReport(pipes.report.bytes).isReady {
                try inside.enterGroups()
                isAdmitted = true
            }
            if isAdmitted { pipes.feed(&feed) }
            // The driver has nothing more to say. What still runs is ended here, which is sooner than by itself.
            if !inside.isUnknown, CageReport.isWhole(pipes.report.bytes) { return nil }
            let now = ContinuousClock.now
            if stopped == nil, pipes.isOverOutput { stopped = .output }
            if stopped == nil, now >= deadline { stopped = .seconds }
            if now >= nextLook {
                if stopped == nil { stopped = inside.limit(passed: cage) }
                nextLook = now + Self.lookInterval
            }
            if stopped != nil || alarm.isCancelled { inside.kill() }
        }
        return stopped
    }

    /// The descriptors that bubblewrap reads its options and the filter from, and says the first process's pid on.
    private static let options: Int32 = 3
    static let filter: Int32 = 4
    static let info: Int32 = 5
    private static let fonts: Int32 = 9

    private static let entering = DispatchQueue(label: "llama-stack.cage-groups", attributes: .concurrent)

    private static let lookInterval = Duration.milliseconds(20)

    private var reportBytesMax: Int { cage.limits.filesBytesMax + cage.limits.filesMax * 1_024 + 1_024 }

    private func start(_ pipes: CagePipes) throws -> ChildProcess {
        let fonts = cage.fonts.file
        let fontOptions = fonts.map { ["--file", "\(Self.fonts)", "\(FontList.folder)/\($0.name)"] } ?? []
        guard let options = MemoryFile("options", cage.options + Cage.list(fontOptions)),
            let filter = MemoryFile("filter", cage.filter), let fontFile = MemoryFile("fonts", fonts?.content ?? [])
        else { throw ProviderError(.providerUnavailable, "no memory or no descriptors for a cage") }
        let limits = cage.limits
        var start = ChildProcess.Options(
            executable: cage.bubblewrap,
            arguments: ["--args", "\(Self.options)", "--", cage.python, "-S", "-s", "-B", "-c", Driver.program]
                + [limits.processesMax, limits.filesMax, limits.filesBytesMax].map(String.init),
            descriptors: [
                0: pipes.code.theirs, Self.options: options.descriptor, Self.filter: filter.descriptor,
                Self.info: pipes.info.theirs,
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
        if fonts != nil { start.descriptors[Self.fonts] = fontFile.descriptor }
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
        start.entersGroupsLater = true
        do {
            return try withExtendedLifetime((options, filter, fontFile)) { try ChildProcess.start(start) }
        } catch {
            // It names folders of this machine, which are no business of a client's.
            var failure = ProviderError(.providerUnavailable, "the cage could not be started")
            failure.operatorMessage = "\(error)"
            throw failure
        }
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

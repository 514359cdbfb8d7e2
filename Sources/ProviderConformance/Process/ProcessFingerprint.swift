import CProcessProbe
import Foundation

/// The state that a process's libraries share: what one of them changes, all the others get.
struct ProcessFingerprint: Sendable {
    private struct Signal: Sendable, Equatable {
        var number: Int32
        var handler: UInt
    }

    private var folder = ""
    private var mask: UInt32 = 0
    private var locale = ""
    private var environment: [String: String] = [:]
    private var signals: [Signal] = []
    private var limits: [Int32: String] = [:]
    private var standardFiles: [String] = []
    private var timers: [Int32: Bool] = [:]
    private var session: [Int32] = []
    private var flags: UInt32 = 0
    private var timerCount = 0

    /// The fingerprint of this process, now.
    static func now() -> ProcessFingerprint {
        var print = ProcessFingerprint()
        print.folder = FileManager.default.currentDirectoryPath
        print.mask = UInt32(
            ProcessFiles.lines("/proc/self/status").first { $0.hasPrefix("Umask:") }
                .flatMap { UInt32($0.split(whereSeparator: \.isWhitespace).last ?? "", radix: 8) } ?? 0)
        print.locale = setlocale(LC_ALL, nil).map { String(cString: $0) } ?? ""
        print.environment = ownEnvironment()
        print.signals = (1...64).map { Signal(number: Int32($0), handler: pp_disposition(Int32($0))) }
        for (resource, _) in limitNames {
            var limit = rlimit()
            if getrlimit(resource, &limit) == 0 {
                print.limits[resource] = "\(limit.rlim_cur)/\(limit.rlim_max)"
            }
        }
        print.standardFiles = (0...2).map(file)
        for (timer, _) in timerNames {
            var value = itimerval()
            getitimer(timer, &value)
            print.timers[timer] = value.it_value.tv_sec != 0 || value.it_value.tv_usec != 0
        }
        print.timerCount = ProcessFiles.lines("/proc/self/timers").filter { $0.hasPrefix("ID:") }.count
        print.session = [getpgrp(), getsid(0)]
        print.flags = pp_process_flags()
        return print
    }

    /// "the working directory: / to /tmp", for each.
    func changes(since before: ProcessFingerprint) -> [String] {
        var found: [String] = []
        func compare<Value: Equatable>(_ what: String, _ old: Value, _ new: Value) {
            if old != new { found.append("\(what): \(old) to \(new)") }
        }
        compare("the working directory", before.folder, folder)
        compare("the umask", String(before.mask, radix: 8), String(mask, radix: 8))
        compare("the locale", before.locale, locale)
        found += environmentChanges(since: before)
        for (old, new) in zip(before.signals, signals)
        where old != new && !Self.belongToCrashReports.contains(new.number) {
            found.append(
                "what \(SignalName.of(new.number)) does: \(Self.text(old.handler)) to \(Self.text(new.handler))")
        }
        for (resource, name) in Self.limitNames {
            compare("the limit \(name)", before.limits[resource] ?? "", limits[resource] ?? "")
        }
        for index in 0...2 {
            compare("descriptor \(index)", before.standardFiles[index], standardFiles[index])
        }
        for (timer, name) in Self.timerNames where before.timers[timer] != timers[timer] {
            found.append(
                "the timer \(name), which now runs: the process ends when it fires, and no code of the host handles it")
        }
        compare("timers by timer_create", before.timerCount, timerCount)
        compare("the process group and session", before.session, session)
        compare("whether the process may dump core, adopts orphans or has given up privileges", before.flags, flags)
        return found
    }

    /// Crash handlers may be changed by runtimes that pass on signals that are not theirs, as Go's does.
    private static let belongToCrashReports = [SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS, SIGURG]

    private static let limitNames: [(Int32, String)] = [
        (0, "RLIMIT_CPU"), (1, "RLIMIT_FSIZE"), (2, "RLIMIT_DATA"), (3, "RLIMIT_STACK"), (4, "RLIMIT_CORE"),
        (6, "RLIMIT_NPROC"), (7, "RLIMIT_NOFILE"), (8, "RLIMIT_MEMLOCK"), (9, "RLIMIT_AS"),
    ]
    private static let timerNames: [(Int32, String)] = [(0, "ITIMER_REAL"), (1, "ITIMER_VIRTUAL"), (2, "ITIMER_PROF")]

    private static func text(_ handler: UInt) -> String {
        switch handler {
        case 0: "the default"
        case 1: "nothing"
        default: "a handler of the library's"
        }
    }

    private func environmentChanges(since before: ProcessFingerprint) -> [String] {
        let names = Set(before.environment.keys).union(environment.keys).sorted()
        let changed = names.filter { before.environment[$0] != environment[$0] }
        guard !changed.isEmpty else { return [] }
        let more = changed.count > 4 ? " and \(changed.count - 4) more" : ""
        return ["the environment's \(changed.prefix(4).joined(separator: ", "))\(more)"]
    }

    /// As C sees it: Foundation keeps no copy.
    private static func ownEnvironment() -> [String: String] {
        ProcessInfo.processInfo.environment
    }

    /// The file that a descriptor is open on, and its mode.
    private static func file(_ descriptor: Int32) -> String {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return "closed" }
        let flags = fcntl(descriptor, F_GETFL)
        return "\(status.st_dev):\(status.st_ino)" + (flags & O_NONBLOCK != 0 ? " not blocking" : "")
    }
}

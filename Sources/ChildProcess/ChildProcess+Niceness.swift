import Foundation

extension ChildProcess {
    /// Whether a child that was started nicer can be made as we are again: root may, and who has a limit that says so.
    package static var canEndNiceness: Bool {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(__RLIMIT_NICE.rawValue), &limit) == 0 else { return false }
        // The limit is 20 less the niceness that may be reached.
        let wanted = rlim_t(20 - ownNiceness)
        return limit.rlim_cur >= wanted || hasCapability(sysNice)
    }

    /// Ends the niceness that the child was started with, on all of its threads.
    package func endNiceness() {
        let wanted = Self.ownNiceness
        // A thread that is made meanwhile has that of its maker.
        for _ in 0..<8 {
            let threads = ((try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/task")) ?? [])
                .compactMap { id_t($0) }
                .filter { getpriority(__priority_which_t(PRIO_PROCESS.rawValue), $0) > wanted }
            if threads.isEmpty { return }
            for thread in threads { setpriority(__priority_which_t(PRIO_PROCESS.rawValue), thread, wanted) }
        }
    }

    private static var ownNiceness: Int32 { getpriority(__priority_which_t(PRIO_PROCESS.rawValue), id_t(getpid())) }

    /// CAP_SYS_NICE, by its bit in a set of capabilities.
    private static let sysNice: UInt64 = 23

    private static func hasCapability(_ bit: UInt64) -> Bool {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("CapEff:") }
        let digits = line?.dropFirst("CapEff:".count).trimmingCharacters(in: .whitespaces)
        return (digits.flatMap { UInt64($0, radix: 16) } ?? 0) & 1 << bit != 0
    }
}

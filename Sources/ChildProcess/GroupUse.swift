import Foundation

/// The resource use of some processes, found in /proc: those of a process group, or of a tree (``ProcessTree``). A
/// process that leaves its group is not seen there: only a control group holds it.
package struct GroupUse {
    package var memoryBytes = 0
    package var tasks = 0

    /// `members` are the processes.
    package init(members: [pid_t]) {
        for pid in members {
            guard let facts = ProcessFacts(pid: pid, isWhole: false) else { continue }
            memoryBytes += facts.heldBytes
            tasks += facts.threads
        }
    }

    /// The sum counts what several processes share once for each. This does not, where the kernel tells; it is slower.
    package static func proportionalMemoryBytes(members: [pid_t]) -> Int? {
        let parts = members.compactMap { ProcessFacts.proportionalHeldBytes(pid: $0) }
        return parts.isEmpty ? nil : parts.reduce(0, +)
    }

    /// Their time of computing, with that of the children that they have waited for.
    package static func computedSeconds(members: [pid_t]) -> Double {
        let ticks = members.reduce(UInt64(0)) { $0 + (ProcessStat(pid: $1)?.computedTicks ?? 0) }
        return Double(ticks) / Double(max(1, sysconf(Int32(_SC_CLK_TCK))))
    }
}

/// The processes of this machine by process group. One look serves all children, and looking never takes more than a
/// fiftieth of the time, however many processes there are: between two looks the members of the last are taken.
///
/// On the thread of `EventLoop.exits` alone: hence unchecked.
final class ProcessTable: @unchecked Sendable {
    static let shared = ProcessTable()
    private var groups: [pid_t: [pid_t]] = [:]
    private var validUntil = ContinuousClock.now

    func members(of group: pid_t) -> [pid_t] {
        let start = ContinuousClock.now
        if start >= validUntil {
            groups = [:]
            for name in (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? [] {
                guard let pid = pid_t(name), let stat = ProcessStat(pid: pid), stat.state != "Z" else { continue }
                groups[stat.group, default: []].append(pid)
            }
            let end = ContinuousClock.now
            validUntil = end + max(.milliseconds(10), (end - start) * 50)
        }
        return groups[group] ?? [group]
    }
}

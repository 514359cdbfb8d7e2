import Foundation

/// A process and all that descend from it, as /proc shows them now: also those that left its group or its session.
/// Those whose parent has ended belong to the first process of their pid namespace, so that of a tree from there none
/// is missed.
package struct ProcessTree {
    package let members: [pid_t]

    package init(of root: pid_t) {
        // Not every kernel is built with the lists of children.
        members =
            access("/proc/\(root)/task/\(root)/children", R_OK) == 0
            ? Self.listed(below: root) : Self.searched(below: root)
    }

    private static func listed(below root: pid_t) -> [pid_t] {
        var members = [root]
        var next = 0
        while next < members.count, members.count < processesMax {
            let tasks = "/proc/\(members[next])/task"
            for task in (try? FileManager.default.contentsOfDirectory(atPath: tasks)) ?? [] {
                let children = ProcFile.read("\(tasks)/\(task)/children") ?? ""
                members += children.split(separator: " ").compactMap { pid_t($0) }
            }
            next += 1
        }
        return members
    }

    private static func searched(below root: pid_t) -> [pid_t] {
        var children: [pid_t: [pid_t]] = [:]
        for name in (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? [] {
            guard let pid = pid_t(name), let stat = ProcessStat(pid: pid) else { continue }
            children[stat.parent, default: []].append(pid)
        }
        var members = [root]
        var next = 0
        while next < members.count, members.count < processesMax {
            members += children[members[next]] ?? []
            next += 1
        }
        return members
    }

    /// More are not looked at: that many are above any limit.
    private static let processesMax = 4096
}

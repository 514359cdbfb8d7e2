import CChildProcess
import Foundation
import Synchronization

/// The control groups of one child: one folder in version 2, one for each controller in version 1.
struct ControlGroup: Sendable {
    private static let serial = Atomic<Int>(0)
    private static let cpuPeriodMicroseconds = 100_000

    private struct Folder {
        var base: ControlGroups.Base
        var path: String
        var controllers: Set<ControlGroups.Controller>
    }
    private let folders: [Folder]

    /// Makes the groups, with their limits, for what of `limits` the controllers of `groups` hold.
    init(_ limits: ResourceLimits, label: String, groups: ControlGroups) throws(SystemFailure) {
        let number = Self.serial.add(1, ordering: .relaxed).newValue
        let name = StaleGroups.name(label: "\(number)-\(label)")
        var folders: [Folder] = []
        for (controller, base) in groups.bases where limits.uses(controller) {
            if let same = folders.firstIndex(where: { $0.base == base }) {
                folders[same].controllers.insert(controller)
            } else {
                folders.append(Folder(base: base, path: base.folder + "/" + name, controllers: [controller]))
            }
        }
        self.folders = folders
        do throws(SystemFailure) {
            for folder in folders {
                guard mkdir(folder.path, 0o755) == 0 else { throw SystemFailure(folder.path, errno) }
                for (file, value) in Self.settings(limits, folder) {
                    let failure = ProcFile.write(folder.path + "/" + file.name, value)
                    // What not every kernel has.
                    if failure == 0 || !file.isNeeded && (failure == ENOENT || failure == EACCES) { continue }
                    throw SystemFailure("\(folder.path)/\(file.name)", failure)
                }
            }
        } catch {
            for folder in folders { rmdir(folder.path) }
            throw error
        }
    }

    private static func settings(
        _ limits: ResourceLimits, _ folder: Folder
    ) -> [(file: (name: String, isNeeded: Bool), value: String)] {
        var settings: [((String, Bool), String)] = []
        let isNew = folder.base.version == 2
        if let memory = limits.memoryBytes, folder.controllers.contains(.memory) {
            settings.append(((isNew ? "memory.max" : "memory.limit_in_bytes", true), "\(memory)"))
            // Swap would make a limit of memory one of patience.
            settings.append(isNew ? (("memory.swap.max", false), "0") : (("memory.memsw.limit_in_bytes", false), "\(memory)"))
            // All of it ends, not one process in the middle of it.
            if isNew { settings.append((("memory.oom.group", false), "1")) }
        }
        if let cpus = limits.cpus, folder.controllers.contains(.cpu) {
            let quota = Int((cpus * Double(cpuPeriodMicroseconds)).rounded())
            if isNew {
                settings.append((("cpu.max", true), "\(quota) \(cpuPeriodMicroseconds)"))
            } else {
                settings.append((("cpu.cfs_period_us", true), "\(cpuPeriodMicroseconds)"))
                settings.append((("cpu.cfs_quota_us", true), "\(quota)"))
            }
        }
        if let processes = limits.processes, folder.controllers.contains(.pids) {
            settings.append((("pids.max", true), "\(processes)"))
        }
        return settings
    }

    /// The descriptors with which a child is started in these groups: to be closed by the caller.
    func openForSpawn() throws(SystemFailure) -> (folder: Int32, files: [Int32]) {
        var opened: (folder: Int32, files: [Int32]) = (-1, [])
        for folder in folders {
            let isNew = folder.base.version == 2
            let path = isNew ? folder.path : folder.path + "/cgroup.procs"
            let file = open(path, (isNew ? O_RDONLY | O_DIRECTORY : O_WRONLY) | O_CLOEXEC)
            guard file >= 0 else {
                let failure = SystemFailure(path, errno)
                ([opened.folder] + opened.files).filter { $0 >= 0 }.forEach { close($0) }
                throw failure
            }
            if isNew { opened.folder = file } else { opened.files.append(file) }
        }
        return opened
    }

    // MARK: What happened in it

    /// How many processes the kernel has ended there because the memory limit was reached.
    var memoryKills: Int { number(.memory, "memory.events", "memory.oom_control", key: "oom_kill") ?? 0 }

    /// How many processes or threads it refused to start.
    var processesRefused: Int { number(.pids, "pids.events", "pids.events", key: "max") ?? 0 }

    var peakMemoryBytes: Int? { number(.memory, "memory.peak", "memory.max_usage_in_bytes", key: nil) }

    private func number(_ controller: ControlGroups.Controller, _ new: String, _ old: String, key: String?) -> Int? {
        guard let folder = folders.first(where: { $0.controllers.contains(controller) }),
            let text = ProcFile.read(folder.path + "/" + (folder.base.version == 2 ? new : old))
        else { return nil }
        if let key { return ProcFile.number(key, in: text) }
        return Int(text.filter { !$0.isWhitespace })
    }

    // MARK: Its end

    func kill() {
        for folder in folders { Self.killMembers(of: folder.path) }
    }

    /// SIGKILL to each process of the group at `path`.
    static func killMembers(of path: String) {
        if ProcFile.write(path + "/cgroup.kill", "1") == 0 { return }
        for line in (ProcFile.read(path + "/cgroup.procs") ?? "").split(separator: "\n") {
            // 0 is a process of another pid namespace.
            guard let pid = pid_t(line), pid > 0 else { continue }
            Foundation.kill(pid, SIGKILL)
        }
    }

    /// Removes the folders. False when a process is still dying in one: try again.
    func remove() -> Bool {
        folders.map { rmdir($0.path) == 0 || errno == ENOENT }.allSatisfy { $0 }
    }
}

import CChildProcess
import Foundation
import Synchronization

/// The control groups of one child: one folder in version 2, one for each controller in version 1.
struct ControlGroup: Sendable {
    /// From a number of its own: each library of this process that starts children has a copy of this.
    private static let serial = Atomic<Int>(Int.random(in: 0..<1 << 40))
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
                for setting in Self.settings(limits, version: folder.base.version, folder.controllers) {
                    let failure = ProcFile.write(folder.path + "/" + setting.file, setting.value)
                    if failure == 0 || !setting.isNeeded && (failure == ENOENT || failure == EACCES) { continue }
                    throw SystemFailure("\(folder.path)/\(setting.file)", failure)
                }
            }
        } catch {
            for folder in folders { rmdir(folder.path) }
            throw error
        }
    }

    struct Setting {
        var file: String
        var value: String
        /// False for what not every kernel has.
        var isNeeded = true
    }

    static func settings(
        _ limits: ResourceLimits, version: Int, _ controllers: Set<ControlGroups.Controller>
    ) -> [Setting] {
        var settings: [Setting] = []
        let isNew = version == 2
        if let memory = limits.memoryBytes, controllers.contains(.memory) {
            settings.append(Setting(file: isNew ? "memory.max" : "memory.limit_in_bytes", value: "\(memory)"))
            // Swap would make a limit of memory one of patience. Version 1 limits the sum of both.
            settings.append(
                isNew
                    ? Setting(file: "memory.swap.max", value: "0", isNeeded: false)
                    : Setting(file: "memory.memsw.limit_in_bytes", value: "\(memory)", isNeeded: false))
            // All of it ends, not one process in the middle of it.
            if isNew { settings.append(Setting(file: "memory.oom.group", value: "1", isNeeded: false)) }
        }
        if let cpus = limits.cpus, controllers.contains(.cpu) {
            let quota = Int((cpus * Double(cpuPeriodMicroseconds)).rounded())
            if isNew {
                settings.append(Setting(file: "cpu.max", value: "\(quota) \(cpuPeriodMicroseconds)"))
            } else {
                settings.append(Setting(file: "cpu.cfs_period_us", value: "\(cpuPeriodMicroseconds)"))
                settings.append(Setting(file: "cpu.cfs_quota_us", value: "\(quota)"))
            }
        }
        if let processes = limits.processes, controllers.contains(.pids) {
            settings.append(Setting(file: "pids.max", value: "\(processes)"))
        }
        return settings
    }

    /// The descriptors with which a child is started in these groups: to be closed by the caller.
    ///
    /// - Parameter version2Alone: leaves out groups of version 1, for `enter(_:)` later.
    func openForSpawn(version2Alone: Bool) throws(SystemFailure) -> (folder: Int32, files: [Int32]) {
        var opened: (folder: Int32, files: [Int32]) = (-1, [])
        for folder in folders where folder.base.version == 2 || !version2Alone {
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

    /// Moves a process into the groups of version 1. May wait for ten milliseconds, for the kernel waits for every
    /// processor.
    func enter(_ pid: pid_t) throws(SystemFailure) {
        for folder in folders where folder.base.version == 1 {
            let failure = ProcFile.write(folder.path + "/cgroup.procs", "\(pid)")
            // It has ended.
            if failure == ESRCH { return }
            guard failure == 0 else { throw SystemFailure(folder.path + "/cgroup.procs", failure) }
        }
    }

    /// Whether a child born in the group of version 2 has to enter others still.
    var hasVersion1: Bool { folders.contains { $0.base.version == 1 } }

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

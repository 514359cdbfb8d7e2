import CChildProcess
import Foundation

/// The limits of a child; nil is no limit.
package struct ResourceLimits: Sendable, Equatable {
    package enum Kind: String, Sendable { case memory, processes }

    /// Anonymous and shared memory. A control group counts pages of files too, which the kernel takes back first.
    package var memoryBytes: Int?
    package var cpus: Double?
    /// Processes and threads together, as the kernel counts them.
    package var processes: Int?
    /// Open descriptors of each process.
    package var files: Int?
    package var isBestEffort: Bool

    package init(
        memoryBytes: Int? = nil, cpus: Double? = nil, processes: Int? = nil, files: Int? = nil,
        isBestEffort: Bool = false
    ) {
        (self.memoryBytes, self.cpus, self.processes, self.files) = (memoryBytes, cpus, processes, files)
        self.isBestEffort = isBestEffort
    }

    func uses(_ controller: ControlGroups.Controller) -> Bool {
        switch controller {
        case .memory: memoryBytes != nil
        case .cpu: cpus != nil
        case .pids: processes != nil
        }
    }
}

/// By which means limits are held on this machine. Nothing is made yet, so `validate` may ask.
package struct LimitPlan: Sendable {
    package let limits: ResourceLimits
    /// A phrase for each limit that is held: "memory 2 GiB by a control group of version 1".
    package let held: [String]
    /// A sentence for each limit that can't be held: an error, or with `isBestEffort` a warning.
    package let unheld: [String]
    let groups: ControlGroups

    /// Limits that a watcher of the host holds, for want of a control group.
    let watchedMemoryBytes: Int?
    let watchedProcesses: Int?

    /// `groups` are this process's own unless given, and not looked for where no limit takes one.
    package init(_ limits: ResourceLimits, groups: ControlGroups? = nil) {
        let takesGroup = ControlGroups.Controller.allCases.contains { limits.uses($0) }
        let groups = groups ?? (takesGroup ? .own : .unavailable)
        self.limits = limits
        self.groups = groups
        var held: [String] = []
        var unheld: [String] = []
        func means(_ controller: ControlGroups.Controller) -> String {
            groups.bases[controller].map { "a control group of version \($0.version)" } ?? "a look every 100 ms"
        }
        if let memory = limits.memoryBytes { held.append("memory \(ByteSize.text(memory)) by \(means(.memory))") }
        if let cpus = limits.cpus {
            if groups.bases[.cpu] != nil {
                held.append("cpus \(cpus) by \(means(.cpu))")
            } else {
                let why = groups.refusals[.cpu].map { " (\($0))" } ?? ""
                unheld.append("cpus: \(cpus) can't be held: it takes a control group with the controller cpu\(why)")
            }
        }
        if let processes = limits.processes { held.append("processes \(processes) by \(means(.pids))") }
        if let files = limits.files { held.append("files \(files) by RLIMIT_NOFILE") }
        (self.held, self.unheld) = (held, unheld)
        watchedMemoryBytes = groups.bases[.memory] == nil ? limits.memoryBytes : nil
        watchedProcesses = groups.bases[.pids] == nil ? limits.processes : nil
    }

    /// nil when nothing of these limits takes one.
    func makeGroup(label: String) throws(SystemFailure) -> ControlGroup? {
        guard groups.bases.keys.contains(where: { limits.uses($0) }) else { return nil }
        return try ControlGroup(limits, label: label, groups: groups)
    }

    var processLimits: [ccp_limit] {
        limits.files.map { [ccp_limit(resource: Int32(RLIMIT_NOFILE.rawValue), value: UInt64($0), hard: 0)] } ?? []
    }
}

import CChildProcess
import ChildProcess
import Foundation

/// The inside of a running cage as the host sees it: its first process, whose end is the end of all of them.
struct CageInside {
    private let launcher: ChildProcess
    private var first: pid_t?
    private var pidfd: Int32 = -1
    private var killedAt: ContinuousClock.Instant?

    init(_ launcher: ChildProcess) { self.launcher = launcher }

    var isUnknown: Bool { first == nil }

    mutating func know(_ first: pid_t) {
        self.first = first
        pidfd = ccp_pidfd(first)
    }

    /// Puts all of its processes into the control groups.
    func enterGroups() throws {
        guard let first else { return }
        try launcher.enterGroups(ProcessTree(of: first).members)
    }

    /// Its first process before the launcher, which then ends by itself: when it has, nothing is left of the cage.
    mutating func kill() {
        let now = ContinuousClock.now
        guard let killedAt else {
            self.killedAt = now
            if pidfd < 0 || ccp_signal(pidfd, SIGKILL) != 0 { launcher.kill() }
            return
        }
        if now - killedAt > .milliseconds(500) { launcher.kill() }
    }

    /// Ends all processes of the cage, and waits until they are gone.
    mutating func end() {
        guard pidfd >= 0 else {
            launcher.kill()
            return
        }
        _ = ccp_signal(pidfd, SIGKILL)
        var ended = pollfd(fd: pidfd, events: Int16(POLLIN), revents: 0)
        _ = poll(&ended, 1, 5_000)
        close(pidfd)
        pidfd = -1
    }

    /// The limit that is passed now, of those that the kernel does not hold.
    mutating func limit(passed cage: Cage) -> CageLimit? {
        guard let first else { return nil }
        let members = ProcessTree(of: first).members
        if GroupUse.computedSeconds(members: members) > Double(cage.limits.cpuSecondsMax) { return .cpuSeconds }
        let used = DiskPlace.used(by: first, size: cage.limits.diskBytesMax)
        if let used, used.files > cage.limits.diskFilesMax { return .diskFiles }
        if cage.groups.holds(.memory) && cage.groups.holds(.pids) { return nil }
        let use = GroupUse(members: members)
        if use.tasks > cage.limits.processesMax { return .processes }
        let most = cage.limits.memoryBytesMax - (used?.bytes ?? 0)
        // A page that several share is counted for each of them at first.
        if use.memoryBytes > most, GroupUse.proportionalMemoryBytes(members: members) ?? use.memoryBytes > most {
            return .memory
        }
        return nil
    }
}

/// The use of /job, the one folder of a cage that can be written to.
enum DiskPlace {
    /// nil while the cage is being made, or when the host may not look into it.
    static func used(by first: pid_t, size: Int) -> (bytes: Int, files: Int)? {
        var system = statvfs()
        guard statvfs("/proc/\(first)/root/job", &system) == 0 else { return nil }
        // Until bubblewrap has changed its root this may be a folder of the host: that has another size.
        let block = Int(system.f_frsize)
        guard Int(system.f_blocks) * block == size.roundedUp(to: block) else { return nil }
        return (Int(system.f_blocks - system.f_bfree) * block, Int(system.f_files - system.f_ffree))
    }
}

extension Int {
    fileprivate func roundedUp(to unit: Int) -> Int { unit > 0 ? (self + unit - 1) / unit * unit : self }
}

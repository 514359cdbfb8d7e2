import Foundation

/// The user that code runs as when the host is root: to root the kernel grants what limits forbid to others, and what
/// it may do outside its namespaces is root's still.
enum UnusedUser {
    /// nil when this process is not root. In the range that systemd gives to services without a user of their own.
    static func id() -> UInt32? {
        guard geteuid() == 0 else { return nil }
        let used = usersOfProcesses()
        return (61_184...65_519).reversed().first { !used.contains($0) && getpwuid($0) == nil }
    }

    private static func usersOfProcesses() -> Set<UInt32> {
        var users: Set<UInt32> = []
        for name in (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? [] where Int(name) != nil {
            var facts = stat()
            if stat("/proc/\(name)", &facts) == 0 { users.insert(facts.st_uid) }
        }
        return users
    }
}

import Foundation

/// The file descriptors that this process may hold. When there are none left, accepting fails again and again and keeps
/// a core busy; so the server never accepts that many connections.
enum DescriptorLimit {
    /// Kept back for what is not a client: libraries, databases, models, the log.
    private static let reserved = 256

    /// Raises the process's limit as far as it may, and returns how many connections fit under it.
    static func raised() -> Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return .max }
        if limit.rlim_cur < limit.rlim_max {
            let before = limit.rlim_cur
            limit.rlim_cur = limit.rlim_max
            if setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) != 0 { limit.rlim_cur = before }
        }
        let all = Int(clamping: limit.rlim_cur)
        return max(1, all - min(reserved, all / 2))
    }
}

import Foundation

/// How far the calling thread, and those that it starts, give way to others.
enum ThreadPriority {
    /// SCHED_IDLE, which glibc declares under _GNU_SOURCE alone.
    private static let schedIdle: Int32 = 5

    static func lower(_ priority: PostTrainingConfiguration.Priority) {
        switch priority {
        case .nice: break
        case .idle:
            var parameters = sched_param()
            // Of the calling thread alone, as Linux has it.
            if sched_setscheduler(0, schedIdle, &parameters) == 0 { return }
        }
        setpriority(.init(PRIO_PROCESS.rawValue), 0, 19)
    }
}

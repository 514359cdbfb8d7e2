import CProcessGuard
import Foundation

/// What a process that runs providers puts up before the first of them, and how it ends after that.
package enum ProcessGuard {
    /// To be called first in `main`. From then on an `exit()` of a provider is no success, a crash names its culprit
    /// and ends the process at once, and a closed standard descriptor stays closed whatever is opened.
    package static func install() {
        pg_open_standard_descriptors()
        pg_guard_exit()
        pg_guard_crashes()
    }

    /// Ends the process as the host does. An `exit()` that comes any other way is taken for a provider's.
    ///
    /// What libraries do at the end may not keep it: one that hangs there, or a loader whose lock a constructor holds,
    /// is left after a few seconds.
    package static func leave(_ code: Int32) -> Never {
        pg_leaving()
        Thread.detachNewThread {
            sleep(exitSecondsMax)
            _exit(code)
        }
        exit(code)
    }

    private static let exitSecondsMax: UInt32 = 5

    /// The same without what libraries do at the end, for when providers still run.
    package static func leaveAtOnce(_ code: Int32) -> Never { _exit(code) }
}

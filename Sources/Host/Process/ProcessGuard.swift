import CProcessGuard
import Foundation

/// The protections that a process installs before it runs its first provider, and the way it exits from then on.
package enum ProcessGuard {
    /// To be called first in `main`. From then on an `exit()` of a provider is no success, a crash names its culprit
    /// and ends the process at once, and a closed standard descriptor stays closed whatever is opened.
    package static func install() {
        pg_open_standard_descriptors()
        pg_guard_exit()
        guardCrashes()
    }

    /// The part about crashes alone, for a program that runs no provider in its own process.
    package static func guardCrashes() { pg_guard_crashes() }

    /// Ends the process as the host does. An `exit()` that comes any other way is taken for a provider's.
    ///
    /// Libraries cannot delay the exit for long: a destructor that hangs, or a constructor that holds the loader's
    /// lock, is abandoned after a few seconds.
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

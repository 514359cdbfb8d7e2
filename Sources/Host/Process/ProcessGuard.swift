import CProcessGuard
import Foundation

/// What a process that runs providers puts up before the first of them, and how it ends after that.
package enum ProcessGuard {
    /// To be called first in `main`. A closed standard descriptor stays closed, whatever is opened.
    package static func install() {
        pg_open_standard_descriptors()
    }

    /// Ends the process.
    package static func leave(_ code: Int32) -> Never {
        exit(code)
    }

    /// The same without what libraries do at the end, for when providers still run.
    package static func leaveAtOnce(_ code: Int32) -> Never { _exit(code) }
}

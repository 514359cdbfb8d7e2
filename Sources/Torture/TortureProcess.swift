import Host

/// The process that runs one of these tests.
package enum TortureProcess {
    /// To be called first in `main`: a crash ends the process at once, with a line.
    package static func prepare() { ProcessGuard.guardCrashes() }
}

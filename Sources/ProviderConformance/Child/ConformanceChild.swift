import CProcessProbe
import Foundation

/// The process of one check, from inside.
package enum ConformanceChild {
    /// Runs the check that `text` describes and ends the process. For the hidden command `plugin run-check`.
    ///
    /// The exit code says nothing: a check has come to its end when its closing line is on the results' pipe.
    package static func run(_ text: String) async -> Never {
        // By hand it would write to a descriptor that is something else.
        guard fcntl(Int32(PP_RESULTS), F_GETFD) >= 0, let setup = ChildSetup(text),
            let check = Check.all.first(where: { $0.name == setup.check }), let parent = ChildSetup.parent(in: text),
            getppid() == parent
        else {
            let line: StaticString = "error: run-check is started by plugin test alone\n"
            _ = write(STDERR_FILENO, line.utf8Start, line.utf8CodeUnitCount)
            exit(64)
        }
        _ = fcntl(Int32(PP_RESULTS), F_SETFD, FD_CLOEXEC)
        // Not on Swift's shared threads, which the provider may need; and not on the first, which Foundation may.
        let thread = Thread {
            pp_enter_thread("check")
            pp_report_crashes(Int32(PP_RESULTS))
            work(check, setup)
        }
        thread.stackSize = 8 << 20
        thread.start()
        while true { try? await Task.sleep(for: .seconds(3600)) }
    }

    private static func work(_ check: Check, _ setup: ChildSetup) -> Never {
        let report = Reporter(descriptor: Int32(PP_RESULTS))
        let context = CheckContext(setup: setup, report: report)
        do throws(CheckFailure) {
            try check.body(context)
        } catch {
            report.result(error.outcome, error.message)
        }
        context.folders.removeAll()
        report.close()
        // Only one check goes through the library's destructors; a fault there is not the others'.
        if check == Check.readiness { exit(0) }
        _exit(0)
    }
}

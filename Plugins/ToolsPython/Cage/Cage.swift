import ChildProcess
import Foundation
import ProviderKit

/// The cages of one provider on this machine: the programs that make them, and by which means limits are held. Each run
/// has one of its own.
package struct Cage: Sendable {
    var limits: CageLimits
    let python: String
    let bubblewrap: String
    let filter: [UInt8]
    /// As bubblewrap reads them from a descriptor: each with a zero byte at its end.
    let options: [UInt8]
    /// The user to run as; nil: ours.
    let user: UInt32?
    let groups: ControlGroups
    let fonts = FontList()

    /// Throws a sentence that says what to install.
    package init(
        limits: CageLimits, python: String, bubblewrap: String, groups: ControlGroups? = nil
    ) throws {
        (self.limits, self.python, self.bubblewrap) = (limits, python, bubblewrap)
        guard access(bubblewrap, X_OK) == 0 else {
            throw ConfigurationError(
                "/bubblewrap",
                "no program '\(bubblewrap)': install the package bubblewrap, without which no code is run "
                    + "(Debian and Ubuntu: apt-get install bubblewrap)")
        }
        guard python.hasPrefix("/usr/") else {
            throw ConfigurationError(
                "/python", "must be a file below /usr, which is all that a cage has, got '\(python)'")
        }
        guard access(python, X_OK) == 0 else {
            throw ConfigurationError(
                "/python",
                "no program '\(python)': install the package python3 (Debian and Ubuntu: apt-get install python3)")
        }
        guard let filter = SystemCallFilter.program() else {
            throw ConfigurationError(
                "", "libseccomp makes no filter of system calls: install libseccomp2 in version 2.5 or later")
        }
        self.filter = filter
        options = Self.list(CageArguments.options(limits, filter: CageRun.filter, info: CageRun.info))
        user = UnusedUser.id()
        guard geteuid() != 0 || user != nil else {
            throw ConfigurationError(
                "", "the host is root, and there is no unused user from 61184 to 65519 to run code as")
        }
        self.groups = groups ?? .own
    }

    /// By which means the limits on the sum are held, for the log.
    package var means: String {
        let held = [ControlGroups.Controller.memory, .pids].allSatisfy { groups.holds($0) }
        return held ? "a control group" : "a look every 20 ms"
    }

    /// Runs code and waits for its end, on a thread of its own.
    package func run(_ code: String) async throws -> CageOutcome {
        let run = try CageRun(self, code: Array(code.utf8))
        return try await withTaskCancellationHandler {
            try await Self.threads.run { try run.outcome() }
        } onCancel: {
            run.cancel()
        }
    }

    /// Has matplotlib make its list of fonts, for the runs after. They do without when it can't.
    package func makeFontList() async {
        guard FontList.canBeMade else { return }
        var cage = self
        cage.limits.outputBytesMax = 16 << 20
        guard let outcome = try? await cage.run(FontList.program), outcome.end == .exited(0),
            let made = FontList(output: outcome.output)?.file
        else { return }
        fonts.keep(made)
    }

    static func list(_ options: [String]) -> [UInt8] { options.flatMap { Array($0.utf8) + [0] } }

    private static let threads = DispatchQueue(label: "llama-stack.cages", attributes: .concurrent)
}

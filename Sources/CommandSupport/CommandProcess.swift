import ArgumentParser
import Foundation
import Host

/// A process that runs one command, which may load provider libraries.
package enum CommandProcess {
    /// The first step of the process, on its main thread: before the concurrency runtime opens descriptors, which could
    /// take the number of a standard one that is closed.
    /// - Parameter isGuarded: an exit or a crash names the library that caused it.
    @MainActor
    package static func prepare(isGuarded: Bool = true) {
        if isGuarded { ProcessGuard.install() }
        // A socket that the client has closed is an error of one call, not the end of the process.
        signal(SIGPIPE, SIG_IGN)
        // Full Foundation must be initialised before any provider brings it in from another thread; otherwise
        // CoreFoundation takes the main queue and SIGTERM is never heard.
        _ = NSString(string: "").length
    }

    /// Runs the command that the process's arguments name, and ends the process as the command ends.
    package static func run<Command: AsyncParsableCommand>(_: Command.Type) async -> Never {
        do {
            var command = try await Command.asyncParseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            Output.end(Command.self, with: error)
        }
        Output.end(0)
    }
}

import ArgumentParser
import Host
import LlamaStackAPI

/// Ends a command: a message on stderr, an exit code.
package enum Fail {
    package static func with(_ message: String, exitCode: Int32) -> ExitCode {
        Output.error(message)
        return ExitCode(exitCode)
    }

    package static func with(_ failure: StartFailure) -> ExitCode {
        with(failure.description, exitCode: failure.exitCode)
    }

    /// A library that the host won't load, or that ended the process which read it.
    package static func with(_ refusal: PluginRefusal) -> ExitCode {
        with("error: \(refusal)", exitCode: refusal.code == PluginRefusal.endedProcess ? 70 : 69)
    }

    package static func with(_ error: CallError) -> ExitCode {
        with("error: \(error.message)", exitCode: error.code.exitCode)
    }
}

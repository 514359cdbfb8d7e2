/// Why a library can't be used: one sentence that names the file.
package struct PluginRefusal: Error, Sendable, CustomStringConvertible {
    package var code: String
    package var message: String
    package var hint: String?

    /// The code of a library that ended the process which read it.
    package static let endedProcess = "library_ended_process"
    /// The code of a library from whose constructors or entry this process has not come back.
    package static let stuck = "library_stuck"

    package init(_ code: String, _ message: String, hint: String? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
    }

    package var description: String { message + (hint.map { "\n  hint: \($0)" } ?? "") }
}

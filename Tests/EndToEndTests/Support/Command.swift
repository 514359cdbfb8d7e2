import Testing

/// One run of llama-stack to its end.
struct Command {
    let end: ChildProcess.End
    let output: String
    let errors: String

    /// Runs `llama-stack` with these arguments; at most `seconds`.
    static func run(
        _ arguments: [String], input: String = "", environment: [String: String] = [:], seconds: Double = 120
    ) throws -> Command {
        try Setting.requireBinary()
        let child = try ChildProcess(Setting.binary, arguments, input: input, environment: environment)
        defer { child.end() }
        guard let end = child.wait(seconds: seconds) else {
            throw Missing("`llama-stack \(arguments.joined(separator: " "))` did not end within \(seconds) s")
        }
        return Command(end: end, output: child.output, errors: child.errors)
    }

    /// The same, holding it to an exit code. A signal is never one.
    static func run(
        _ arguments: [String], exits code: Int32, input: String = "", environment: [String: String] = [:],
        seconds: Double = 120, at location: SourceLocation = #_sourceLocation
    ) throws -> Command {
        let command = try run(arguments, input: input, environment: environment, seconds: seconds)
        #expect(
            command.end == .exit(code), "\(arguments): \(command.output)\n\(command.errors)", sourceLocation: location)
        return command
    }
}

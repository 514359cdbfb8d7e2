import Testing

/// One run of a command to its end.
struct Command {
    let end: ChildProcess.End
    let output: String
    let errors: String

    /// Runs `llama-stack`, or another program of the package, with these arguments; at most `seconds`.
    static func run(
        _ arguments: [String], of program: String = Setting.binary, input: String = "",
        environment: [String: String] = [:], seconds: Double = 600
    ) throws -> Command {
        try Setting.requireBinary(program)
        let child = try ChildProcess(program, arguments, input: input, environment: environment)
        defer { child.end() }
        guard let end = child.wait(seconds: seconds) else {
            throw Missing("`\(program) \(arguments.joined(separator: " "))` did not end within \(seconds) s")
        }
        return Command(end: end, output: child.output, errors: child.errors)
    }

    /// The same, holding it to an exit code. A signal is never one.
    static func run(
        _ arguments: [String], of program: String = Setting.binary, exits code: Int32, input: String = "",
        environment: [String: String] = [:], seconds: Double = 600, at location: SourceLocation = #_sourceLocation
    ) throws -> Command {
        let command = try run(arguments, of: program, input: input, environment: environment, seconds: seconds)
        #expect(
            command.end == .exit(code), "\(arguments): \(command.output)\n\(command.errors)", sourceLocation: location)
        return command
    }
}

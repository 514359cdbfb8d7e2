/// A place in a text: line and column count from 1, columns in characters.
package struct Position: Sendable, Hashable, Comparable {
    package var line: Int
    package var column: Int
    package init(line: Int, column: Int) { (self.line, self.column) = (line, column) }
    package static let start = Position(line: 1, column: 1)
    package static func < (a: Position, b: Position) -> Bool { (a.line, a.column) < (b.line, b.column) }
}

/// One mistake in a file, or what looks like one, where it is: `dist.yaml:5:7: error: unknown key 'provder_type' (did
/// you mean …?)`.
package struct FileDiagnostic: Error, Sendable, Hashable, CustomStringConvertible {
    /// A message about the text of a file is cut after this many characters, so that a hostile one cannot flood a
    /// terminal.
    package static let messageCharactersMax = 200
    /// One about a library or a provider, which names paths and versions.
    static let longMessageCharactersMax = 2000

    package enum Severity: String, Sendable, Hashable {
        case error
        /// The distribution starts; probably it is not what was meant.
        case warning
    }

    package var severity: Severity
    package var file: String
    /// nil: about the file as a whole (it cannot be read).
    package var position: Position?
    /// A stable word for programs: "unknown_key".
    package var code: String
    package var message: String
    /// The remedy, printed on a line of its own.
    package var hint: String?

    package init(
        file: String, position: Position?, code: String, message: String, hint: String? = nil,
        severity: Severity = .error, charactersMax: Int = FileDiagnostic.messageCharactersMax
    ) {
        self.severity = severity
        (self.file, self.position, self.code) = (file, position, code)
        self.message = Quote.printable(message, charactersMax: charactersMax)
        self.hint = hint.map { Quote.printable($0, charactersMax: 2000) }
    }

    package var description: String {
        let place = position.map { "\(file):\($0.line):\($0.column)" } ?? file
        return "\(place): \(severity.rawValue): \(message)" + (hint.map { "\n  hint: \($0)" } ?? "")
    }
}

/// Why a distribution did not start: what a command prints on stderr, line by line, before it exits with `exitCode`.
package struct StartFailure: Error, Sendable, CustomStringConvertible {
    /// Sorted by place; at least one error, and the warnings about the same file.
    package var diagnostics: [FileDiagnostic]
    /// sysexits: 78 for a mistake in the file, 66 when it can't be read, 75 when the state folder is in use, 69 when a
    /// provider failed to start.
    package var exitCode: Int32

    package init(_ diagnostics: [FileDiagnostic], exitCode: Int32 = 78) {
        self.diagnostics = diagnostics.sortedByPlace
        self.exitCode = exitCode
    }

    package var description: String { diagnostics.map(\.description).joined(separator: "\n") }
}

extension [FileDiagnostic] {
    var sortedByPlace: [FileDiagnostic] {
        sorted { ($0.position ?? .start, $0.message) < ($1.position ?? .start, $1.message) }
    }
}

/// The file behind a manifest: for complaints that come after it was decoded.
struct ManifestSource: Sendable {
    var file: String
    /// Where the settings of the server stand: "server.port".
    var settings: [String: Position] = [:]

    func diagnostic(
        _ position: Position?, _ code: String, _ message: String, hint: String? = nil
    ) -> FileDiagnostic {
        FileDiagnostic(
            file: file, position: position, code: code, message: message, hint: hint,
            charactersMax: FileDiagnostic.longMessageCharactersMax)
    }

    func warning(_ position: Position?, _ code: String, _ message: String, hint: String? = nil) -> FileDiagnostic {
        var warning = diagnostic(position, code, message, hint: hint)
        warning.severity = .warning
        return warning
    }
}

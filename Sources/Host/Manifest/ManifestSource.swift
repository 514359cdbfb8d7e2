/// The file behind a manifest: for complaints that come after it was decoded.
struct ManifestSource: Sendable {
    var file: String

    func diagnostic(
        _ position: Position?, _ code: String, _ message: String, hint: String? = nil
    ) -> FileDiagnostic {
        FileDiagnostic(
            file: file, position: position, code: code, message: message, hint: hint,
            charactersMax: FileDiagnostic.longMessageCharactersMax)
    }
}

/// Limits of a distribution's file.
enum ManifestLimits {
    static let fileBytesMax = 1 << 20
    static let depthMax = 32
    static let nodesMax = 20_000
    static let scalarBytesMax = 64 * 1024
    static let keyBytesMax = 256
    /// More mistakes than this are counted and not shown.
    static let diagnosticsMax = 200
    static let warningsMax = 20
}

/// The mistakes found in one file, as they are found, and what only looks like one.
final class Diagnostics {
    let file: String
    private(set) var found: [FileDiagnostic] = []
    private(set) var warnings: [FileDiagnostic] = []
    private var dropped = 0

    init(file: String) { self.file = file }

    var isFull: Bool { found.count >= ManifestLimits.diagnosticsMax }

    func add(_ position: Position?, _ code: String, _ message: @autoclosure () -> String, hint: String? = nil) {
        guard !isFull else { return dropped += 1 }
        found.append(FileDiagnostic(file: file, position: position, code: code, message: message(), hint: hint))
    }

    /// Adds a warning: the distribution starts all the same.
    func warn(_ position: Position?, _ code: String, _ message: @autoclosure () -> String, hint: String? = nil) {
        guard warnings.count < ManifestLimits.warningsMax else { return }
        warnings.append(
            FileDiagnostic(
                file: file, position: position, code: code, message: message(), hint: hint, severity: .warning))
    }

    /// nil when there are no mistakes.
    var failure: StartFailure? {
        guard !found.isEmpty else { return nil }
        var failure = StartFailure(found + warnings.prefix(max(0, ManifestLimits.diagnosticsMax - found.count)))
        if dropped > 0 {
            failure.diagnostics.append(
                FileDiagnostic(file: file, position: nil, code: "too_many", message: "and \(dropped) more mistakes"))
        }
        return failure
    }
}

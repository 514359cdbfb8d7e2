import Foundation

extension Manifest {
    /// The state folder that a distribution names, absolute; nil when it names none. The rest of the file may have
    /// mistakes, and its references need not be set here: the server that runs it has its own environment. Blocks on
    /// the disk.
    package static func statePath(path: String, environment: [String: String]) throws(StartFailure) -> String? {
        let file = path == standardInput ? "<stdin>" : path
        let input = try ManifestInput(path: path, file: file)
        let diagnostics = Diagnostics(file: file)
        guard let tree = YAMLReader.read(input.bytes, diagnostics) else {
            throw diagnostics.failure
                ?? StartFailure([FileDiagnostic(file: file, position: nil, code: "internal", message: "can't be read")])
        }
        guard let node = tree["state"] else { return nil }
        let references = Diagnostics(file: file)
        let resolved = EnvironmentReferences(environment: environment, diagnostics: references).resolve(node)
        if let failure = references.failure { throw failure }
        guard case .scalar(let scalar) = resolved.content, let state = scalar.string else { return nil }
        let directory =
            input.isFile
            ? URL(fileURLWithPath: path).standardizedFileURL.deletingLastPathComponent().path
            : FileManager.default.currentDirectoryPath
        return URL(fileURLWithPath: state.hasPrefix("/") ? state : directory + "/" + state).standardizedFileURL.path
    }
}

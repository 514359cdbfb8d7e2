import Foundation
import LlamaStackAPI

extension Manifest {
    /// The path that stands for standard input.
    package static let standardInput = "-"

    /// Reads a distribution. Reports every mistake of the file at once, up to the first YAML syntax error; opens
    /// nothing but this file. Blocks on the disk or, when it is a pipe, on who writes to that.
    ///
    /// - Parameters:
    ///   - path: ``standardInput`` for that. The paths in it, as those in a pipe, start at the current folder.
    ///   - environment: what `${env.NAME}` refers to.
    package static func load(path: String, environment: [String: String]) throws(StartFailure) -> Manifest {
        let file = path == standardInput ? "<stdin>" : path
        let input = try ManifestInput(path: path, file: file)
        let directory =
            input.isFile
            ? URL(fileURLWithPath: path).standardizedFileURL.deletingLastPathComponent().path
            : FileManager.default.currentDirectoryPath
        let name = URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent
        return try parse(
            input.bytes, file: file, directory: directory, environment: environment,
            name: input.isFile ? name : "distribution", isFolder: isFolder)
    }

    /// False where the bytes come through a pipe and are gone once they were read.
    package static func canBeReadAgain(path: String) -> Bool {
        var status = stat()
        guard path != standardInput, stat(path, &status) == 0 else { return false }
        return status.st_mode & S_IFMT == S_IFREG && !ManifestInput.isDescriptor(path)
    }

    /// - Parameters:
    ///   - file: what diagnostics call it.
    ///   - directory: absolute; what relative paths refer to.
    ///   - name: of the distribution, unless it has one itself; without it, the file's.
    ///   - isFolder: tells of folders that are missing; by default none is looked for.
    package static func parse(
        _ bytes: [UInt8], file: String, directory: String, environment: [String: String], name: String? = nil,
        isFolder: @escaping (String) -> Bool = { _ in true }
    ) throws(StartFailure) -> Manifest {
        let diagnostics = Diagnostics(file: file)
        let name = name ?? URL(fileURLWithPath: file).deletingPathExtension().lastPathComponent
        var manifest: Manifest?
        if let tree = YAMLReader.read(bytes, diagnostics) {
            let resolved = EnvironmentReferences(environment: environment, diagnostics: diagnostics).resolve(tree)
            LeadingZeros.warn(of: resolved, diagnostics)
            if let raw = ManifestKeys.manifest.read(resolved, diagnostics) {
                let check = ManifestCheck(
                    diagnostics: diagnostics, directory: directory, names: WrittenNames(tree: resolved),
                    isFolder: isFolder)
                manifest = check.manifest(raw, file: file, name: raw.name ?? name)
                manifest?.source.settings = RestartSettings.places(in: resolved)
                manifest?.masked = MaskedDistribution.json(resolved)
            }
        }
        if let failure = diagnostics.failure { throw failure }
        guard let manifest else {
            throw StartFailure([FileDiagnostic(file: file, position: nil, code: "internal", message: "can't be read")])
        }
        return manifest
    }

    private static func isFolder(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
    }
}

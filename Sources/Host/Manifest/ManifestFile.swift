import Foundation
import LlamaStackAPI

extension Manifest {
    /// Reads a distribution. Reports every mistake of the file at once, up to the first YAML syntax error; opens
    /// nothing but this file. Blocks on the disk.
    ///
    /// - Parameter environment: what `${env.NAME}` refers to.
    package static func load(path: String, environment: [String: String]) throws(StartFailure) -> Manifest {
        let bytes = try read(path)
        let directory = URL(fileURLWithPath: path).standardizedFileURL.deletingLastPathComponent().path
        return try parse(bytes, file: path, directory: directory, environment: environment)
    }

    /// - Parameters:
    ///   - file: what diagnostics call it.
    ///   - directory: absolute; what relative paths refer to.
    package static func parse(
        _ bytes: [UInt8], file: String, directory: String, environment: [String: String]
    ) throws(StartFailure) -> Manifest {
        let diagnostics = Diagnostics(file: file)
        let fallbackName = URL(fileURLWithPath: file).deletingPathExtension().lastPathComponent
        var manifest: Manifest?
        if let tree = YAMLReader.read(bytes, diagnostics) {
            let resolved = EnvironmentReferences(environment: environment, diagnostics: diagnostics).resolve(tree)
            if let raw = ManifestKeys.manifest.read(resolved, diagnostics) {
                let check = ManifestCheck(diagnostics: diagnostics, directory: directory, tree: resolved)
                manifest = check.manifest(raw, file: file, name: raw.name ?? fallbackName)
            }
        }
        if let failure = diagnostics.failure { throw failure }
        guard let manifest else {
            throw StartFailure([FileDiagnostic(file: file, position: nil, code: "internal", message: "can't be read")])
        }
        return manifest
    }

    private static func read(_ path: String) throws(StartFailure) -> [UInt8] {
        func failure(_ code: String, _ message: String) -> StartFailure {
            StartFailure([FileDiagnostic(file: path, position: nil, code: code, message: message)], exitCode: 66)
        }
        // Without waiting on a pipe that nobody writes to.
        let handle = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard handle >= 0 else { throw failure("unreadable", String(cString: strerror(errno))) }
        defer { close(handle) }
        var status = stat()
        guard fstat(handle, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw failure("unreadable", "is not a regular file")
        }
        var bytes = [UInt8](repeating: 0, count: ManifestLimits.fileBytesMax + 1)
        var filled = 0
        while filled < bytes.count {
            let got = bytes.withUnsafeMutableBytes {
                Foundation.read(handle, $0.baseAddress.map { $0 + filled }, $0.count - filled)
            }
            guard got >= 0 else { throw failure("unreadable", String(cString: strerror(errno))) }
            if got == 0 { break }
            filled += got
        }
        guard filled <= ManifestLimits.fileBytesMax else {
            throw StartFailure([
                FileDiagnostic(
                    file: path, position: nil, code: "too_large",
                    message:
                        "is larger than \(ManifestLimits.fileBytesMax) bytes, the most that a distribution may have")
            ])
        }
        return Array(bytes.prefix(filled))
    }
}

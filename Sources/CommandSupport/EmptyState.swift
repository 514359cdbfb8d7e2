import Foundation
import Host

extension Manifest {
    /// Calls `body` with this distribution over an empty state folder in place of its own, which a running server may
    /// hold. The folder is removed when `body` returns. Only what providers have announced goes along: the
    /// distribution's configs may name it.
    ///
    /// A distribution without a state folder is handed on as it is.
    package func overEmptyState<Result, Failure: Error>(
        _ body: (Manifest) async throws(Failure) -> Result
    ) async throws(Failure) -> Result {
        guard let statePath else { return try await body(self) }
        let folder = FileManager.default.temporaryDirectory.path + "/llama-stack-state-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try? FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        let announced = "/" + ResourceRegistry.fileName
        try? FileManager.default.copyItem(atPath: statePath + announced, toPath: folder + announced)
        var manifest = self
        manifest.statePath = folder
        return try await body(manifest)
    }
}

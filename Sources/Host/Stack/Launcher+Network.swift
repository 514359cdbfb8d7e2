import Foundation

extension Launcher {
    /// Certificates that are not there. Blocks on the disk.
    func missingNetworkFiles() -> [FileDiagnostic] {
        manifest.networkFiles.filter { !FileManager.default.fileExists(atPath: $0.path) }.map {
            manifest.source.diagnostic($0.position, "no_file", "'ca_file': there is no file \($0.path)")
        }
    }
}

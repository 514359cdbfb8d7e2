import Foundation
import Synchronization

/// A state folder for each instance, as a host would lend it.
final class StateFolders: Sendable {
    private let root = FileManager.default.temporaryDirectory.path + "/llama-stack-conformance-" + UUID().uuidString
    private let count = Atomic(0)

    /// The path of a new folder.
    func make() -> String {
        let path = root + "/\(count.add(1, ordering: .relaxed).newValue)"
        try? FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        return path
    }

    /// Once the check is over.
    func removeAll() { try? FileManager.default.removeItem(atPath: root) }
}

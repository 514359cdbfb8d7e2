import ContractBridge
import Foundation
import LlamaStackAPI

/// The lock on an instance's state folder, held by the process that runs it: an orphan of an earlier host, or a process
/// that a provider forked, keeps it as long as it lives, so that two never write into one folder.
final class StateLock: Sendable {
    private static let fileName = ".lock"
    /// A process that was killed needs a moment to be gone.
    private static let secondsMax = 5.0

    private let file: Int32

    /// Blocks for some time where another process holds it.
    init?(folder: String) throws(CreateFailure) {
        guard !folder.isEmpty else { return nil }
        let path = folder + "/" + Self.fileName
        let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else {
            throw CreateFailure(CallError(.providerUnavailable, "\(path): \(String(cString: strerror(errno)))"))
        }
        let end = Date().addingTimeInterval(Self.secondsMax)
        while flock(file, LOCK_EX | LOCK_NB) != 0 {
            guard Date() < end else {
                close(file)
                throw CreateFailure(
                    CallError(
                        .providerUnavailable,
                        "\(folder) is in use by another process, perhaps one that an earlier server left; end it first")
                )
            }
            usleep(20_000)
        }
        // Last: what throws above leaves no object whose deinit would close the file once more.
        self.file = file
    }

    deinit { close(file) }
}

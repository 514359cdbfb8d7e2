import Foundation
import ProviderKit

/// A file that takes up space until the disk is full: given back, it lets a delete through.
///
/// The writing thread's alone.
final class Reserve {
    private let path: String
    private let bytes: Int
    private let log: Log
    private(set) var isThere = false
    private var nextTry = ContinuousClock.now

    /// `bytes` 0: no reserve, and none is missed.
    init(path: String, bytes: Int, log: Log) {
        (self.path, self.bytes, self.log) = (path, bytes, log)
        isThere = bytes == 0 || make()
        if !isThere { log.warning("there is no room for the reserve of \(bytes) bytes that keeps deleting possible") }
    }

    func release() {
        guard bytes > 0 else { return }
        unlink(path)
        isThere = false
        nextTry = .now + Self.retryPause
        log.warning("the disk is full: the reserve was given back so that deleting works")
    }

    /// Whether it is missing, and was not tried a moment ago.
    var isDue: Bool { !isThere && ContinuousClock.now >= nextTry }

    /// Makes the file again when there is room.
    func restore() {
        isThere = make()
        nextTry = .now + Self.retryPause
    }

    private static let retryPause = Duration.milliseconds(200)

    private func make() -> Bool {
        let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { return false }
        defer { close(file) }
        guard posix_fallocate(file, 0, off_t(bytes)) == 0 else {
            unlink(path)
            return false
        }
        return true
    }
}

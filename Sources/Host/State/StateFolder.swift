import CProcessGuard
import Foundation
import Synchronization

/// The distribution's `state` folder: ours alone (0700), used by one host at a time.
final class StateFolder: Sendable {
    struct Failure: Error {
        var message: String
        var hint: String?
        var exitCode: Int32
    }

    let path: String
    private let lock: Int32
    private let isReleased = Atomic<Bool>(false)

    /// Makes the folder and takes its lock, without waiting. Blocks on the disk.
    init(path: String) throws(Failure) {
        self.path = path
        let parents = Self.parents(ofMissing: path)
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw Failure(message: "the state folder \(path) can't be made: \(Self.reason(error))", exitCode: 73)
        }
        try Self.checkAccess(path)
        for parent in parents { try Self.sync(parent) }
        let file = path + "/lock"
        let handle = open(file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard handle >= 0 else {
            throw Failure(message: "\(file) can't be opened: \(String(cString: strerror(errno)))", exitCode: 73)
        }
        guard flock(handle, LOCK_EX | LOCK_NB) == 0 else {
            let owner = Self.readOwner(handle)
            close(handle)
            throw Failure(
                message: "the state folder \(path) is in use by another llama-stack"
                    + (owner.map { " (process \($0))" } ?? ""),
                hint: "stop that one, or give this distribution another 'state'", exitCode: 75)
        }
        // A child that a provider forks shares the lock. It would keep it for as long as it lives, also when this
        // process has ended. (A lock of fcntl() is not shared so, but is lost when anything here closes another
        // descriptor of the file.)
        if pg_close_in_fork(handle) == 0 {
            close(handle)
            throw Failure(message: "this process has too many state folders open", exitCode: 71)
        }
        _ = ftruncate(handle, 0)
        let text = "\(getpid())\n"
        _ = text.withCString { pwrite(handle, $0, strlen($0), 0) }
        lock = handle
    }

    /// The folder that holds `path`, and above it every one that is needed to hold those that are missing: what they
    /// will list is not yet on disk. The first may be unsynced by a start that died, so it is always among them.
    private static func parents(ofMissing path: String) -> [String] {
        var parents: [String] = []
        var folder = URL(fileURLWithPath: path).standardizedFileURL
        repeat {
            folder.deleteLastPathComponent()
            parents.append(folder.path)
        } while !FileManager.default.fileExists(atPath: folder.path) && folder.path != "/"
        return parents
    }

    /// Puts on disk which names the folder holds. What is not ours to open, or can't be synced, was not ours to make.
    private static func sync(_ folder: String) throws(Failure) {
        let handle = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard handle >= 0 else { return }
        defer { close(handle) }
        guard fsync(handle) == 0 || errno == EINVAL else {
            throw Failure(
                message: "the folder \(folder) can't be synced: \(String(cString: strerror(errno)))", exitCode: 74)
        }
    }

    /// An existing folder keeps its mode, but no other user may have write access.
    private static func checkAccess(_ path: String) throws(Failure) {
        var status = stat()
        guard stat(path, &status) == 0, access(path, W_OK | X_OK) == 0 else {
            throw Failure(
                message: "the state folder \(path) can't be used: \(String(cString: strerror(errno)))", exitCode: 77)
        }
        guard status.st_uid == geteuid(), status.st_mode & 0o022 == 0 else {
            throw Failure(
                message:
                    "the state folder \(path) must belong to the user of llama-stack, and no other user may have write access; run chmod go-w on it",
                hint: "chmod 700 \(path), or name another folder under 'state'", exitCode: 77)
        }
    }

    deinit { release() }

    /// Lets another host use the folder.
    func release() {
        guard isReleased.exchange(true, ordering: .relaxed) == false else { return }
        pg_keep_in_fork(lock)
        // A child that is being started has a copy of the descriptor until it runs its program: closing ours would not
        // unlock.
        flock(lock, LOCK_UN)
        close(lock)
    }

    /// The folder of one instance, made if need be.
    func folder(api: String, providerID: String) throws(Failure) -> String {
        let folder = "\(path)/\(api)/\(providerID)"
        do {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw Failure(message: "the folder \(folder) can't be made: \(Self.reason(error))", exitCode: 73)
        }
        for parent in ["\(path)/\(api)", path] { try Self.sync(parent) }
        return folder
    }

    /// A whole file or the old one, whatever happens: temporary file, fsync, rename, fsync of the folder.
    func write(_ bytes: [UInt8], to name: String) throws(Failure) {
        let file = "\(path)/\(name)", temporary = file + ".new"
        func failure() -> Failure {
            Failure(message: "\(file) can't be written: \(String(cString: strerror(errno)))", exitCode: 74)
        }
        let handle = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard handle >= 0 else { throw failure() }
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                Foundation.write(handle, buffer.baseAddress.map { $0 + written }, bytes.count - written)
            }
            guard count > 0 else {
                close(handle)
                throw failure()
            }
            written += count
        }
        guard fsync(handle) == 0, close(handle) == 0, rename(temporary, file) == 0 else { throw failure() }
        try Self.sync(path)
    }

    func read(_ name: String) -> [UInt8]? {
        FileManager.default.contents(atPath: "\(path)/\(name)").map { [UInt8]($0) }
    }

    private static func readOwner(_ handle: Int32) -> Int? {
        var buffer = [UInt8](repeating: 0, count: 32)
        let count = pread(handle, &buffer, buffer.count, 0)
        guard count > 0 else { return nil }
        return Int(
            String(decoding: buffer.prefix(count), as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines))
    }

    private static func reason(_ error: any Error) -> String {
        let underlying = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError
        guard let underlying, underlying.domain == NSPOSIXErrorDomain else { return error.localizedDescription }
        return String(cString: strerror(Int32(underlying.code)))
    }
}

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Folders whose entries survive a power cut. Blocks on the disk.
package enum DurableFolder {
    /// Brings a folder's entries to the disk: files made in it, and renamed. A file system that has no such call is
    /// taken to need none.
    package static func sync(_ path: String) throws(FileError) {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError(path: path) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 || errno == EINVAL else { throw FileError(path: path) }
    }

    /// Makes a folder for its user alone in one that is there, unless it exists, and syncs `parent`.
    package static func make(_ path: String, in parent: String) throws(FileError) {
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw FileError(path: path) }
        try sync(parent)
    }

    /// Gives a file or folder, all of which is on disk, its name in `folder`, and syncs that.
    package static func rename(_ path: String, to name: String, in folder: String) throws(FileError) {
        guard systemRename(path, "\(folder)/\(name)") == 0 else { throw FileError(path: "\(folder)/\(name)") }
        try sync(folder)
    }
}

private func systemRename(_ old: String, _ new: String) -> Int32 { rename(old, new) }

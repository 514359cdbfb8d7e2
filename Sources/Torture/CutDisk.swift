import Foundation

/// An ext4 file system in a file, which can be stopped as a power cut stops a disk: what was not synced is gone, page
/// cache and all. Needs root.
struct CutDisk: Sendable {
    private static let shutdownRequest: UInt = 0x8004_587D

    /// Holds the image and the place where it is mounted.
    let folder: String

    private var image: String { folder + "/image" }
    var path: String { folder + "/disk" }

    /// Makes and mounts it.
    func make(mebibytes: Int = 256) throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        try Self.command("truncate", "-s", "\(mebibytes)M", image)
        try Self.command("mkfs.ext4", "-q", "-F", image)
        try Self.command("mount", "-o", "loop", image, path)
    }

    /// Comes back as after the power was cut. A process that has just been given mounts of its own may hold the stopped
    /// file system a little longer; what is mounted again in that time is still stopped.
    func mountAgain() throws {
        for _ in 0..<100 {
            try unmount()
            try Self.command("mount", "-o", "loop", image, path)
            if canSync { return }
            usleep(100_000)
        }
        throw TortureFailure(description: "\(path) is still stopped: another mount namespace holds it")
    }

    private var canSync: Bool {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return fsync(descriptor) == 0
    }

    /// A child that another thread is just starting has this process's descriptors until it runs its program: the disk
    /// is busy for as long.
    func unmount() throws {
        for _ in 0..<50 {
            do { return try Self.command("umount", path) } catch { usleep(100_000) }
        }
        try Self.command("umount", path)
    }

    /// Stops the disk at a path; false where that can't be done.
    /// - Parameter round: odd ones write the journal first, even ones do not.
    static func stop(_ path: String, round: Int) -> Bool {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return stop(descriptor, round: round)
    }

    /// The same of a folder that is open already.
    static func stop(_ descriptor: Int32, round: Int) -> Bool {
        var kind: UInt32 = round % 2 == 0 ? 2 : 1
        return ioctl(descriptor, shutdownRequest, &kind) == 0
    }

    private static func command(_ words: String...) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = words
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw TortureFailure(
                description: "'\(words.joined(separator: " "))' ended with \(process.terminationStatus)")
        }
    }
}

/// A trial that could not be made.
package struct TortureFailure: Error, CustomStringConvertible {
    package var description: String
}

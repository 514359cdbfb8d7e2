import DurableFiles
import Foundation
import ProviderKit
import Storage
import Synchronization

/// The checkpoints of one job on disk, a folder each. One is there whole or not at all: it is written beside, synced
/// and renamed, and its `SHA256SUMS` says what it must be.
///
/// Blocks on the disk.
final class CheckpointFolders: Sendable {
    let folder: String
    /// The checkpoints that were whole, each with a stamp of its files: only what has changed is hashed again.
    private let verified = Mutex<[String: String]>([:])

    static let stateName = "state.json"
    static let optimiserName = "optimizer.safetensors"
    private static let sumsName = "SHA256SUMS"

    init(_ folder: String) { self.folder = folder }

    static func name(step: Int) -> String { "step-\(step)" }

    func path(_ name: String) -> String { "\(folder)/\(name)" }

    /// Writes a checkpoint and reads it back.
    /// - Parameter fill: writes the files into a folder that is empty.
    func write(step: Int, _ state: CheckpointState, _ fill: (_ folder: String) throws -> Void) throws {
        let name = Self.name(step: step)
        let beside = path(".new-\(name)")
        try? FileManager.default.removeItem(atPath: beside)
        do {
            try DurableFolder.make(beside, in: folder)
            try fill(beside)
            try FileOutput.create("\(beside)/\(Self.stateName)") { file throws(FileError) in
                try file.write(state.json.bytes + [0x0A])
            }
            try Self.writeSums(beside)
            try DurableFolder.sync(beside)
            try DurableFolder.rename(beside, to: name, in: folder)
        } catch {
            try? FileManager.default.removeItem(atPath: beside)
            throw error
        }
        if let fault = fault(of: name) {
            try? FileManager.default.removeItem(atPath: path(name))
            throw ProviderError(.providerUnavailable, "checkpoint \(step) could not be read back: \(fault)")
        }
    }

    func remove(_ name: String) {
        verified.withLock { $0[name] = nil }
        // First aside, so that what is left by a crash is no checkpoint.
        let aside = path(".old-\(name)")
        guard rename(path(name), aside) == 0 else { return }
        try? FileManager.default.removeItem(atPath: aside)
    }

    /// Removes all that is none of these checkpoints.
    func removeAll(but names: Set<String>) {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] where !names.contains(name) {
            try? FileManager.default.removeItem(atPath: path(name))
        }
    }

    /// The place of a checkpoint in its run; nil when its file can't be read.
    func state(of name: String) -> CheckpointState? {
        guard let data = FileManager.default.contents(atPath: "\(path(name))/\(Self.stateName)"),
            let json = try? JSON(parsing: [UInt8](data))
        else { return nil }
        return try? CheckpointState(json: json, at: .root)
    }

    func isWhole(_ name: String) -> Bool { fault(of: name) == nil }

    /// The mistake in a checkpoint's files; nil when they are what was written.
    func fault(of name: String) -> String? {
        let place = path(name)
        guard let listed = FileManager.default.contents(atPath: "\(place)/\(Self.sumsName)") else {
            return "\(Self.sumsName) is not there"
        }
        let stamp = Self.stamp(place)
        if let stamp, verified.withLock({ $0[name] }) == stamp { return nil }
        var known = Set([Self.sumsName])
        for line in String(decoding: listed, as: UTF8.self).split(separator: "\n") {
            // As sha256sum writes it.
            let parts = line.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: true)
            guard parts.count == 2, parts[0].utf8.count == 64 else { return "\(Self.sumsName) is damaged" }
            let file = String(parts[1].drop { $0 == " " })
            known.insert(file)
            guard let sum = try? Self.sha256(of: "\(place)/\(file)") else { return "\(file) is not there" }
            guard sum == parts[0] else { return "\(file) is not what was written" }
        }
        guard known.count > 1, known.contains(Self.stateName) else { return "\(Self.sumsName) is damaged" }
        let names = (try? FileManager.default.contentsOfDirectory(atPath: place)) ?? []
        if let stranger = names.sorted().first(where: { !known.contains($0) }) {
            return "\(stranger) does not belong to it"
        }
        if let stamp { verified.withLock { $0[name] = stamp } }
        return nil
    }

    private static func writeSums(_ folder: String) throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
        let lines = try names.map { "\(try sha256(of: "\(folder)/\($0)"))  \($0)\n" }
        try FileOutput.create("\(folder)/\(sumsName)") { file throws(FileError) in try file.write(lines.joined()) }
    }

    /// The hash of a file's bytes, in hexadecimal.
    static func sha256(of path: String) throws -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { throw FileError(path: path) }
        defer { close(descriptor) }
        var hash = SHA256()
        var piece = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = piece.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
            guard count != 0 else { return hash.hex }
            guard count > 0 else {
                if errno == EINTR { continue }
                throw FileError(path: path)
            }
            piece.withUnsafeBytes { hash.add(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
        }
    }

    /// Changes with the files; nil when one can't be looked at.
    private static func stamp(_ folder: String) -> String? {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else { return nil }
        var stamp = ""
        for name in names.sorted() {
            var status = stat()
            guard lstat("\(folder)/\(name)", &status) == 0 else { return nil }
            stamp += "\(name) \(status.st_ino) \(status.st_size) \(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec)"
            stamp += " \(status.st_ctim.tv_sec).\(status.st_ctim.tv_nsec);"
        }
        return stamp
    }
}

import DurableFiles
import Foundation
import ProviderKit
import Storage

/// A copy of content that came over the network.
struct KeptCopy: Sendable, Equatable {
    /// The name of the file: random, and not derived from the request.
    var name: String
    var bytes: Int
    /// In hexadecimal.
    var sha256: String
}

/// The folder `content` of an instance. The register's row is what makes a copy count: its file is on disk, by name,
/// before the row is, and goes after the row has gone. A crash between the two leaves a file without a row, which the
/// next start removes.
struct KeptCopies: Sendable {
    private let folder: String
    private let log: Log

    /// Makes the folder. Blocks on the disk.
    init(in state: String, log: Log) throws {
        folder = state + "/content"
        self.log = log
        try FileError.forClient { try DurableFolder.make(folder, in: state) }
    }

    /// The default limit on the content of one dataset.
    private static let bytesMax = 4 << 30
    private static let secondsMax = 300.0

    /// Returns when the copy is on disk. Throws `url_not_allowed`, `upstream_error`, or that the disk is full or does
    /// not work.
    func fetch(
        _ url: String, through network: NetworkClient
    ) async throws -> (copy: KeptCopy, content: NetworkResponse) {
        let name = UUID().uuidString.lowercased()
        let file = try CopyFile(path(name))
        do {
            let content = try await network.content(of: url, bytesMax: Self.bytesMax, secondsMax: Self.secondsMax)
            var bytes = 0
            for try await piece in content.body {
                bytes += piece.count
                try await DispatchQueue.global().run { try piece.withUnsafeBytes { try file.append($0) } }
            }
            try await DispatchQueue.global().run {
                try FileError.forClient {
                    try file.output.finish()
                    try DurableFolder.sync(folder)
                }
            }
            return (KeptCopy(name: name, bytes: bytes, sha256: file.sha256), content)
        } catch {
            remove(name)
            throw error
        }
    }

    /// For reading, from its start.
    func open(_ copy: KeptCopy) throws -> FileHandle {
        let descriptor = Foundation.open(path(copy.name), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { throw FileError(path: copy.name).forClient }
        return FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    }

    func remove(_ name: String) { unlink(path(name)) }

    /// Removes what belongs to no dataset, and gives the names of copies that are not what was stored. Blocks on the
    /// disk.
    func reconcile(with copies: [KeptCopy]) -> Set<String> {
        let known = Set(copies.map(\.name))
        for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] where !known.contains(name) {
            remove(name)
        }
        let damaged = Set(copies.filter { !isWhole($0) }.map(\.name))
        if !damaged.isEmpty {
            log.error(
                "copies of datasets are not what was stored: delete the datasets that can't be read, create them again",
                ["copies": "\(damaged.count)"])
        }
        return damaged
    }

    /// Checks only the length of a large copy, so that a start does not take minutes.
    private func isWhole(_ copy: KeptCopy) -> Bool {
        guard let file = try? open(copy), let bytes = try? file.seekToEnd(), bytes == copy.bytes else { return false }
        guard copy.bytes <= Self.hashedBytesMax else { return true }
        var hash = SHA256()
        guard (try? file.seek(toOffset: 0)) != nil, let content = try? file.readToEnd() ?? Data() else { return false }
        content.withUnsafeBytes { hash.add($0) }
        return hash.hex == copy.sha256
    }

    private static let hashedBytesMax = 32 << 20

    private func path(_ name: String) -> String { "\(folder)/\(name)" }
}

/// A file that is being written, and the hash of what it has.
private final class CopyFile: @unchecked Sendable {
    // Unchecked: one piece after the other, then one who waited for the last of them.
    let output: FileOutput
    private var hash = SHA256()

    init(_ path: String) throws { output = try FileError.forClient { try FileOutput(creating: path) } }

    var sha256: String { hash.hex }

    func append(_ piece: UnsafeRawBufferPointer) throws {
        try FileError.forClient { try output.write(piece) }
        hash.add(piece)
    }
}

import Foundation
import ProviderKit

/// The folder in which datasets are written. A file has its name when all of it is on disk, and is never changed after:
/// a crash leaves a file that no dataset names, or none.
struct DatasetFolder: Sendable {
    /// Absolute.
    let path: String

    /// Makes the folder. Blocks on the disk.
    /// - Throws: `ConfigurationError`.
    init(path: String) throws {
        self.path = path
        do { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) } catch {
            throw ConfigurationError("/dataset_folder", "can't be made: \(path): \(error.localizedDescription)")
        }
    }

    /// Writes the rows as JSON Lines into a file of their own, and returns when they are on disk. Blocks on the disk.
    /// - Parameter id: the name begins with what of it can stand in one.
    func add(_ rows: [JSONObject], for id: String) throws -> (path: String, url: WireURL) {
        let isPlain = { (byte: UInt8) in
            byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_") || (byte < 128 && Character(.init(byte)).isLetter)
                || (48...57).contains(byte)
        }
        let beginning = String(decoding: id.utf8.prefix(64).map { isPlain($0) ? $0 : UInt8(ascii: "-") }, as: UTF8.self)
        let name = "\(beginning)-\(UUID().uuidString.lowercased()).jsonl"
        let (part, whole) = ("\(path)/.\(name).part", "\(path)/\(name)")
        do {
            try append(rows, to: part)
            guard rename(part, whole) == 0 else { throw Self.fault() }
            try sync()
        } catch {
            unlink(part)
            unlink(whole)
            throw error
        }
        return (whole, try WireURL(URL(fileURLWithPath: whole).absoluteString))
    }

    func remove(_ file: String) { unlink(file) }

    private func append(_ rows: [JSONObject], to file: String) throws {
        let descriptor = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw Self.fault() }
        defer { close(descriptor) }
        for row in rows {
            var line = JSON.object(row).bytes
            line.append(UInt8(ascii: "\n"))
            var start = 0
            while start < line.count {
                let written = line[start...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
                guard written > 0 else {
                    if errno == EINTR { continue }
                    throw Self.fault()
                }
                start += written
            }
        }
        guard fsync(descriptor) == 0 else { throw Self.fault() }
    }

    private func sync() throws {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Self.fault() }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw Self.fault() }
    }

    private static func fault() -> ProviderError {
        let reason = String(cString: strerror(errno))
        return switch errno {
        case ENOSPC, EDQUOT, EFBIG:
            ProviderError(.storageFull, "the disk of dataset_folder is full: no dataset was made")
        default: ProviderError(.providerUnavailable, "dataset_folder can't be written: \(reason)")
        }
    }
}

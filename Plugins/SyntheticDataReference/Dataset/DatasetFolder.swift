import DurableFiles
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
            try FileOutput.create(part) { file throws(FileError) in
                for row in rows { try file.write(JSON.object(row).bytes + [UInt8(ascii: "\n")]) }
            }
            try DurableFolder.rename(part, to: name, in: path)
        } catch {
            unlink(part)
            unlink(whole)
            throw Self.forClient(error)
        }
        return (whole, try WireURL(URL(fileURLWithPath: whole).absoluteString))
    }

    func remove(_ file: String) { unlink(file) }

    private static func forClient(_ error: FileError) -> ProviderError {
        error.isStorageFull
            ? ProviderError(.storageFull, "the disk of dataset_folder is full: no dataset was made")
            : ProviderError(.providerUnavailable, "dataset_folder can't be written: \(error.reason)")
    }
}

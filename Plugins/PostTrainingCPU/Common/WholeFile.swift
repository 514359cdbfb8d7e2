import DurableFiles
import Foundation
import ProviderKit

/// A file that is read whole.
enum WholeFile {
    /// The bytes of a file. Blocks on the disk. Throws a `FileError`, and `internal` when it is longer than `bytesMax`.
    static func read(_ path: String, bytesMax: Int) throws -> [UInt8] {
        guard let file = FileHandle(forReadingAtPath: path), let data = try file.read(upToCount: bytesMax + 1) else {
            throw FileError(path: path)
        }
        guard data.count <= bytesMax else { throw ProviderError(.internal, "a file is longer than \(bytesMax) bytes") }
        return [UInt8](data)
    }
}

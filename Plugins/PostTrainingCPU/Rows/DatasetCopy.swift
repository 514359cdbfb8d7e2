import DatasetRows
import DurableFiles
import Foundation
import ProviderKit
import Storage

/// The rows of a job, kept in its folder: what was checked when the job was accepted is what it trains on, whatever
/// becomes of the dataset.
struct DatasetCopy: WireRecord, Hashable {
    /// The file's name; it holds JSON Lines of the columns that are read.
    var name: String
    var form: ExampleForm
    var rows: Int
    /// The length of the longest row.
    var rowBytesMax: Int
    /// In hexadecimal.
    var sha256: String

    static let object = Object(
        "DatasetCopy", isComponent: false, Self.init, Field("name", \.name), Field("form", \.form),
        Field("rows", \.rows), Field("row_bytes_max", \.rowBytesMax), Field("sha256", \.sha256))

    /// Reads and checks every row, and writes it down. Blocks on the disk; returns when the copy is on disk.
    /// - Parameters:
    ///   - file: where to.
    ///   - field: of the request.
    static func write(
        _ content: DatasetContent, of dataset: Dataset, _ form: ExampleForm, to file: String, _ limits: RowLimits,
        isCancelled: () -> Bool
    ) throws -> DatasetCopy {
        let check = RowCheck(dataset.columns, limits)
        let output = try FileError.forClient { try FileOutput(creating: file) }
        var hash = SHA256()
        var longest = 0
        let rows = try check.count(content, isCancelled: isCancelled) { row, reader in
            do { _ = try Example(row.values, form) } catch let error as WireError {
                throw reader.mistake(row.line, "column '\(error.field)' \(error.message)")
            }
            var kept = JSONObject()
            for column in form.columns { kept[column] = row.values[column] }
            let line = JSON.object(kept).bytes + [0x0A]
            longest = max(longest, line.count)
            line.withUnsafeBytes { hash.add($0) }
            try FileError.forClient { try output.write(line) }
        }
        try FileError.forClient { try output.finish() }
        return DatasetCopy(
            name: String(file.split(separator: "/").last ?? ""), form: form, rows: rows, rowBytesMax: longest,
            sha256: hash.hex)
    }

    /// The rows of a copy, one at a time. Blocks on the disk. Throws a ``DatasetError`` for a file that is not what was
    /// written.
    static func read(
        _ file: String, _ form: ExampleForm, rowBytesMax: Int, _ body: (Example) throws -> Void
    ) throws {
        guard let handle = FileHandle(forReadingAtPath: file) else { throw DatasetError("is not there: \(file)") }
        var reader = try RowReader(
            DatasetContent(source: .file(handle), format: .jsonLines), [:], RowLimits(rowBytesMax: rowBytesMax))
        while let row = try reader.next() {
            let example: Example
            do { example = try Example(row.values, form) } catch let error as WireError {
                throw reader.mistake(row.line, "column '\(error.field)' \(error.message)")
            }
            try body(example)
        }
    }
}

import CommandSupport
import DatasetRows
import Foundation
import LlamaStackAPI

/// A file of rows as the dataset of a training request.
enum TrainingFile {
    /// A larger one is not sent: the server must be able to open it.
    static let sentBytesMax = 40 << 20

    /// Reads the columns from all rows. A file goes with the request up to `sentBytesMax`, and by its place above that;
    /// a URL goes as it is.
    /// - Parameter option: the one that named the source, for errors.
    static func dataset(_ source: String, option: String) async throws -> Dataset {
        let opened = try await DatasetSource.open(source, columns: [:])
        let report = try await OwnThread.run { try opened.reading { try DatasetReport(&$0, nil) { _ in } } }
        guard !report.definitions.isEmpty else {
            throw Fail.with("error: \(option) \(source) has no rows", exitCode: 65)
        }
        var columns: [String: DatasetColumn] = [:]
        for (name, column) in report.definitions { columns[name] = column }
        do { return Dataset(columns: columns, contentURL: try WireURL(try url(source))) } catch let error as WireError {
            throw Fail.with("error: \(option) \(source): \(error)", exitCode: 65)
        }
    }

    private static func url(_ source: String) throws -> String {
        guard !DataURL.isOne(source), !["http://", "https://", "file://"].contains(where: source.hasPrefix) else {
            return source
        }
        let file = URL(fileURLWithPath: source).standardizedFileURL
        guard let bytes = FileManager.default.contents(atPath: file.path), bytes.count <= sentBytesMax else {
            return file.absoluteString
        }
        let types = ["csv": "text/csv", "json": "application/json"]
        let type = types[file.pathExtension.lowercased()] ?? "application/jsonl"
        return "data:\(type);base64,\(bytes.base64EncodedString())"
    }
}

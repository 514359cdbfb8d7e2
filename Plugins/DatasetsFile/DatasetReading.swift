import ProviderKit

/// Holds every row of a dataset against its columns.
struct DatasetReading: Sendable {
    private let dataset: Dataset
    private let opener: ContentOpener
    private let limits: DatasetsFileConfiguration

    init(_ dataset: Dataset, _ opener: ContentOpener, _ limits: DatasetsFileConfiguration) {
        (self.dataset, self.opener, self.limits) = (dataset, opener, limits)
    }

    /// How many rows there are. Blocks; reads in pieces, so memory is that of one row.
    func check(isCancelled: () -> Bool) throws -> Int {
        var reader = try RowReader(try opener.open(dataset.contentURL), dataset.columns, limits)
        var count = 0
        while let row = try reader.next() {
            if isCancelled() { throw CancellationError() }
            guard count < limits.rowsMax else {
                throw ContentOpener.refusal("holds more than rows_max (\(limits.rowsMax)) rows")
            }
            try check(row, reader)
            count += 1
        }
        guard count > 0 else { throw ContentOpener.refusal("holds no rows") }
        return count
    }

    private func check(_ row: RowReader.Row, _ reader: RowReader) throws {
        for key in row.values.keys where dataset.columns[key] == nil {
            let close =
                Spelling.closest(to: key, in: dataset.columns.keys.sorted()).map { " (did you mean '\($0)'?)" } ?? ""
            throw reader.refusal(row.line, "'\(key.prefix(64))' is no column\(close)")
        }
        for (name, type) in dataset.columns.sorted(by: { $0.key < $1.key }) {
            guard let value = row.values[name], value != .null else {
                throw reader.refusal(row.line, "column '\(name)' is missing")
            }
            guard let mistake = type.mistake(in: value) else { continue }
            throw reader.refusal(row.line, "column '\(name)'\(mistake)")
        }
    }
}

extension DatasetColumnType {
    /// What is wrong with a value of this column, to be read after the column's name; nil when nothing is.
    fileprivate func mistake(in value: JSON) -> String? {
        switch (self, value) {
        case (.json, _), (.text, .string), (.number, .integer), (.number, .number): nil
        case (.text, _): " must be a string, got \(value.kind)"
        case (.number, _): " must be a number, got \(value.kind)"
        case (.media, _):
            mistake {
                _ =
                    value.stringValue == nil
                    ? try Attachment(json: value, at: .root).url : try WireURL(json: value, at: .root)
            }
        case (.dialog, .array): mistake { _ = try [Message](json: value, at: .root) }
        case (.dialog, .object): mistake { _ = try Dialog(json: value, at: .root) }
        case (.dialog, _): " must be an array of messages or a dialog, got \(value.kind)"
        }
    }

    private func mistake(_ decode: () throws -> Void) -> String? {
        do {
            try decode()
            return nil
        } catch let error as WireError {
            return (error.field.isEmpty || error.field.hasPrefix("[") ? "" : ".") + error.field + " " + error.message
        } catch { return " \(error)" }
    }
}

import LlamaStackAPI

/// Holds every row of a dataset against its columns.
package struct RowCheck: Sendable {
    private let columns: [String: DatasetColumn]
    private let names: [String]
    /// Names of the columns that every row must have a value in.
    private let requiredNames: [String]
    private let limits: RowLimits

    package init(_ columns: [String: DatasetColumn], _ limits: RowLimits) {
        (self.columns, self.limits) = (columns, limits)
        names = columns.keys.sorted()
        requiredNames = names.filter { columns[$0]?.isNullable == false }
    }

    /// How many rows there are. Blocks; reads in pieces, so memory is that of one row. Throws a ``DatasetError`` that
    /// names the first row that is wrong.
    /// - Parameter body: is given each row that is as it should be.
    package func count(
        _ content: DatasetContent, isCancelled: () -> Bool,
        _ body: (RowReader.Row, RowReader) throws -> Void = { _, _ in }
    ) throws -> Int {
        var reader = try RowReader(content, columns, limits)
        var count = 0
        while let row = try reader.next() {
            if isCancelled() { throw CancellationError() }
            guard count < limits.rowsMax else {
                throw DatasetError("holds more than rows_max (\(limits.rowsMax)) rows")
            }
            try check(row, reader)
            try body(row, reader)
            count += 1
        }
        guard count > 0 else { throw DatasetError("holds no rows") }
        return count
    }

    private func check(_ row: RowReader.Row, _ reader: RowReader) throws {
        var required = 0
        for member in row.values.members {
            guard let column = columns[member.key] else {
                let isIndex = member.key.isEmpty && reader.format == .csv
                let close =
                    isIndex
                    ? " (pandas writes its index so; to_csv with index=False writes none)"
                    : Spelling.closest(to: member.key, in: names).map { " (did you mean '\($0)'?)" } ?? ""
                throw reader.mistake(row.line, "'\(member.key.prefix(64))' is no column\(close)")
            }
            if case .null = member.value, column.type != .json { continue }
            if let mistake = column.type.mistake(in: member.value) {
                throw reader.mistake(row.line, "column '\(member.key)'\(mistake)")
            }
            if !column.isNullable { required += 1 }
        }
        guard required < requiredNames.count else { return }
        guard let missing = requiredNames.first(where: { isMissing($0, row.values) }), let column = columns[missing]
        else { return }
        let nullable = DatasetColumn(column.type, isNullable: true).json.text
        let words = row.values[missing] == nil ? "is missing" : "is missing: it is null"
        throw reader.mistake(row.line, "column '\(missing)' \(words) (a column \(nullable) may be)")
    }

    private func isMissing(_ name: String, _ values: JSONObject) -> Bool {
        switch values[name] {
        case nil: true
        case .null: columns[name]?.type != .json
        default: false
        }
    }
}

extension DatasetColumnType {
    /// The problem with a value of this column, to be read after the column's name; nil when there is none.
    package func mistake(in value: JSON) -> String? {
        switch (self, value) {
        case (.json, _), (.text, .string), (.number, .integer), (.number, .number), (.number, .exact): nil
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

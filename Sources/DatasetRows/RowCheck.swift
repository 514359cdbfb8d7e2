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
                let advice = advice(on: member, of: row, reader)
                throw reader.mistake(row.line, "'\(member.key.prefix(64))' is no column\(advice)")
            }
            if case .null = member.value, column.type != .json { continue }
            if let mistake = column.type.mistake(in: member.value) {
                let isTable = row.number == 1 && member.value["0"] != nil
                throw reader.mistake(row.line, "column '\(member.key)'\(mistake)" + (isTable ? Self.records : ""))
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

    private static let records = " (pandas writes rows by to_json('a.jsonl', orient='records', lines=True))"

    /// On a member that is no column.
    private func advice(on member: JSONObject.Member, of row: RowReader.Row, _ reader: RowReader) -> String {
        if member.key.isEmpty, reader.format == .csv {
            return " (pandas writes its index so; to_csv with index=False writes none)"
        }
        if let close = Spelling.closest(to: member.key, in: names) { return " (did you mean '\(close)'?)" }
        if row.number == 1, ["columns", "index", "data"].allSatisfy({ row.values[$0] != nil }) { return Self.records }
        if row.number == 1, case .array(let items) = member.value, items.first?.objectValue != nil {
            return " (are the rows in it? jq -c '.[\"\(member.key.prefix(64))\"][]' FILE makes JSON Lines of them)"
        }
        return ""
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

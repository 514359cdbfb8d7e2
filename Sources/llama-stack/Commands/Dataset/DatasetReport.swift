import CommandSupport
import DatasetRows
import Foundation
import LlamaStackAPI
import Tokenizers

/// The report of `dataset stats`.
struct DatasetReport: Sendable {
    private let format: RowFormat
    private var rows = 0
    /// In the order in which they were first seen.
    private var columns: [(name: String, statistics: ColumnStatistics)] = []
    private let hasTokens: Bool

    /// Reads all rows. Throws a ``DatasetError``.
    init(_ reader: inout RowReader, _ tokens: TokenCounter?, _ progress: (Int) -> Void) throws {
        format = reader.format
        hasTokens = tokens != nil
        var places: [String: Int] = [:]
        while let row = try reader.next() {
            rows += 1
            if rows % 100_000 == 0 { progress(rows) }
            for member in row.values.members {
                let place = places[member.key] ?? columns.count
                if place == columns.count {
                    columns.append((member.key, ColumnStatistics(isText: format == .csv)))
                    places[member.key] = place
                }
                columns[place].statistics.add(value(member.value), countTokens: tokens?.count)
            }
        }
    }

    /// All of CSV is text: what reads as a number is one, and an empty field is none.
    private func value(_ value: JSON) -> JSON {
        guard format == .csv, case .string(let text) = value else { return value }
        if text.isEmpty { return .null }
        guard let number = try? JSON(parsing: text), number.kind == JSON.integer(0).kind else { return value }
        return number
    }

    // MARK: For people

    var text: String {
        guard rows > 0 else { return "no rows (\(format))\n" }
        var table = [["COLUMN", "KIND", "MISSING", "DISTINCT"] + (hasTokens ? ["TOKENS"] : []) + ["VALUES"]]
        for (name, column) in columns {
            let distinct = column.distinct.map(Self.grouped) ?? ColumnStatistics.distinctWords
            table.append(
                [name, column.kind.rawValue, Self.grouped(rows - column.valueCount), distinct]
                    + (hasTokens ? [Self.spread(column.tokens) ?? "-"] : []) + [Self.values(column)])
        }
        var definitions = JSONObject()
        for (name, column) in self.definitions { definitions[name] = column.json }
        let (head, columns) = ("\(Self.grouped(rows)) rows, \(format)", JSON.object(definitions).text)
        return "\(head)\n\n\(Table.text(table))\ncolumns: \(columns)\n"
    }

    /// The columns as `create` takes them, in the order in which they were first seen.
    var definitions: [(name: String, column: DatasetColumn)] {
        columns.map { ($0.name, DatasetColumn($0.statistics.kind, isNullable: $0.statistics.valueCount < rows)) }
    }

    private static func values(_ column: ColumnStatistics) -> String {
        var words: [String] = []
        if let numbers = column.numbers {
            let mean = numbers.sum / Double(column.kinds[.number] ?? 1)
            words.append([numbers.least, mean, numbers.most].map(short).joined(separator: " / ") + " (mean)")
        }
        if let spread = spread(column.lengths) {
            let unit =
                switch column.kind {
                case .text, .media: "characters"
                case .dialog: "turns"
                case .json, .number: "long"
                }
            words.append("\(spread) \(unit)")
        }
        let roles = Role.allCases.compactMap { role in column.roles[role].map { "\(role.rawValue) \(grouped($0))" } }
        if !roles.isEmpty { words.append(roles.joined(separator: ", ")) }
        if column.kinds.count > 1 {
            let kinds = column.kinds.sorted { ($1.value, $0.key.rawValue) < ($0.value, $1.key.rawValue) }
            words.append(kinds.map { "\(grouped($0.value)) \($0.key.rawValue)" }.joined(separator: ", "))
        }
        return words.joined(separator: "; ")
    }

    /// Least / median / most.
    private static func spread(_ histogram: Histogram) -> String? {
        histogram.spread.map { "\(grouped($0.least)) / \(grouped($0.median)) / \(grouped($0.most))" }
    }

    private static func short(_ number: Double) -> String { String(format: "%.6g", number) }

    private static func grouped(_ number: Int) -> String {
        var digits = String(number)
        var groups: [Substring] = []
        while digits.count > 3 {
            groups.insert(digits.suffix(3), at: 0)
            digits = String(digits.dropLast(3))
        }
        return ([digits[...]] + groups).joined(separator: ",")
    }

    // MARK: For programs

    var json: JSON {
        var items: [JSON] = []
        for (definition, (name, column)) in zip(definitions, columns) {
            var item: JSONObject = [
                "name": .string(name), "kind": .string(column.kind.rawValue),
                "missing": .integer(Int64(rows - column.valueCount)), "column": definition.column.json,
            ]
            // Absent: more than are counted.
            if let distinct = column.distinct { item["distinct"] = .integer(Int64(distinct)) }
            if let numbers = column.numbers {
                let mean = numbers.sum / Double(column.kinds[.number] ?? 1)
                item["numbers"] = ["min": .number(numbers.least), "mean": .number(mean), "max": .number(numbers.most)]
            }
            item["lengths"] = Self.json(column.lengths)
            item["tokens"] = Self.json(column.tokens)
            if !column.roles.isEmpty {
                var roles = JSONObject()
                for role in Role.allCases { roles[role.rawValue] = column.roles[role].map { JSON.integer(Int64($0)) } }
                item["roles"] = .object(roles)
            }
            items.append(.object(item))
        }
        return ["rows": .integer(Int64(rows)), "format": .string(format.description), "columns": .array(items)]
    }

    private static func json(_ histogram: Histogram) -> JSON? {
        histogram.spread.map {
            [
                "min": .integer(Int64($0.least)), "median": .integer(Int64($0.median)),
                "max": .integer(Int64($0.most)), "sum": .integer(Int64(histogram.sum)),
            ]
        }
    }
}

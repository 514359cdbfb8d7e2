import LlamaStackAPI

/// The rows of a dataset one after another, whatever their format; holds one of them in memory.
///
/// Columns that are not given are what their values say: in CSV, text.
package struct RowReader {
    package struct Row {
        /// From 1.
        package var number: Int
        /// Where it begins, from 1.
        package var line: Int
        package var values: JSONObject
    }

    package let format: RowFormat
    private let limits: RowLimits
    private let columns: [String: DatasetColumn]
    private var bytes: ByteReader
    private var number = 0
    private var header: [String] = []
    private var isInArray = false

    package init(
        _ content: DatasetContent, _ columns: [String: DatasetColumn] = [:], _ limits: RowLimits = RowLimits()
    ) throws {
        (self.columns, self.limits) = (columns, limits)
        bytes = ByteReader(content.source)
        try bytes.skipMark()
        try bytes.skipSpace()
        let seen = try RowFormat(start: try bytes.start(RowFormat.startBytes))
        // A .json file of one object a line is common enough.
        format = content.format == .jsonArray && seen == .jsonLines ? seen : content.format ?? seen
        if format == .csv { header = try csvHeader() }
    }

    /// nil at the end. Throws a ``DatasetError`` that names the row and the line.
    package mutating func next() throws -> Row? {
        if format == .csv { return try csvRow() }
        try bytes.skipSpace()
        if format == .jsonArray, try !enterItem() { return nil }
        let line = bytes.line
        guard try bytes.peek() != nil else {
            if format == .jsonArray { throw mistake(line, "the array is not closed: ']' is missing") }
            return nil
        }
        number += 1
        let text = try format == .jsonArray ? item(line) : restOfLine(line)
        let json: JSON
        do { json = try JSON(parsing: text, limits: JSONLimits(bodyBytesMax: limits.rowBytesMax)) } catch {
            throw mistake(line, Self.words(error, text, format))
        }
        guard case .object(let values) = json else { throw mistake(line, "a row must be an object, got \(json.kind)") }
        return Row(number: number, line: line, values: values)
    }

    package func mistake(_ line: Int, _ reason: String) -> DatasetError {
        DatasetError("has a mistake in row \(number), line \(line): \(reason)")
    }

    // MARK: JSON

    /// The parser's error, with its cause where it is a known one.
    private static func words(_ error: JSONError, _ text: [UInt8], _ format: RowFormat) -> String {
        if format == .jsonLines {
            if text.first == 0x1E {
                return "it begins with the separator of RFC 7464, which JSON Lines has not: "
                    + "tr -d '\\036' < FILE > FILE.jsonl"
            }
            if error.byteOffset >= text.count {
                return "\(error) (is the object on several lines? In JSON Lines each has one: jq -c . FILE makes it so)"
            }
            if text[error.byteOffset] == UInt8(ascii: ","),
                (try? JSON(parsing: Array(text[..<error.byteOffset]))) != nil
            {
                return "\(error) (JSON Lines has no commas between rows)"
            }
            if text[error.byteOffset] == UInt8(ascii: "{"), error.byteOffset > 0,
                (try? JSON(parsing: Array(text[..<error.byteOffset]))) != nil
            {
                return "\(error) (in JSON Lines each row has a line of its own: jq -c . FILE makes it so)"
            }
        }
        guard let cause = error.cause(in: text) else { return "\(error)" }
        return "not valid JSON at byte \(error.byteOffset): found \(cause.found)"
            + (cause.advice.isEmpty ? "" : "; \(cause.advice)")
    }

    private mutating func restOfLine(_ line: Int) throws -> [UInt8] {
        guard let text = try bytes.restOfLine(bytesMax: limits.rowBytesMax) else { throw tooLong(line) }
        return text
    }

    /// Past `[` or `,`; false at the end of the array.
    private mutating func enterItem() throws -> Bool {
        let line = bytes.line
        if !isInArray {
            guard try bytes.next() == UInt8(ascii: "[") else {
                throw mistake(line, "the content must be an array of objects, without comments")
            }
            isInArray = true
            try bytes.skipSpace()
            guard try bytes.peek() == UInt8(ascii: "]") else { return true }
        } else if try bytes.peek() == UInt8(ascii: ",") {
            _ = try bytes.next()
            try bytes.skipSpace()
            if try bytes.peek() == UInt8(ascii: "]") {
                throw mistake(bytes.line, "there is a comma before the array's ']': leave the last comma out")
            }
            return true
        }
        guard try bytes.next() == UInt8(ascii: "]") else { throw mistake(line, "',' or ']' is wanted after it") }
        try bytes.skipSpace()
        guard try bytes.peek() == nil else { throw mistake(bytes.line, "there is more after the array's end") }
        return false
    }

    /// Up to the comma or bracket that ends it: brackets are counted, strings passed over. The parser judges the rest.
    private mutating func item(_ line: Int) throws -> [UInt8] {
        var text: [UInt8] = []
        var depth = 0
        var isInString = false
        var isEscaped = false
        while let byte = try bytes.peek() {
            if isInString {
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isInString = false
                }
            } else {
                switch byte {
                case UInt8(ascii: "\""): isInString = true
                case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
                case UInt8(ascii: ","), UInt8(ascii: "]"), UInt8(ascii: "}"):
                    if depth == 0 { return text }
                    if byte != UInt8(ascii: ",") { depth -= 1 }
                default: break
                }
            }
            try append(byte, &text, line)
            _ = try bytes.next()
        }
        return text
    }

    private func append(_ byte: UInt8, _ text: inout [UInt8], _ line: Int) throws {
        guard text.count < limits.rowBytesMax else { throw tooLong(line) }
        text.append(byte)
    }

    private func tooLong(_ line: Int) -> DatasetError {
        mistake(line, "it is longer than row_bytes_max (\(limits.rowBytesMax) bytes)")
    }

    // MARK: CSV (RFC 4180, header first)

    private mutating func csvHeader() throws -> [String] {
        let line = bytes.line
        let start = try bytes.start(RowFormat.startBytes)
        if start.contains(0x0D), !start.contains(0x0A) {
            throw DatasetError("ends its lines with CR alone: tr '\\r' '\\n' < FILE > FILE.csv")
        }
        let separator = CSVSeparator(start: start)
        let names: [String]
        do {
            guard let found = try record(line) else { return [] }
            names = found
        } catch { throw separator.map { DatasetError($0.refusal) } ?? error }
        // A column may be called "a;b".
        if let separator, names.contains(where: { columns[$0] == nil }) { throw DatasetError(separator.refusal) }
        guard Set(names).count == names.count else {
            throw mistake(line, "two columns of the header have the same name")
        }
        return names
    }

    private mutating func csvRow() throws -> Row? {
        try bytes.skip { $0 == 0x0A || $0 == 0x0D }
        let line = bytes.line
        guard try bytes.peek() != nil else { return nil }
        number += 1
        guard let fields = try record(line) else { return nil }
        guard fields.count == header.count else {
            let comment = header[0].hasPrefix("#") ? " (the header begins with '#': CSV has no comments)" : ""
            throw mistake(line, "the header has \(header.count) fields, this row has \(fields.count)\(comment)")
        }
        var values = JSONObject()
        for (name, text) in zip(header, fields) { values.append(name, try value(text, name, line)) }
        return Row(number: number, line: line, values: values)
    }

    /// A CSV field is text; what its column wants beyond that is read from the text.
    private func value(_ text: String, _ name: String, _ line: Int) throws -> JSON {
        guard let column = columns[name] else { return .string(text) }
        if column.isNullable, text.isEmpty { return .null }
        let type = column.type
        if type == .text || type == .media { return .string(text) }
        guard let json = try? JSON(parsing: text, limits: JSONLimits(bodyBytesMax: limits.rowBytesMax)) else {
            throw mistake(
                line,
                "column '\(name)' must be \(type == .number ? "a number" : "JSON"), got '\(text.prefix(40))'"
                    + (text.isEmpty
                        ? " (a column \(DatasetColumn(type, isNullable: true).json.text) may be empty)" : ""))
        }
        return json
    }

    /// One record, quotes resolved; nil at the end.
    private mutating func record(_ line: Int) throws -> [String]? {
        var fields: [String] = []
        var field: [UInt8] = []
        var size = 0
        var isQuoted = false
        var isStart = true
        var isClosed = false
        guard try bytes.peek() != nil else { return nil }
        func close() throws -> String {
            guard let text = String(validating: field, as: UTF8.self) else {
                throw mistake(line, "it is not UTF-8 (iconv -f WINDOWS-1252 -t UTF-8 FILE makes it so, if it is that)")
            }
            return text
        }
        while let byte = try bytes.next() {
            size += 1
            guard size <= limits.rowBytesMax else { throw tooLong(line) }
            switch byte {
            case UInt8(ascii: "\"") where isQuoted:
                if try bytes.peek() == byte {
                    field.append(try bytes.next() ?? byte)
                } else {
                    (isQuoted, isClosed) = (false, true)
                }
            case UInt8(ascii: "\"") where isStart: (isQuoted, isStart) = (true, false)
            case UInt8(ascii: ",") where !isQuoted:
                fields.append(try close())
                (field, isStart, isClosed) = ([], true, false)
                guard fields.count < limits.columnsMax else {
                    throw mistake(line, "it has more than columns_max (\(limits.columnsMax)) fields")
                }
            case 0x0A where !isQuoted: return fields + [try close()]
            case 0x0D where try !isQuoted && bytes.peek() == 0x0A: break
            default:
                guard !isClosed || isQuoted else {
                    let isEscaped = field.last == UInt8(ascii: "\\")
                    throw mistake(
                        line,
                        "there is text after a closing quote"
                            + (isEscaped ? " (a quote within a field is written twice, without a backslash)" : ""))
                }
                field.append(byte)
                isStart = false
            }
        }
        if isQuoted { throw mistake(line, "a quote is not closed") }
        return fields + [try close()]
    }
}

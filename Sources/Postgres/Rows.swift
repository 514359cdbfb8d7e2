import CPostgres

/// The result rows of a statement, in binary format.
package final class Rows {
    private let result: OpaquePointer

    init(_ result: OpaquePointer) { self.result = result }
    deinit { PQclear(result) }

    package var count: Int { Int(PQntuples(result)) }
    package subscript(index: Int) -> Row { Row(rows: self, index: Int32(index)) }
    package var first: Row? { count > 0 ? self[0] : nil }

    package func map<Element>(_ transform: (Row) throws -> Element) rethrows -> [Element] {
        try (0..<count).map { try transform(self[$0]) }
    }

    /// Rows that an INSERT, UPDATE or DELETE has changed.
    package var changed: Int { Int(String(cString: PQcmdTuples(result))) ?? 0 }

    /// `COMMIT`, `INSERT 0 3`, …
    var command: String { String(cString: PQcmdStatus(result)) }

    fileprivate func bytes(_ row: Int32, _ column: Int) -> UnsafeRawBufferPointer? {
        guard PQgetisnull(result, row, Int32(column)) == 0 else { return nil }
        return UnsafeRawBufferPointer(
            start: PQgetvalue(result, row, Int32(column)), count: Int(PQgetlength(result, row, Int32(column))))
    }
}

/// One row. Asking a column for what it does not hold is a bug of ours; a null is 0, empty, or false.
package struct Row {
    fileprivate let rows: Rows
    fileprivate let index: Int32

    package func isNull(_ column: Int) -> Bool { rows.bytes(index, column) == nil }

    /// The value of an int2, int4 or int8.
    package func int(_ column: Int) -> Int64 {
        guard let bytes = rows.bytes(index, column), let first = bytes.first else { return 0 }
        return bytes.dropFirst().reduce(Int64(Int8(bitPattern: first))) { $0 << 8 | Int64($1) }
    }

    /// The value of a float8.
    package func double(_ column: Int) -> Double { Double(bitPattern: UInt64(bitPattern: int(column))) }
    package func bool(_ column: Int) -> Bool { int(column) != 0 }

    package func text(_ column: Int) -> String {
        rows.bytes(index, column).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    package func bytes(_ column: Int) -> [UInt8] { rows.bytes(index, column).map { [UInt8]($0) } ?? [] }
}

/// How rows are written.
package enum RowForm: Sendable, Equatable, CustomStringConvertible {
    case jsonLines
    case jsonArray
    case csv

    /// By its extension; nil when that says nothing. Throws for forms that are known and not read.
    package init?(fileName: String) throws {
        switch fileName.split(separator: "/").last?.split(separator: ".").dropFirst().last?.lowercased() {
        case "jsonl", "ndjson": self = .jsonLines
        case "json": self = .jsonArray
        case "csv": self = .csv
        case "parquet": throw DatasetError(Self.parquet)
        default: return nil
        }
    }

    /// nil for a type that says nothing, or that we do not know.
    package init?(mediaType: String) {
        switch mediaType {
        case "application/jsonl", "application/x-ndjson", "application/jsonlines", "application/x-jsonlines":
            self = .jsonLines
        case "application/json": self = .jsonArray
        case "text/csv": self = .csv
        default: return nil
        }
    }

    /// From the first bytes: `[` begins an array, `{` an object of JSON Lines; all else is taken for CSV. Throws for
    /// what is no text.
    init(start: ArraySlice<UInt8>) throws {
        if start.starts(with: "PAR1".utf8) { throw DatasetError(Self.parquet) }
        for (mark, name) in Self.packed where start.starts(with: mark) {
            throw DatasetError("is packed (\(name)): unpack it, and name the file in it")
        }
        switch start.first {
        case UInt8(ascii: "["): self = .jsonArray
        case UInt8(ascii: "{"), nil: self = .jsonLines
        default: self = .csv
        }
    }

    package var description: String {
        switch self {
        case .jsonLines: "JSON Lines"
        case .jsonArray: "JSON array"
        case .csv: "CSV"
        }
    }

    private static let parquet =
        "is Parquet, which is not read here: make JSON Lines of it (pip install duckdb, then "
        + #"python3 -c "import duckdb; duckdb.sql(\"COPY 'a.parquet' TO 'a.jsonl' (FORMAT json)\")")"#

    private static let packed: [(mark: [UInt8], name: String)] = [
        ([0x1F, 0x8B], "gzip"), ([0x50, 0x4B, 0x03, 0x04], "zip"), ([0x28, 0xB5, 0x2F, 0xFD], "zstd"),
        ([0xFD, 0x37, 0x7A, 0x58, 0x5A], "xz"), ([0x42, 0x5A, 0x68], "bzip2"),
    ]
}

/// How rows are written.
package enum RowFormat: Sendable, Equatable, CustomStringConvertible {
    case jsonLines
    case jsonArray
    case csv

    /// By its extension; nil when that says nothing. Throws for formats that are known and not read.
    package init?(fileName: String) throws {
        let fileExtension = fileName.split(separator: "/").last?.split(separator: ".").dropFirst().last?.lowercased()
        switch fileExtension {
        case "jsonl", "ndjson", "jsonlines": self = .jsonLines
        case "json": self = .jsonArray
        case "csv": self = .csv
        case let other?:
            if let foreign = ForeignFormat(fileExtension: other) { throw DatasetError(foreign.refusal) }
            return nil
        case nil: return nil
        }
    }

    /// In small letters, without parameters. nil for a type that says nothing, or that we do not know.
    package init?(mediaType: String) throws {
        switch mediaType {
        case "application/jsonl", "application/x-ndjson", "application/jsonlines", "application/x-jsonlines",
            "application/ndjson", "application/json-lines", "text/jsonl", "application/x-jsonl":
            self = .jsonLines
        case "application/json", "text/json": self = .jsonArray
        case "text/csv", "application/csv", "text/x-csv", "application/x-csv": self = .csv
        case "text/tab-separated-values":
            throw DatasetError(ForeignFormat(fileExtension: "tsv")?.refusal ?? "is separated by tabs")
        default: return nil
        }
    }

    /// As many bytes as tell one format from another.
    static let startBytes = 1024

    /// From the first bytes: `[` begins an array, `{` an object of JSON Lines; all else is taken for CSV. Throws for
    /// what is no text, and for text in a format that is known and not read.
    init(start: ArraySlice<UInt8>) throws {
        if let foreign = ForeignFormat(start: start) { throw DatasetError(foreign.refusal) }
        switch start.first {
        case UInt8(ascii: "["): self = .jsonArray
        // The last is the separator of RFC 7464, of which the reader tells.
        case UInt8(ascii: "{"), nil, 0x1E: self = .jsonLines
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
}

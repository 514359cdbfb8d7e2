/// How rows are written.
enum RowForm: Equatable {
    case jsonLines
    case jsonArray
    case csv
    /// A type that says nothing: to be seen from the bytes.
    case unknown

    /// By its extension; nil when that says nothing.
    init?(fileName: String) {
        switch fileName.split(separator: ".").last?.lowercased() {
        case "jsonl", "ndjson": self = .jsonLines
        case "json": self = .jsonArray
        case "csv": self = .csv
        default: return nil
        }
    }

    /// nil for a type that holds no rows we can read.
    init?(mediaType: String) {
        switch mediaType {
        case "application/jsonl", "application/x-ndjson", "application/jsonlines", "application/x-jsonlines":
            self = .jsonLines
        case "application/json": self = .jsonArray
        case "text/csv": self = .csv
        case "", "text/plain", "application/octet-stream": self = .unknown
        default: return nil
        }
    }

    /// `[` begins an array, `{` an object of JSON Lines; all else is taken for CSV.
    init(firstByte: UInt8?) {
        switch firstByte {
        case UInt8(ascii: "["): self = .jsonArray
        case UInt8(ascii: "{"), nil: self = .jsonLines
        default: self = .csv
        }
    }
}

import DatasetRows
import ProviderKit
import Storage

/// The `config:` of an `inline::file` entry of `datasets`.
struct DatasetsFileConfiguration: WireRecord {
    var fileRoots: [String]
    var datasetsMax: Int
    var rowBytesMax: Int
    var rowsMax: Int
    var columnsMax: Int
    var idempotency: IdempotencySettings

    static let object = Object(
        "DatasetsFileConfiguration", isComponent: false, Self.init,
        Field(
            "file_roots", \.fileRoots, default: [],
            "The folders below which content_url may name files (file://); none: files are refused. Links are not followed."
        ),
        Field("datasets_max", \.datasetsMax, default: 10_000, check: .within(1...1_000_000), "Datasets in all."),
        Field(
            "row_bytes_max", \.rowBytesMax, default: 8 << 20, check: .within(1024...(256 << 20)),
            "One row as it is written; also what a reader holds in memory."),
        Field(
            "rows_max", \.rowsMax, default: 1_000_000_000, check: .within(1...1_000_000_000_000),
            "Rows of one dataset."),
        Field("columns_max", \.columnsMax, default: 1_000, check: .within(1...100_000), "Columns of one dataset."),
        Inline(\.idempotency, IdempotencySettings.object))
}

extension DatasetsFileConfiguration {
    var rowLimits: RowLimits { RowLimits(rowBytesMax: rowBytesMax, columnsMax: columnsMax, rowsMax: rowsMax) }
}

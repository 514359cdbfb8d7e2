/// The type of every value of a column.
public enum DatasetColumnType: String, WireEnum {
    /// An array of messages, or a ``Dialog``.
    case dialog
    /// A string.
    case text
    /// A URL, or an ``Attachment``.
    case media
    /// A number.
    case number
    /// Any JSON value.
    case json
}

/// Rows of data, by reference.
public struct Dataset: WireRecord, Hashable {
    /// The columns by their names. A row has every column that is not nullable, and no other.
    public var columns: [String: DatasetColumn]
    /// Where the rows are: JSON Lines. A provider may read other formats too, and allows only some URLs.
    public var contentURL: WireURL
    /// Free members, kept and answered as they are; empty by default.
    public var metadata: JSONObject

    /// A dataset without metadata unless it is given. Columns and rows are checked when it is registered.
    public init(columns: [String: DatasetColumn], contentURL: WireURL, metadata: JSONObject = [:]) {
        (self.columns, self.contentURL, self.metadata) = (columns, contentURL, metadata)
    }

    /// The record's fields, for decoding, encoding and the schema.
    public static let object = Object(
        "Dataset", Self.init,
        Field("columns", \.columns, "The columns' types, by name."),
        Field("content_url", \.contentURL, "Where the rows are: JSON Lines."),
        Field("metadata", \.metadata, default: [:], "Free members, kept as they are."))
}

/// A dataset to register.
public struct CreateDatasetRequest: WireRecord, Hashable {
    /// The caller's id for it: 1 to 200 bytes without control characters. In use already: `already_exists`.
    public var uuid: String
    /// The dataset to register.
    public var dataset: Dataset

    /// Creates the request; the id's length is checked by decoding alone.
    public init(uuid: String, dataset: Dataset) {
        (self.uuid, self.dataset) = (uuid, dataset)
    }

    /// The record's fields, for decoding, encoding and the schema.
    public static let object = Object(
        "CreateDatasetRequest", Self.init,
        Field("uuid", \.uuid, check: .identifier, "The caller's id for it: 1 to 200 bytes, no control characters."),
        Field("dataset", \.dataset, "The dataset."))
}

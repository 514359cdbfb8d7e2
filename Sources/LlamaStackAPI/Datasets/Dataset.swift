public enum DatasetColumnType: String, WireEnum {
    case dialog, text, media, number, json
}

/// Rows of data, by reference.
public struct Dataset: WireRecord, Hashable {
    public var columns: [String: DatasetColumnType]
    public var contentURL: WireURL
    public var metadata: JSONObject

    public init(columns: [String: DatasetColumnType], contentURL: WireURL, metadata: JSONObject = [:]) {
        (self.columns, self.contentURL, self.metadata) = (columns, contentURL, metadata)
    }

    public static let object = Object(
        "Dataset", Self.init,
        Field("columns", \.columns, "The columns' types, by name."),
        Field("content_url", \.contentURL, "Where the rows are: JSON Lines."),
        Field("metadata", \.metadata, default: [:], "Free members, kept as they are."))
}

/// A dataset to register.
public struct CreateDatasetRequest: WireRecord, Hashable {
    public var uuid: String
    public var dataset: Dataset

    public init(uuid: String, dataset: Dataset) {
        (self.uuid, self.dataset) = (uuid, dataset)
    }

    public static let object = Object(
        "CreateDatasetRequest", Self.init,
        Field("uuid", \.uuid, check: .identifier, "The caller's id for it: 1 to 200 bytes, no control characters."),
        Field("dataset", \.dataset, "The dataset."))
}

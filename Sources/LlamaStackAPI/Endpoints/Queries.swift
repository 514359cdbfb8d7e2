// The query parameters of the draft's endpoints. All are required strings.

/// The agent that a request is about.
public struct AgentQuery: WireRecord, Hashable {
    /// The `uuid` of the agent's creation. Requests may also call the parameter `agent_uuid`.
    public var agentID: String
    /// Creates the query; the id's length is checked by decoding alone.
    public init(agentID: String) { self.agentID = agentID }
    /// The record's fields, for decoding, encoding and the schema.
    public static let object = Object(
        "AgentQuery", isComponent: false, Self.init,
        Field("agent_id", \.agentID, check: .identifier, "The agent's id: the uuid of its creation."))
}

/// The bank that a request is about.
public struct MemoryBankQuery: WireRecord, Hashable {
    /// The `bank_uuid` of the bank's creation.
    public var bankUUID: String
    /// Creates the query; the id's length is checked by decoding alone.
    public init(bankUUID: String) { self.bankUUID = bankUUID }
    /// The record's fields, for decoding, encoding and the schema.
    public static let object = Object(
        "MemoryBankQuery", isComponent: false, Self.init,
        Field("bank_uuid", \.bankUUID, check: .identifier, "The bank's id."))
}

/// The bank whose status is asked for, and the documents that are to be told of one by one.
public struct MemoryBankStatusQuery: WireRecord, Hashable {
    /// The `bank_uuid` of the bank's creation.
    public var bankUUID: String
    /// Ids, separated by commas, or a JSON array of them. nil: of no document alone.
    public var documents: String?
    /// Creates the query; the id's length is checked by decoding alone.
    public init(bankUUID: String, documents: String? = nil) { (self.bankUUID, self.documents) = (bankUUID, documents) }
    /// The record's fields, for decoding, encoding and the schema.
    public static let object = Object(
        "MemoryBankStatusQuery", isComponent: false, Self.init,
        Field("bank_uuid", \.bankUUID, check: .identifier, "The bank's id."),
        Field(
            "documents", \.documents,
            "Documents to be told of one by one: their ids, separated by commas, or a JSON array of them."))

    /// The ids of ``documents``, each once.
    public var documentIDs: [String] {
        guard let documents else { return [] }
        var ids = documents.split(separator: ",").map(String.init)
        if case .array(let items)? = try? JSON(parsing: documents) { ids = items.compactMap(\.stringValue) }
        var seen: Set<[UInt8]> = []
        return ids.filter { seen.insert(Array($0.utf8)).inserted }
    }
}

/// The bank to create.
public struct MemoryBankCreateQuery: WireRecord, Hashable {
    /// The bank's id, chosen by the caller: 1 to 200 bytes without control characters.
    public var bankUUID: String
    /// A name for people. It need not be unique.
    public var bankName: String
    /// Creates the query; the id's length is checked by decoding alone.
    public init(bankUUID: String, bankName: String) { (self.bankUUID, self.bankName) = (bankUUID, bankName) }
    /// The record's fields, for decoding, encoding and the schema.
    public static let object = Object(
        "MemoryBankCreateQuery", isComponent: false, Self.init,
        Field("bank_uuid", \.bankUUID, check: .identifier, "The bank's id, chosen by the caller."),
        Field("bank_name", \.bankName, "The bank's name, for people."))
}

/// The dataset that a request is about.
public struct DatasetQuery: WireRecord, Hashable {
    /// The `uuid` of the dataset's creation. Requests may also call the parameter `uuid` or `dataset_uuid`.
    public var datasetID: String
    /// Creates the query; the id's length is checked by decoding alone.
    public init(datasetID: String) { self.datasetID = datasetID }
    /// The record's fields, for decoding, encoding and the schema.
    public static let object = Object(
        "DatasetQuery", isComponent: false, Self.init,
        Field("dataset_id", \.datasetID, check: .identifier, "The dataset's id: the uuid of its creation."))
}

/// The training job that a request is about.
public struct JobQuery: WireRecord, Hashable {
    /// The `job_uuid` of the request that started it.
    public var jobUUID: String
    /// Creates the query; the id's length is checked by decoding alone.
    public init(jobUUID: String) { self.jobUUID = jobUUID }
    /// The record's fields, for decoding, encoding and the schema.
    public static let object = Object(
        "JobQuery", isComponent: false, Self.init,
        Field("job_uuid", \.jobUUID, check: .identifier, "The job's id."))
}

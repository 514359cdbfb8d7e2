// The query parameters of the draft's endpoints. All are required strings.

public struct AgentQuery: WireRecord, Hashable {
    public var agentID: String
    public init(agentID: String) { self.agentID = agentID }
    public static let object = Object(
        "AgentQuery", isComponent: false, Self.init,
        Field("agent_id", \.agentID, check: .identifier, "The agent's id: the uuid of its creation."))
}

public struct MemoryBankQuery: WireRecord, Hashable {
    public var bankUUID: String
    public init(bankUUID: String) { self.bankUUID = bankUUID }
    public static let object = Object(
        "MemoryBankQuery", isComponent: false, Self.init,
        Field("bank_uuid", \.bankUUID, check: .identifier, "The bank's id."))
}

public struct MemoryBankCreateQuery: WireRecord, Hashable {
    public var bankUUID: String
    public var bankName: String
    public init(bankUUID: String, bankName: String) { (self.bankUUID, self.bankName) = (bankUUID, bankName) }
    public static let object = Object(
        "MemoryBankCreateQuery", isComponent: false, Self.init,
        Field("bank_uuid", \.bankUUID, check: .identifier, "The bank's id, chosen by the caller."),
        Field("bank_name", \.bankName, "The bank's name, for people."))
}

public struct DatasetQuery: WireRecord, Hashable {
    public var datasetID: String
    public init(datasetID: String) { self.datasetID = datasetID }
    public static let object = Object(
        "DatasetQuery", isComponent: false, Self.init,
        Field("dataset_id", \.datasetID, check: .identifier, "The dataset's id: the uuid of its creation."))
}

public struct JobQuery: WireRecord, Hashable {
    public var jobUUID: String
    public init(jobUUID: String) { self.jobUUID = jobUUID }
    public static let object = Object(
        "JobQuery", isComponent: false, Self.init,
        Field("job_uuid", \.jobUUID, check: .identifier, "The job's id."))
}

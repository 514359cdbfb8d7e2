/// Which resource decides the provider when several serve the API.
public enum RoutingKey: Sendable, Equatable {
    /// The API's only (or default) provider.
    case none
    /// The body names a resource that the distribution lists: ``ResourceKind/requestField``.
    case listed(ResourceKind)
    /// The request names a resource that one provider has (a bank, a dataset, an agent, a job).
    case resource(ResourceName)
    /// The request makes such a resource: the client may say where with the query parameter `provider_id`.
    case creation(ResourceName)
    /// Every provider answers, and their JSON Lines are joined.
    case all
    /// The request names a tool: the first provider of the distribution that has it, each time anew.
    case tool(ResourceName)
    /// Every provider that can be reached answers, and their tools are joined: of two with one name, the first.
    case toolList

    /// The query parameter that says which provider makes a resource. Served beside the draft's, not printed with them.
    public static let providerParameter = "provider_id"

    /// The kind that the distribution lists and the body names; nil for the other keys.
    public var listedKind: ResourceKind? {
        if case .listed(let kind) = self { kind } else { nil }
    }
}

/// Where a request says which resource it is about.
public enum ResourceName: Sendable, Equatable {
    /// A query parameter.
    case parameter(String)
    /// A top-level field of the body, a string or an array of strings.
    case field(String)

    /// The parameter's or field's name.
    public var key: String {
        switch self {
        case .parameter(let key), .field(let key): key
        }
    }
}

extension API {
    /// How to ask a provider whether it has a resource, changing nothing: 404 when it has not.
    public struct Probe: Sendable {
        /// The method's name over the contract.
        public var method: String
        /// The query parameter that names the resource.
        public var parameter: String
        /// The body of the question; nil when the method takes none.
        public var body: JSON?
    }

    /// nil when the API has no such question.
    public var probe: Probe? {
        switch self {
        case .memoryBanks: Probe(method: "get_documents", parameter: "bank_uuid", body: [])
        case .datasets: Probe(method: "get", parameter: "dataset_id")
        case .postTraining: Probe(method: "job_status", parameter: "job_uuid")
        case .agenticSystem: Probe(method: "get", parameter: "agent_id")
        case .inference, .rewardScoring, .syntheticDataGeneration, .tools, .safety: nil
        }
    }
}

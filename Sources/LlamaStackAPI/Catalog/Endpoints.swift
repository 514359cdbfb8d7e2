/// The catalog: every endpoint there is. Routes, dispatch, clients, lists and the document all come from it.
public enum Endpoints {
    /// In the draft's order, and after them the APIs beyond it.
    public static let all: [EndpointDescription] =
        AgenticSystem.all + Datasets.all + Inference.all + MemoryBanks.all + PostTraining.all + RewardScoring.all
        + SyntheticDataGeneration.all + Tools.all + Safety.all

    /// The endpoint of a method by its name over the contract; nil when the API has no such method. Linear in the
    /// catalog.
    public static func find(_ api: API, _ method: String) -> EndpointDescription? {
        all.first { $0.api == api && $0.method == method }
    }
}

extension API {
    /// Its endpoints, in the draft's order.
    public var endpoints: [EndpointDescription] { Endpoints.all.filter { $0.api == self } }
}

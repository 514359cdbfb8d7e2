import LlamaStackAPI

/// Who can call other providers: a ``ProviderContext`` on its own behalf, a ``Call`` on behalf of the one who asked (its
/// request id, principal and deadline go along).
///
/// Only the APIs in ``Provider/needs`` and ``Provider/wants`` can be called. `provider` picks one by its id; nil leaves it to the host's routing.
public protocol CallsProviders: Sendable {
    func caller(_ api: API, _ provider: String?) -> HostCaller
}

extension ProviderContext: CallsProviders {
    public func caller(_ api: API, _ provider: String?) -> HostCaller {
        HostCaller(link: link, target: HostCaller.target(api, provider), origin: nil)
    }
}

extension Call: CallsProviders {
    public func caller(_ api: API, _ provider: String?) -> HostCaller {
        HostCaller(link: link, target: HostCaller.target(api, provider), origin: self)
    }
}

extension HostCaller {
    fileprivate static func target(_ api: API, _ provider: String?) -> String {
        provider.map { "\(api.rawValue)/\($0)" } ?? api.rawValue
    }
}

extension CallsProviders {
    public func inference(_ provider: String? = nil) -> InferenceClient {
        InferenceClient(caller: caller(.inference, provider))
    }
    public func agenticSystem(_ provider: String? = nil) -> AgenticSystemClient {
        AgenticSystemClient(caller: caller(.agenticSystem, provider))
    }
    public func memoryBanks(_ provider: String? = nil) -> MemoryBanksClient {
        MemoryBanksClient(caller: caller(.memoryBanks, provider))
    }
    public func datasets(_ provider: String? = nil) -> DatasetsClient {
        DatasetsClient(caller: caller(.datasets, provider))
    }
    public func rewardScoring(_ provider: String? = nil) -> RewardScoringClient {
        RewardScoringClient(caller: caller(.rewardScoring, provider))
    }
    public func syntheticDataGeneration(_ provider: String? = nil) -> SyntheticDataGenerationClient {
        SyntheticDataGenerationClient(caller: caller(.syntheticDataGeneration, provider))
    }
    public func postTraining(_ provider: String? = nil) -> PostTrainingClient {
        PostTrainingClient(caller: caller(.postTraining, provider))
    }
}

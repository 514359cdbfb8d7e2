import LlamaStackAPI

/// Calls other providers: a ``ProviderContext`` on the instance's own behalf, a ``Call`` on behalf of its client
/// (request id, principal and deadline go along).
///
/// Only the APIs in ``Provider/needs`` and ``Provider/wants`` can be called. `provider` picks one by its id; nil leaves
/// it to the host's routing.
public protocol CallsProviders: Sendable {
    /// The way to one API. Always succeeds: a provider or API that does not exist fails the calls that are made through
    /// it.
    func caller(_ api: API, _ provider: String?) -> HostCaller
}

extension ProviderContext: CallsProviders {
    /// Calls on the instance's own behalf: without request id, principal and deadline.
    public func caller(_ api: API, _ provider: String?) -> HostCaller {
        HostCaller(link: link, target: HostCaller.target(api, provider), origin: nil)
    }
}

extension Call: CallsProviders {
    /// Calls on behalf of this call's client: its request id, principal and deadline go along. Cancelling the task that
    /// awaits such a call cancels it.
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
    /// The typed client of `inference`. `provider` picks one by its id; nil leaves it to the host's routing, by the
    /// model.
    public func inference(_ provider: String? = nil) -> InferenceClient {
        InferenceClient(caller: caller(.inference, provider))
    }
    /// The typed client of `agentic_system`. `provider` picks one by its id; nil leaves it to the host, which finds the
    /// provider that has the agent.
    public func agenticSystem(_ provider: String? = nil) -> AgenticSystemClient {
        AgenticSystemClient(caller: caller(.agenticSystem, provider))
    }
    /// The typed client of `memory_banks`. `provider` picks one by its id; nil leaves it to the host, which finds the
    /// provider that has the bank.
    public func memoryBanks(_ provider: String? = nil) -> MemoryBanksClient {
        MemoryBanksClient(caller: caller(.memoryBanks, provider))
    }
    /// The typed client of `datasets`. `provider` picks one by its id; nil leaves it to the host, which finds the
    /// provider that has the dataset.
    public func datasets(_ provider: String? = nil) -> DatasetsClient {
        DatasetsClient(caller: caller(.datasets, provider))
    }
    /// The typed client of `reward_scoring`. `provider` picks one by its id; nil leaves it to the host's routing, by
    /// the model.
    public func rewardScoring(_ provider: String? = nil) -> RewardScoringClient {
        RewardScoringClient(caller: caller(.rewardScoring, provider))
    }
    /// The typed client of `synthetic_data_generation`. `provider` picks one by its id; nil takes the distribution's
    /// first.
    public func syntheticDataGeneration(_ provider: String? = nil) -> SyntheticDataGenerationClient {
        SyntheticDataGenerationClient(caller: caller(.syntheticDataGeneration, provider))
    }
    /// The typed client of `post_training`. `provider` picks one by its id; nil leaves it to the host, which finds the
    /// provider that has the job.
    public func postTraining(_ provider: String? = nil) -> PostTrainingClient {
        PostTrainingClient(caller: caller(.postTraining, provider))
    }
    /// The typed client of `tools`. `provider` picks one by its id; nil leaves it to the host, which finds the provider
    /// that has the tool.
    public func tools(_ provider: String? = nil) -> ToolsClient {
        ToolsClient(caller: caller(.tools, provider))
    }
    /// The typed client of `safety`. `provider` picks one by its id; nil leaves it to the host's routing, by the
    /// shield.
    public func safety(_ provider: String? = nil) -> SafetyClient {
        SafetyClient(caller: caller(.safety, provider))
    }
}

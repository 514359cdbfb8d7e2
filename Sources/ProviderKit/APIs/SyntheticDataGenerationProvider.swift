import LlamaStackAPI

/// A provider of `synthetic_data_generation`: answers to prompts, scored and filtered.
public protocol SyntheticDataGenerationProvider: Provider {
    /// Generates candidates for each prompt, scores them when `rewardScoring` is given, and keeps those that the filter
    /// takes. An empty list of prompts has an empty answer.
    ///
    /// The draft has no field for the generating model or the number of candidates: they are the provider's
    /// configuration, and `statistics` says what was used. Throw `modelNotFound` when the reward model is unknown, and
    /// `invalidRequest` for settings that the filter cannot use. All or nothing: an error gives no data. A cancelled
    /// call cancels the calls that it made through `call`; let the `CancellationError` pass.
    func generate(
        _ request: SyntheticDataGenerationRequest, _ call: Call
    ) async throws -> SyntheticDataGenerationResponse
}

extension SyntheticDataGenerationProvider {
    /// A conforming provider implements `synthetic_data_generation`.
    public static var api: API { .syntheticDataGeneration }

    /// The endpoint of ``SyntheticDataGeneration``, with the method of this protocol that answers it.
    public static var methods: [Method<Self>] {
        [Method(SyntheticDataGeneration.generate) { try await $0.generate($2, $3) }]
    }
}

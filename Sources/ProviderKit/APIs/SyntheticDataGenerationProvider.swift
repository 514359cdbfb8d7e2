import LlamaStackAPI

/// A provider of `synthetic_data_generation`: answers to prompts, scored and filtered.
public protocol SyntheticDataGenerationProvider: Provider {
    func generate(
        _ request: SyntheticDataGenerationRequest, _ call: Call
    ) async throws -> SyntheticDataGenerationResponse
}

extension SyntheticDataGenerationProvider {
    public static var api: API { .syntheticDataGeneration }

    public static var methods: [Method<Self>] {
        [Method(SyntheticDataGeneration.generate) { try await $0.generate($2, $3) }]
    }
}

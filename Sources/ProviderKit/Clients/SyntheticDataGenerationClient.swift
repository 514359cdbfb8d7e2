import LlamaStackAPI

/// `synthetic_data_generation`, as another provider calls it.
public struct SyntheticDataGenerationClient: Sendable {
    public let caller: HostCaller

    public func generate(_ request: SyntheticDataGenerationRequest) async throws -> SyntheticDataGenerationResponse {
        try await caller.answer(SyntheticDataGeneration.generate, Nothing(), request)
    }
}

import LlamaStackAPI

/// Typed calls to `synthetic_data_generation` of another provider.
public struct SyntheticDataGenerationClient: Sendable {
    /// For calls with options, or of an endpoint that has no method here.
    public let caller: HostCaller

    /// Generates data for prompts and waits for all of it. Throws as ``HostCaller/answer(_:_:_:options:)`` does.
    public func generate(_ request: SyntheticDataGenerationRequest) async throws -> SyntheticDataGenerationResponse {
        try await caller.answer(SyntheticDataGeneration.generate, Nothing(), request)
    }
}

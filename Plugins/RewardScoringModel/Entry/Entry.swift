import ProviderKit
import RewardScoringModel

// libprovider-reward-scoring-model.so holds one provider.
@c(llama_stack_provider_v1)
public func entry(_ hostMinor: UInt32) -> UnsafePointer<lsp_module>? { exportProviders(RewardModelProvider.self) }

import ProviderKit
import SafetyPromptGuard

// libprovider-safety-prompt-guard.so holds one provider.
@c(llama_stack_provider_v1)
public func entry(_ hostMinor: UInt32) -> UnsafePointer<lsp_module>? { exportProviders(PromptGuard.self) }

import ProviderKit

// The library's one exported symbol. The host looks it up after dlopen and asks it what the library holds: here, one
// provider. A library may hold several: exportProviders(Echo.self, Parrot.self).
@c(llama_stack_provider_v1)
public func entry(_ hostMinor: UInt32) -> UnsafePointer<lsp_module>? { exportProviders(Echo.self) }

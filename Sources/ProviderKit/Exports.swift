// `import ProviderKit` is all that a provider's files need: the wire types come along, and the C types that the one
// exported function names.
@_exported import CProviderABI
@_exported import LlamaStackAPI
import ContractBridge

/// The error that a provider throws to end a call with a code and a message that the client can act on.
public typealias ProviderError = CallError

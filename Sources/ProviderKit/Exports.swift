// `import ProviderKit` is all that a provider's files need: the wire types come along, and the C types that the one
// exported function names.
@_exported import CProviderABI
import ContractBridge
@_exported import LlamaStackAPI

/// The error that a provider throws to end a call with a code and a message that the client can act on.
public typealias ProviderError = CallError

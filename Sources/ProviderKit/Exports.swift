// `import ProviderKit` is all that a provider's files need: the wire types come along, and the C types that the one
// exported function names.
@_exported import CProviderABI
@_exported import LlamaStackAPI

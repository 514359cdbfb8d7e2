import LlamaEngine
import ProviderKit

/// The differences between the providers that run the engine on this machine.
package protocol CPUBackend: Sendable {
    associatedtype Configuration: EngineConfiguration

    static var providerType: String { get }
    static var summary: String { get }
    /// Who multiplies matrices; nil: the engine's own kernels. Throws a `ConfigurationError` where this machine has
    /// no library that could.
    static func products() throws -> (any MatrixProducts)?
}

/// `inline::cpu`: the engine's own kernels.
package enum OwnKernels: CPUBackend {
    package typealias Configuration = CPUConfiguration

    package static let providerType = "inline::cpu"
    package static let summary =
        "Runs models of the Llama, Qwen 2 and Qwen 3 architectures, and BERT-class embedding models, from GGUF files or folders "
        + "of safetensors, on this machine's CPU."
    package static func products() -> (any MatrixProducts)? { nil }
}

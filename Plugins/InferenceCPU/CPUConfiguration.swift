import LlamaEngine
import ProviderKit

/// What may stand under `config:` of an `inline::cpu` entry.
package struct CPUConfiguration: EngineConfiguration {
    package var engine: EngineSettings
    package var precision: Arithmetic

    package static let object = Object(
        "CPUConfiguration", prefillTokens: Engine.Options().prefillTokensMax, Self.init,
        Field(
            "precision", \.precision, default: .quantized,
            "quantized is fast; exact computes in 32-bit floats throughout, to compare with."))
}

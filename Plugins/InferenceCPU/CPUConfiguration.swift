import LlamaEngine
import ProviderKit

/// What may stand under `config:` of an `inline::cpu` entry.
package struct CPUConfiguration: EngineConfiguration {
    package var engine: EngineSettings
    package var speculation: Speculation
    package var precision: Arithmetic

    package static let object = Object(
        "CPUConfiguration", prefillTokens: Generation.Options().prefillTokensMax, Self.init,
        Field(
            "speculation", \.speculation, default: .lookup,
            "lookup guesses tokens from what prompt and answer have said before, where that pays, and checks several at once; "
                + "none does not. Answers are the same either way."),
        Field(
            "precision", \.precision, default: .quantized,
            "quantized is fast; exact computes in 32-bit floats throughout, to compare with."))
}

/// Where guesses at the next tokens come from.
package enum Speculation: String, WireEnum {
    case none, lookup
}

import LlamaEngine
import ProviderKit

/// The `config:` of an `inline::cpu` entry.
package struct CPUConfiguration: EngineConfiguration {
    package var engine: EngineSettings
    package var speculation: Generation.Speculation
    package var precision: Precision

    package static let object = Object(
        "CPUConfiguration", isComponent: false, Self.init, Inline(\.engine, EngineSettings.object),
        Field(
            "speculation", \.speculation, default: .lookup,
            "lookup guesses tokens from what prompt and answer have said before, where that pays, and checks several at once; "
                + "none does not. Answers are the same either way."),
        Field(
            "precision", \.precision, default: .quantized,
            "quantized is fast; exact computes in 32-bit floats throughout, to compare with."))
}

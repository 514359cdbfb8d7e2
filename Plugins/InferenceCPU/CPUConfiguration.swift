import LlamaEngine
import ProviderKit

/// The `config:` of an `inline::cpu` entry.
package struct CPUConfiguration: EngineConfiguration {
    package var engine: EngineSettings
    package var speculation: Generation.Speculation
    package var precision: Precision
    package var cachePrecision: CachePrecision?

    package static let object = Object(
        "CPUConfiguration", isComponent: false, Self.init, Inline(\.engine, EngineSettings.object),
        Field(
            "speculation", \.speculation, default: .lookup,
            "lookup guesses tokens from what prompt and answer have said before, where that pays, and checks several at once; "
                + "none does not. Answers are the same either way."),
        Field(
            "precision", \.precision, default: .quantized,
            "quantized is fast; exact computes in 32-bit floats throughout, to compare with."),
        Field(
            "cache_precision", \.cachePrecision,
            "How keys and values are kept: f32, bf16 or int8. int8 takes half of what bf16 does, for twice as many tokens in "
                + "as much memory and faster answers after long contexts, and changes answers a little. By default f32 where "
                + "precision is exact, otherwise bf16."))
}

import InferenceCPU
import LlamaEngine
import ProviderKit

/// What may stand under `config:` of an `inline::blas` entry: what `inline::cpu` takes, but for precision and
/// speculation.
package struct BLASConfiguration: EngineConfiguration {
    package var engine: EngineSettings
    package var precision: Precision { .exact }
    /// Several rows at once cost OpenBLAS more than they save.
    package var speculation: Generation.Speculation { .none }

    package static let object = Object(
        "BLASConfiguration", isComponent: false, Self.init,
        Inline(\.engine, EngineSettings.object(prefillTokens: CBLAS.prefillTokens)))
}

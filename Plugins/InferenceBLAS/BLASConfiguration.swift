import InferenceCPU
import LlamaEngine
import ProviderKit

/// The `config:` of an `inline::blas` entry: that of `inline::cpu` without precisions and speculation.
package struct BLASConfiguration: EngineConfiguration {
    package var engine: EngineSettings
    package var precision: Precision { .exact }
    package var cachePrecision: CachePrecision? { nil }
    /// Several rows at once cost OpenBLAS more than they save.
    package var speculation: Generation.Speculation { .none }

    package static let object = Object(
        "BLASConfiguration", isComponent: false, Self.init,
        Inline(\.engine, EngineSettings.object(prefillTokens: CBLAS.prefillTokens)))
}

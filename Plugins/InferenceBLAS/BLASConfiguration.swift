import InferenceCPU
import LlamaEngine
import ProviderKit

/// What may stand under `config:` of an `inline::blas` entry: what `inline::cpu` takes, but for the precision.
package struct BLASConfiguration: EngineConfiguration {
    package var engine: EngineSettings
    package var precision: Arithmetic { .exact }

    package static let object = Object("BLASConfiguration", prefillTokens: CBLAS.prefillTokens, Self.init)
}

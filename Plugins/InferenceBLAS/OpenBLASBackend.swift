import InferenceCPU
import LlamaEngine
import ProviderKit

package typealias BLASProvider = CPUProvider<OpenBLASBackend>

/// `inline::blas`: the engine with every matrix product in OpenBLAS, in f32. The readable reference: what it computes
/// can be compared with any other BLAS, and `inline::cpu` with it.
package enum OpenBLASBackend: CPUBackend {
    package typealias Configuration = BLASConfiguration

    package static let providerType = "inline::blas"
    package static let summary = "The same models with every matrix product in OpenBLAS, in f32: 4 bytes a weight."
    package static func products() throws -> (any MatrixProducts)? {
        guard CBLAS.bearsSeveralThreads else {
            throw ConfigurationError(
                "",
                "the OpenBLAS of this machine was built for one thread alone; choose the build with POSIX threads "
                    + "(libopenblas0-pthread) by: update-alternatives --config libopenblas.so.0-$(uname -m)-linux-gnu")
        }
        return CBLAS.openBLAS()
    }
}

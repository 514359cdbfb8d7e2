import InferenceBLAS
import ProviderKit

// libprovider-inference-blas.so holds one provider, and is linked with OpenBLAS.
@c(llama_stack_provider_v1)
public func entry(_ hostMinor: UInt32) -> UnsafePointer<lsp_module>? {
    exportProviders(BLASProvider.self)
}

import ProviderKit

/// What the library's one exported symbol answers.
package func memoryPgvectorModule() -> UnsafePointer<lsp_module>? { exportProviders(MemoryPgvectorProvider.self) }

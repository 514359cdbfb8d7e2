import ProviderKit

/// What the library's one exported symbol answers.
package func memoryFileModule() -> UnsafePointer<lsp_module>? { exportProviders(MemoryFileProvider.self) }

import MemoryBanks
import ProviderKit

/// Banks of documents in one SQLite database.
package typealias MemoryFileProvider = MemoryBankService<FileBanks>

/// The module that the library's one exported symbol returns.
package func memoryFileModule() -> UnsafePointer<lsp_module>? { exportProviders(MemoryFileProvider.self) }

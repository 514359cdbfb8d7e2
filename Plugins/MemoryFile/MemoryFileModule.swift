import MemoryBanks
import ProviderKit

/// Banks of documents in one SQLite database.
package typealias MemoryFileProvider = MemoryBankService<FileBanks>

/// What the library's one exported symbol answers.
package func memoryFileModule() -> UnsafePointer<lsp_module>? { exportProviders(MemoryFileProvider.self) }

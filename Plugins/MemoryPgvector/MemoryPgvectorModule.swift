import MemoryBanks
import ProviderKit

/// Banks of documents in a PostgreSQL database that several hosts may share.
package typealias MemoryPgvectorProvider = MemoryBankService<PostgresBanks>

/// The module that the library's one exported symbol returns.
package func memoryPgvectorModule() -> UnsafePointer<lsp_module>? { exportProviders(MemoryPgvectorProvider.self) }

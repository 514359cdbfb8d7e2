import MemoryBanks
import ProviderKit
import Storage

/// The `config:` of an `inline::file` entry of `memory_banks`.
package struct MemoryFileConfiguration: BankConfiguration {
    package var banks: BankSettings
    var storageBytesMax: Int
    var reserveBytes: Int

    package static let object = Object(
        "MemoryFileConfiguration", isComponent: false, Self.init, Inline(\.banks, BankSettings.object),
        Field(
            "storage_bytes_max", \.storageBytesMax, default: 0, check: .atLeast(0),
            "The database may not grow beyond this; 0: as far as the disk goes."),
        Field(
            "reserve_bytes", \.reserveBytes, default: 8 << 20, check: .within(0...(1 << 30)),
            "Disk space kept back, so that deleting works when the disk is full; 0: none."))

    var storageLimits: Store.Limits {
        var limits = Store.Limits()
        (limits.bytesMax, limits.reserveBytes) = (storageBytesMax, reserveBytes)
        return limits
    }
}

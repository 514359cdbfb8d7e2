import DurableFiles
import ProviderKit

extension FileError {
    /// The error for a client. The path is left out: it is for the log.
    package var forClient: ProviderError {
        isStorageFull
            ? ProviderError(.storageFull, "the disk is full: delete something, or give it more room")
            : ProviderError(.providerUnavailable, "the storage does not work at the moment: \(reason)")
    }

    /// The body's result; a failure of the disk becomes the error for a client.
    package static func forClient<Result>(_ body: () throws -> Result) throws -> Result {
        do { return try body() } catch let error as FileError { throw error.forClient }
    }
}

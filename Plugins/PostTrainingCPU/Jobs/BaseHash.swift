import Checkpoints
import Foundation
import ProviderKit
import Storage
import Synchronization

/// The hash of a job's start, computed beside its first steps: a checkpoint says what it belongs to.
final class BaseHash: Sendable {
    private let result = Mutex<Result<String, any Error>?>(nil)
    private let done = DispatchSemaphore(value: 0)

    /// - Parameter adapter: the folder that preference optimisation goes on with.
    init(_ checkpoint: ModelCheckpoint, adapter: String?) {
        DispatchQueue.global(qos: .background).async { [self] in
            let found = Result { try Self.hash(checkpoint, adapter) }
            result.withLock { $0 = found }
            done.signal()
        }
    }

    /// Waits for it.
    func value() throws -> String {
        done.wait()
        done.signal()
        guard let found = result.withLock({ $0 }) else { throw CancellationError() }
        return try found.get()
    }

    private static func hash(_ checkpoint: ModelCheckpoint, _ adapter: String?) throws -> String {
        var hash = SHA256()
        for file in checkpoint.files {
            let bytes = file.bytes
            var place = 0
            while place < bytes.count {
                let end = min(bytes.count, place + 1 << 20)
                hash.add(UnsafeRawBufferPointer(rebasing: bytes[place..<end]))
                place = end
            }
        }
        if let adapter {
            let sum = try CheckpointFolders.sha256(of: "\(adapter)/adapter_model.safetensors")
            Array(sum.utf8).withUnsafeBytes { hash.add($0) }
        }
        return hash.hex
    }
}

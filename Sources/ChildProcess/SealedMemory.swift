import CChildProcess
import Foundation

/// Bytes in a memory file that can't be changed any more, so that another process can read them where they are. The
/// receiver trusts nothing that the sender says of it.
package final class SealedMemory: Sendable {
    /// Why a descriptor is not taken.
    package enum Refusal: Error, CustomStringConvertible, Equatable {
        case notMemory, notSealed, otherSize, sparse
        case unreadable(Int32)

        package var description: String {
            switch self {
            case .notMemory: "the descriptor is not a memory file"
            case .notSealed: "a seal of the memory file is missing: it needs write, shrink, grow and seal"
            case .otherSize: "the memory file has another size than its frame says"
            case .sparse: "the memory file has pages that were never written"
            case .unreadable(let number): "the memory file can't be mapped: \(errorText(number))"
            }
        }
    }

    private nonisolated(unsafe) let start: UnsafeMutableRawPointer
    package let count: Int

    /// Valid as long as this object is, which the last use of the object ends and not the scope: for an object that is
    /// stored. Read-only: a write there is a fault.
    package var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: start, count: count) }

    package func withBytes<Value>(_ body: (UnsafeRawBufferPointer) throws -> Value) rethrows -> Value {
        try withExtendedLifetime(self) { try body(bytes) }
    }

    /// A sealed memory file with a copy of `bytes`, which are not none. The descriptor is the caller's to close.
    package static func make(_ bytes: UnsafeRawBufferPointer) throws(SystemFailure) -> Int32 {
        let file = ccp_memory_file("llama-stack-body")
        guard file >= 0 else { throw SystemFailure("memfd_create", -file) }
        var done = 0
        while done < bytes.count {
            let count = write(file, bytes.baseAddress?.advanced(by: done), bytes.count - done)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw failed("write", file) }
            done += count
        }
        let answer = ccp_seal(file)
        guard answer == 0 else {
            close(file)
            throw SystemFailure("seal", answer)
        }
        return file
    }

    private static func failed(_ call: String, _ file: Int32) -> SystemFailure {
        let failure = SystemFailure(call, errno)
        close(file)
        return failure
    }

    /// Closes a descriptor that was received or made and is not wanted.
    package static func discard(_ descriptor: Int32) { close(descriptor) }

    /// Maps what was received. Takes the descriptor: it is closed in every case.
    package static func open(_ descriptor: Int32, expectedSize: Int) throws(Refusal) -> SealedMemory {
        defer { close(descriptor) }
        switch ccp_check_sealed(descriptor, UInt64(max(0, expectedSize))) {
        case CCP_NOT_MEMORY: throw .notMemory
        case CCP_NOT_SEALED: throw .notSealed
        case CCP_OTHER_SIZE: throw .otherSize
        case CCP_SPARSE: throw .sparse
        default: break
        }
        guard let start = mmap(nil, expectedSize, PROT_READ, MAP_SHARED, descriptor, 0), start != MAP_FAILED else {
            throw .unreadable(errno)
        }
        return SealedMemory(start, expectedSize)
    }

    private init(_ start: UnsafeMutableRawPointer, _ count: Int) { (self.start, self.count) = (start, count) }

    deinit { munmap(start, count) }
}

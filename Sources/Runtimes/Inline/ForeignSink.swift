import CProviderABI
import ContractBridge
import Foundation
import LlamaStackAPI

/// A sink that a provider made, for the answer to a call of its own. Dead after `finish`: the lock sees to it that
/// nothing touches it then, whatever the other provider does.
final class ForeignSink: AnswerSink, @unchecked Sendable {
    private let sink: lsp_sink
    // Recursive: when_writable may call wake on this stack, and the woken side may write.
    private let lock = NSRecursiveLock()
    // Under the lock.
    private var isDead = false

    /// nil when the struct is too small to be a sink of version 1.0, or a function is missing.
    init?(_ sink: UnsafePointer<lsp_sink>) {
        guard sink.pointee.struct_size >= 48, sink.pointee.write != nil, sink.pointee.finish != nil,
            sink.pointee.when_writable != nil
        else { return nil }
        self.sink = sink.pointee
    }

    func write(_ part: AnswerPart) -> Pressure {
        lock.withLock {
            guard !isDead else { return .closed }
            let answer = part.bytes.withBytes { sink.write(sink.context, part.kind, $0) }
            switch answer {
            case Int32(LSP_MORE): return .more
            case Int32(LSP_PAUSE): return .pause
            default: return .closed
            }
        }
    }

    func finish(_ error: CallError?) {
        let object = error?.object ?? []
        lock.withLock {
            guard !isDead else { return }
            isDead = true
            object.withBytes { sink.finish(sink.context, error?.code.abiStatus ?? Int32(LSP_OK), $0) }
        }
    }

    func whenWritable(_ wake: @escaping @Sendable () -> Void) {
        let isDead = lock.withLock { () -> Bool in
            guard !self.isDead else { return true }
            let user = Unmanaged.passRetained(Wake(wake)).toOpaque()
            sink.when_writable(sink.context, { Wake.call($0) }, user)
            return false
        }
        if isDead { wake() }
    }

    private final class Wake: Sendable {
        let wake: @Sendable () -> Void
        init(_ wake: @escaping @Sendable () -> Void) { self.wake = wake }

        static func call(_ user: UnsafeMutableRawPointer?) {
            guard let user else { return }
            Unmanaged<Wake>.fromOpaque(user).takeRetainedValue().wake()
        }
    }
}

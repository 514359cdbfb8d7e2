import CProviderABI
import ContractBridge
import LlamaStackAPI
import Synchronization

/// The receiving end of a call that this provider made: a sink of ours that the host writes into, and the stream that
/// the provider reads.
final class AnswerReceiver: Sendable {
    let stream = PartStream()
    private let afterFinish: @Sendable () -> Void
    private let rules = Mutex(SinkRules())

    /// `afterFinish` runs once, when the host has finished the call.
    init(afterFinish: @escaping @Sendable () -> Void) { self.afterFinish = afterFinish }

    /// Keeps this object alive until the host calls finish. Call once.
    func makeSink() -> lsp_sink {
        lsp_sink(
            struct_size: UInt32(MemoryLayout<lsp_sink>.size), reserved: 0,
            context: Unmanaged.passRetained(self).toOpaque(),
            write: { AnswerReceiver.borrow($0).write($1, $2) },
            finish: { AnswerReceiver.borrow($0).finish($1, $2) },
            when_writable: { context, wake, user in
                nonisolated(unsafe) let user = user
                guard let wake else { return }
                AnswerReceiver.borrow(context).stream.whenWritable { wake(user) }
            },
            wait_writable: { AnswerReceiver.borrow($0).waitWritable() })
    }

    private static func borrow(_ context: UnsafeMutableRawPointer?) -> AnswerReceiver {
        Unmanaged<AnswerReceiver>.fromOpaque(context!).takeUnretainedValue()
    }

    private func write(_ kind: Int32, _ bytes: lsp_bytes) -> Int32 {
        switch rules.withLock({ $0.check(kind, bytes) }) {
        case .part(let part): SinkRules.answer(stream.write(part))
        case .unknownKind, .unfinished: Int32(LSP_MORE)
        case .broken: Int32(LSP_CLOSED)
        }
    }

    private func waitWritable() -> Int32 {
        let writable = Once<Void>()
        stream.whenWritable { writable.fire() }
        writable.waitBlocking()
        return Int32(stream.isClosed ? LSP_CLOSED : LSP_MORE)
    }

    private func finish(_ status: Int32, _ error: lsp_bytes) {
        // A second finish breaks the contract, and the memory may be gone; the first one has done everything.
        guard !stream.hasEnded else { return }
        stream.finish(CallError(status: status, object: error.copied ?? []))
        afterFinish()
        Unmanaged.passUnretained(self).release()
    }
}

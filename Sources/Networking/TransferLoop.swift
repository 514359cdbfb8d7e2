import CCurl
import ContractBridge
import Dispatch
import Foundation
import Synchronization

/// The one thread on which all transfers run. It starts with the first, and ends when there was none for a while: kept
/// connections are closed then.
final class TransferLoop: Sendable {
    private static let idleSeconds = 60.0
    private static let waitMilliseconds: Int32 = 10_000
    /// So long pieces of an answer are gathered: each write wakes its reader.
    static let gatherMilliseconds: Int32 = 1
    private static let connectMilliseconds = 5_000

    private enum Command: Sendable {
        case start(Transfer, @Sendable (Transfer.End) -> Void)
        case resume(Transfer)
        case cancel(Transfer)
    }

    private struct State {
        var commands: [Command] = []
        var isRunning = false
        var isClosed = false
        /// Under the lock it lives.
        var loop: Wakeable?
        var whenEnded: (@Sendable () -> Void)?
    }

    /// The loop, for what any thread may do with it.
    private struct Wakeable: @unchecked Sendable {
        // Unchecked: a wake is the one function of a loop for any thread.
        let loop: OpaquePointer
        func wake() { ccurl_wake(loop) }
    }

    private let state = Mutex(State())

    /// Runs a transfer to its end. Cancelling the task closes its connection.
    func run(_ transfer: Transfer) async throws -> Transfer.End {
        transfer.onWritable = { [weak self, weak transfer] in
            if let transfer { self?.send(.resume(transfer)) }
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                do throws(CallError) {
                    try start(transfer) { continuation.resume(returning: $0) }
                } catch {
                    continuation.resume(throwing: error)
                }
            }
        } onCancel: {
            // Perhaps before it was started.
            transfer.isCancelled.store(true, ordering: .sequentiallyConsistent)
            send(.cancel(transfer))
        }
    }

    /// Ends every transfer as cancelled, closes all connections and ends the thread. What comes later is refused.
    func close() async {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            let isRunning = state.withLock { state in
                state.isClosed = true
                if state.isRunning { state.whenEnded = { continuation.resume() } }
                state.loop?.wake()
                return state.isRunning
            }
            if !isRunning { continuation.resume() }
        }
    }

    private func start(
        _ transfer: Transfer, _ onEnd: @escaping @Sendable (Transfer.End) -> Void
    ) throws(CallError) {
        if let problem = ccurl_load() {
            throw CallError(
                .providerUnavailable, "the network needs libcurl: \(String(cString: problem)) (install libcurl4)")
        }
        let isFirst = try state.withLock { state throws(CallError) -> Bool in
            guard !state.isClosed else { throw CallError(.shuttingDown, "the server is shutting down") }
            state.commands.append(.start(transfer, onEnd))
            state.loop?.wake()
            defer { state.isRunning = true }
            return !state.isRunning
        }
        guard isFirst else { return }
        let thread = Thread { [self] in work() }
        thread.name = "network"
        thread.start()
    }

    private func send(_ command: Command) {
        state.withLock { state in
            guard state.isRunning else { return }
            state.commands.append(command)
            state.loop?.wake()
        }
    }

    // MARK: the thread

    private func work() {
        ccurl_block_signals()
        // Without memory for it every transfer fails.
        let loop = ccurl_loop_new()
        let wakeable = loop.map(Wakeable.init)
        state.withLock { $0.loop = wakeable }
        let running = RunningTransfers(loop, connectMilliseconds: Self.connectMilliseconds)
        var idleSince = DispatchTime.now()
        while true {
            let (commands, isClosed) = state.withLock { state in
                defer { state.commands = [] }
                return (state.commands, state.isClosed)
            }
            for command in commands {
                switch command {
                case .start(let transfer, let onEnd): running.start(transfer, onEnd)
                case .resume(let transfer): running.resume(transfer)
                case .cancel(let transfer): running.cancel(transfer)
                }
            }
            if isClosed { running.cancelAll() }
            if let loop {
                ccurl_perform(loop)
                running.takeEnds(loop)
            }
            let now = DispatchTime.now()
            if !running.isEmpty { idleSince = now }
            let idle = Double(now.uptimeNanoseconds - idleSince.uptimeNanoseconds) / 1e9
            if running.isEmpty, isClosed || loop == nil || idle >= Self.idleSeconds, leave(loop) { return }
            let hasPending = running.flush(at: now)
            if let loop { ccurl_wait(loop, hasPending ? Self.gatherMilliseconds : Self.waitMilliseconds) }
        }
    }

    /// False when there is more to do.
    private func leave(_ loop: OpaquePointer?) -> Bool {
        let whenEnded = state.withLock { state -> (@Sendable () -> Void)?? in
            guard state.commands.isEmpty else { return nil }
            (state.loop, state.isRunning) = (nil, false)
            return .some(state.whenEnded.take())
        }
        guard let whenEnded else { return false }
        if let loop { ccurl_loop_free(loop) }
        whenEnded?()
        return true
    }
}

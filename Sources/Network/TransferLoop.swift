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
                running.flush()
            }
            let now = DispatchTime.now()
            if !running.isEmpty { idleSince = now }
            let idle = Double(now.uptimeNanoseconds - idleSince.uptimeNanoseconds) / 1e9
            if running.isEmpty, isClosed || loop == nil || idle >= Self.idleSeconds, leave(loop) { return }
            if let loop { ccurl_wait(loop, Self.waitMilliseconds) }
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

/// The transfers under way. Of the loop's thread alone.
private final class RunningTransfers {
    private let loop: OpaquePointer?
    private let connectMilliseconds: Int
    private var running: [ObjectIdentifier: (transfer: Transfer, onEnd: @Sendable (Transfer.End) -> Void)] = [:]

    init(_ loop: OpaquePointer?, connectMilliseconds: Int) {
        (self.loop, self.connectMilliseconds) = (loop, connectMilliseconds)
    }

    var isEmpty: Bool { running.isEmpty }

    func start(_ transfer: Transfer, _ onEnd: @escaping @Sendable (Transfer.End) -> Void) {
        guard !transfer.isCancelled.load(ordering: .sequentiallyConsistent) else { return onEnd(.cancelled) }
        guard let loop, let handle = handle(for: transfer, loop) else {
            return onEnd(.failed(CallError(.overloaded, "there is no memory for a request")))
        }
        transfer.handle = handle
        running[ObjectIdentifier(transfer)] = (transfer, onEnd)
    }

    func resume(_ transfer: Transfer) {
        guard let handle = transfer.handle else { return }
        transfer.resume()
        ccurl_resume(handle)
    }

    func cancel(_ transfer: Transfer) { end(transfer, .cancelled) }

    func cancelAll() { for entry in running.values { end(entry.transfer, .cancelled) } }

    func takeEnds(_ loop: OpaquePointer) {
        var next = ccurl_end()
        while ccurl_next_end(loop, &next) {
            guard let context = next.context else { continue }
            let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
            end(transfer, transfer.end(next))
        }
    }

    /// Before the loop waits.
    func flush() {
        for entry in running.values where !entry.transfer.flush() { end(entry.transfer, .cancelled) }
    }

    private func end(_ transfer: Transfer, _ end: Transfer.End) {
        guard let entry = running.removeValue(forKey: ObjectIdentifier(transfer)), let handle = transfer.handle,
            let loop
        else { return }
        transfer.handle = nil
        ccurl_free(loop, handle)
        entry.onEnd(end)
    }

    private func handle(for transfer: Transfer, _ loop: OpaquePointer) -> OpaquePointer? {
        let route = transfer.route, request = transfer.request
        let headers = request.headers.map { strdup($0) }
        defer { for header in headers { free(header) } }
        let lines: [UnsafePointer<CChar>?] = headers.map { UnsafePointer($0) }
        let texts = [request.method, route.url.text, transfer.connectTo, route.proxy, route.caFile].map { text in
            text.flatMap { strdup($0) }
        }
        defer { for text in texts { free(text) } }
        var callbacks = Self.callbacks(of: transfer)
        return lines.withUnsafeBufferPointer { lines in
            var raw = ccurl_request()
            raw.method = UnsafePointer(texts[0])
            raw.url = UnsafePointer(texts[1])
            raw.connect_to = UnsafePointer(texts[2])
            raw.proxy = UnsafePointer(texts[3])
            raw.ca_file = UnsafePointer(texts[4])
            raw.headers = lines.baseAddress
            raw.header_count = lines.count
            raw.has_body = request.hasBody
            raw.body_bytes = UInt64(request.body.count)
            raw.connect_milliseconds = connectMilliseconds
            return ccurl_start(loop, &raw, &callbacks)
        }
    }

    private static func callbacks(of owner: Transfer) -> ccurl_callbacks {
        ccurl_callbacks(
            context: Unmanaged.passUnretained(owner).toOpaque(),
            may_connect: { context, address in
                guard let address, let target = IPAddress(address) else { return false }
                return transfer(context).mayConnect(to: target)
            },
            header: { transfer($0).takeHeader(UnsafeRawBufferPointer(start: $1, count: $2)) },
            body: { Int32(transfer($0).takeBody(UnsafeRawBufferPointer(start: $1, count: $2))) },
            read: { context, offset, bytes, size in
                let body = transfer(context).request.body
                let start = min(Int(clamping: offset), body.count)
                let piece = body[start..<min(body.count, start + size)]
                UnsafeMutableRawBufferPointer(start: bytes, count: size).copyBytes(from: piece)
                return piece.count
            })
    }
}

private func transfer(_ context: UnsafeMutableRawPointer?) -> Transfer {
    guard let context else { preconditionFailure("a transfer's callbacks have its context") }
    return Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
}

extension Transfer {
    /// nil where the proxy finds the address.
    fileprivate var connectTo: String? {
        guard let address else { return nil }
        let text = address.isVersion6 ? "[\(address)]" : "\(address)"
        return "\(route.url.hostText):\(route.url.port):\(text):\(route.url.port)"
    }
}

extension OutgoingRequest {
    var hasBody: Bool { method == "POST" || method == "PUT" || !body.isEmpty }
}

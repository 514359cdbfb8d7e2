import Foundation
import ProviderKit
import Synchronization

/// The host's end of one answer: records what comes, and can play a slow reader, or one who has left.
final class TestSink: @unchecked Sendable {
    struct Record: Sendable {
        var events: [String] = []
        var body = ""
        var finishes = 0
        var status: Int32?
        var error: JSON?
        var writesAfterFinish = 0
        var isPaused = false
        var isClosed = false
        var writesWhilePaused = 0
    }

    private struct State {
        var record = Record()
        var pauseAt: Int?
        var wake: (@Sendable () -> Void)?
        var watchers: [@Sendable (Record) -> Bool] = []
    }

    private let state = Mutex(State())
    private let onFinish: @Sendable () -> Void

    /// `pauseAt`: the write with this number (from 1) is answered with PAUSE.
    init(pauseAt: Int? = nil, onFinish: @escaping @Sendable () -> Void = {}) {
        self.onFinish = onFinish
        state.withLock { $0.pauseAt = pauseAt }
    }

    var record: Record { state.withLock { $0.record } }

    /// Never released: a provider that touches its sink too late is counted, and does not crash the tests.
    func makeSink() -> lsp_sink {
        lsp_sink(
            struct_size: UInt32(MemoryLayout<lsp_sink>.size), reserved: 0,
            context: Unmanaged.passRetained(self).toOpaque(),
            write: { TestSink.from($0).write($1, $2) },
            finish: { TestSink.from($0).finish($1, $2) },
            when_writable: { context, wake, user in
                nonisolated(unsafe) let user = user
                TestSink.from(context).whenWritable { wake?(user) }
            },
            wait_writable: { context in
                let signal = DispatchSemaphore(value: 0)
                TestSink.from(context).whenWritable { signal.signal() }
                signal.wait()
                return Int32(TestSink.from(context).record.isClosed ? LSP_CLOSED : LSP_MORE)
            })
    }

    /// The reader has caught up.
    func resume() { change { $0.isPaused = false } }

    /// The reader has left.
    func close() { change { ($0.isClosed, $0.isPaused) = (true, false) } }

    /// Waits until the record is as wanted. A test that waits for what never comes runs into its time limit.
    @discardableResult
    func wait(until isWanted: @escaping @Sendable (Record) -> Bool) async -> Record {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            let isNow = state.withLock { state in
                if isWanted(state.record) { return true }
                state.watchers.append { record in
                    guard isWanted(record) else { return false }
                    continuation.resume()
                    return true
                }
                return false
            }
            if isNow { continuation.resume() }
        }
        return record
    }

    @discardableResult
    func finished() async -> Record { await wait { $0.finishes > 0 } }

    private static func from(_ context: UnsafeMutableRawPointer?) -> TestSink {
        Unmanaged<TestSink>.fromOpaque(context!).takeUnretainedValue()
    }

    private func write(_ kind: Int32, _ bytes: lsp_bytes) -> Int32 {
        let text = String(decoding: UnsafeBufferPointer(start: bytes.data, count: bytes.size), as: UTF8.self)
        return state.withLock { state in
            if state.record.finishes > 0 { state.record.writesAfterFinish += 1 }
            if state.record.isClosed { return Int32(LSP_CLOSED) }
            if state.record.isPaused { state.record.writesWhilePaused += 1 }
            if kind == Int32(LSP_EVENT) { state.record.events.append(text) } else { state.record.body += text }
            let count = state.record.events.count
            if count == state.pauseAt { state.record.isPaused = true }
            notify(&state)
            return Int32(state.record.isPaused ? LSP_PAUSE : LSP_MORE)
        }
    }

    private func finish(_ status: Int32, _ error: lsp_bytes) {
        let bytes = Array(UnsafeBufferPointer(start: error.data, count: error.size))
        change { record in
            record.finishes += 1
            record.status = status
            record.error = bytes.isEmpty ? nil : try? JSON(parsing: bytes)
            record.isPaused = false
        }
        onFinish()
    }

    private func whenWritable(_ wake: @escaping @Sendable () -> Void) {
        let isNow = state.withLock { state in
            if state.record.isPaused { state.wake = wake }
            return !state.record.isPaused
        }
        if isNow { wake() }
    }

    private func change(_ body: (inout Record) -> Void) {
        let wake = state.withLock { state in
            body(&state.record)
            notify(&state)
            guard !state.record.isPaused else { return (@Sendable () -> Void)?.none }
            defer { state.wake = nil }
            return state.wake
        }
        wake?()
    }

    private func notify(_ state: inout State) {
        let record = state.record
        state.watchers.removeAll { $0(record) }
    }
}

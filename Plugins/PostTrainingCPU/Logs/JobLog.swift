import Dispatch
import DurableFiles
import Foundation
import ProviderKit
import Synchronization

/// A job's log: a file of lines that one job writes and any number of readers follow. A reader keeps a place in the
/// file and nothing in memory, so none slows the job or another reader.
final class JobLog: Sendable {
    private struct State {
        /// Whole lines in the file.
        var bytes = 0
        var hasEnded = false
        var waiting: [CheckedContinuation<Void, Never>] = []
        /// The file, for writing; opened with the first line.
        var descriptor: Int32 = -1
    }

    private let path: String
    private let state = Mutex(State())
    private static let queue = DispatchQueue(label: "post-training-logs", attributes: .concurrent)

    /// - Parameter hasEnded: no more lines will come.
    init(path: String, hasEnded: Bool) {
        self.path = path
        state.withLock {
            $0.hasEnded = hasEnded
            $0.bytes = Self.wholeBytes(path)
        }
    }

    deinit { state.withLock { if $0.descriptor >= 0 { close($0.descriptor) } } }

    /// Adds a line. What can't be written is lost: a full disk ends the job elsewhere. Any thread; blocks on the disk.
    func write(_ text: String) {
        let line = Array((LogLine.escaped(text) + "\n").utf8)
        let waiting = state.withLock { state -> [CheckedContinuation<Void, Never>] in
            if state.descriptor < 0 {
                state.descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
                // A line that a power cut left half is written over.
                if state.descriptor >= 0 { ftruncate(state.descriptor, off_t(state.bytes)) }
            }
            guard state.descriptor >= 0,
                pwrite(state.descriptor, line, line.count, off_t(state.bytes)) == line.count
            else { return [] }
            state.bytes += line.count
            defer { state.waiting = [] }
            return state.waiting
        }
        for reader in waiting { reader.resume() }
    }

    /// No more lines come: readers that have read all of them are done.
    func end() {
        let waiting = state.withLock { state -> [CheckedContinuation<Void, Never>] in
            state.hasEnded = true
            if state.descriptor >= 0 {
                close(state.descriptor)
                state.descriptor = -1
            }
            defer { state.waiting = [] }
            return state.waiting
        }
        for reader in waiting { reader.resume() }
    }

    /// Gives every line, from the first on, in order, and returns when the log has ended.
    func follow(_ body: ([String]) async throws -> Void) async throws {
        var place = 0
        while true {
            let (bytes, hasEnded) = state.withLock { ($0.bytes, $0.hasEnded) }
            if place < bytes {
                let (from, to) = (place, min(bytes, place + Self.pieceBytes))
                let piece = try await Self.queue.run { [path] in try Self.read(path, from..<to) }
                // A piece may end within a line, but a line is never as long as one.
                guard let end = piece.lastIndex(of: 0x0A) else { return }
                try await body(
                    piece[..<end].split(separator: 0x0A, omittingEmptySubsequences: false).map {
                        String(decoding: $0, as: UTF8.self)
                    })
                place += end + 1
            } else if hasEnded {
                return
            } else {
                try Task.checkCancellation()
                await more(than: bytes)
            }
        }
    }

    private static let pieceBytes = 64 << 10

    /// Returns when there is another line, the log has ended, or the task is cancelled.
    private func more(than bytes: Int) async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
                let isDue = state.withLock { state in
                    if state.bytes > bytes || state.hasEnded || Task.isCancelled { return true }
                    state.waiting.append(continuation)
                    return false
                }
                if isDue { continuation.resume() }
            }
        } onCancel: {
            // Which of them is cancelled is not known here: all look again.
            let waiting = state.withLock { state -> [CheckedContinuation<Void, Never>] in
                defer { state.waiting = [] }
                return state.waiting
            }
            for reader in waiting { reader.resume() }
        }
    }

    private static func read(_ path: String, _ range: Range<Int>) throws -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { throw FileError(path: path) }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: range.count)
        var got = 0
        while got < bytes.count {
            let count = bytes.withUnsafeMutableBytes {
                pread(descriptor, $0.baseAddress?.advanced(by: got), range.count - got, off_t(range.lowerBound + got))
            }
            guard count > 0 else {
                if count < 0, errno == EINTR { continue }
                if count < 0 { throw FileError(path: path) }
                break
            }
            got += count
        }
        return Array(bytes[..<got])
    }

    /// Up to the last end of a line.
    private static func wholeBytes(_ path: String) -> Int {
        var status = stat()
        guard stat(path, &status) == 0 else { return 0 }
        let size = Int(status.st_size)
        let from = max(0, size - 2 * LogLine.bytesMax)
        guard let end = try? read(path, from..<size), let last = end.lastIndex(of: 0x0A) else { return 0 }
        return from + last + 1
    }
}

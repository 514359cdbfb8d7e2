import CLimitedProcess
import ChildProcess
import Foundation
import Synchronization

/// One `llama-stack-document-reader`, for one document after the other.
///
/// A parser is a great deal of code that reads what strangers wrote. There a crash costs one document; and what one
/// document may have made of the process is gone with it before long.
final class ReaderProcess: Sendable {
    struct Limits: Sendable {
        var documentsMax = 200
        var bytesMax = 32 << 20
        /// For one document.
        var secondsMax = 30
        /// The memory for parsing one document, without its bytes and its text.
        var memoryBytesMax = 1 << 30
        /// JSON with spaces where its marks were is one and a half times as long at most: that of 64 MiB fits.
        var textBytesMax = 96 << 20
    }

    private struct State {
        var process: lp_process
        var documents = 0
        var bytes = 0
        var isSpent = false
        var hasEnded = false
    }

    private let limits: Limits
    private let state: Mutex<State>

    init(_ program: String, _ limits: Limits) throws(UnreadDocument) {
        self.limits = limits
        // The thread that starts a child takes it along when it ends.
        let started = SpawnThread.shared.run { Self.open(program, limits) }
        switch started {
        case .success(let process): state = Mutex(State(process: process))
        case .failure(let error):
            throw UnreadDocument(
                .unreadable, "\(ReaderProgram.name) can't be started: \(String(cString: strerror(error.errno)))")
        }
    }

    deinit { state.withLock { lp_close(&$0.process) } }

    /// It has read what one process may: no further document is for it.
    var isSpent: Bool { state.withLock { $0.isSpent } }

    /// It ended by itself or by a signal, not for its time or its text: perhaps before it was asked.
    var hasEnded: Bool { state.withLock { $0.hasEnded } }

    var pid: Int32 { state.withLock { $0.process.pid } }

    /// Blocks for `secondsMax` at most, on a busy machine for ten times as long (`LP_BUSY`).
    func read(_ content: Data, _ head: [UInt8]) throws(UnreadDocument) -> ReadDocument {
        try state.withLock { state throws(UnreadDocument) in
            state.documents += 1
            state.bytes += content.count
            state.isSpent = state.documents >= limits.documentsMax || state.bytes >= limits.bytesMax
            let limits = lp_limits(
                seconds: UInt32(clamping: limits.secondsMax), memory_bytes: 0,
                output_bytes: limits.textBytesMax + 1024)
            var result = content.withUnsafeBytes {
                lp_ask(&state.process, head, head.count, $0.baseAddress, $0.count, limits)
            }
            defer { free(result.output) }
            let bytes = UnsafeRawBufferPointer(start: result.output, count: result.output_size)
            let forget = { (size: Int) in lp_forget(&result, size) }
            guard result.end == LP_ANSWERED, let answer = ReaderProtocol.answer(bytes, forget: forget) else {
                state.isSpent = true
                state.hasEnded = result.end == LP_EXITED || result.end == LP_SIGNALLED
                throw unread(result)
            }
            if case .failure = answer { state.isSpent = true }
            return try answer.get()
        }
    }

    private func unread(_ result: lp_result) -> UnreadDocument {
        switch result.end {
        case LP_TIMED_OUT: UnreadDocument(.unreadable, "reading it took longer than \(limits.secondsMax) s")
        case LP_SIGNALLED: UnreadDocument(.unreadable, "reading it ended the reader with signal \(result.code)")
        case LP_OUTPUT_LIMIT:
            UnreadDocument(.tooLarge, "it holds more than \(limits.textBytesMax) bytes of text")
        default: UnreadDocument(.unreadable, "reading it ended the reader")
        }
    }

    private struct Failure: Error {
        let errno: Int32
    }

    private static func open(_ program: String, _ limits: Limits) -> Result<lp_process, Failure> {
        // Beside the parsing: the document, its text, each of them twice, and the program itself.
        let memory = limits.memoryBytesMax + 4 * limits.textBytesMax + (512 << 20)
        let whole = lp_limits(
            seconds: UInt32(clamping: limits.documentsMax * limits.secondsMax), memory_bytes: UInt64(clamping: memory),
            output_bytes: 0)
        let words = [program, "\(limits.memoryBytesMax)", "\(limits.textBytesMax)"]
        var arguments: [UnsafePointer<CChar>?] = words.map { UnsafePointer(strdup($0)) } + [nil]
        defer { for argument in arguments { free(UnsafeMutablePointer(mutating: argument)) } }
        var process = lp_process()
        let error = lp_open(&arguments, whole, &process)
        return error == 0 ? .success(process) : .failure(Failure(errno: error))
    }
}

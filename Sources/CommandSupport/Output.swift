import ArgumentParser
import Foundation
import Host
import LlamaStackAPI

/// A command's standard output, standard error and exit. Output is not buffered, so nothing is lost when the process
/// dies. Control characters are escaped where the output is a terminal.
package enum Output {
    /// To standard output, whole: waits for the reader. When there is none any more, the command ends quietly, as one
    /// that gets SIGPIPE does; when it can't be written for another reason, with an error.
    package static func write(_ text: String) {
        let error = put(shown(text, STDOUT_FILENO), STDOUT_FILENO)
        if error == EPIPE { ProcessGuard.leaveAtOnce(128 + SIGPIPE) }
        guard error != 0 else { return }
        self.error("error: can't write to standard output: \(String(cString: strerror(error)))")
        ProcessGuard.leaveAtOnce(EX_IOERR)
    }

    package static func line(_ text: String) { write(text + "\n") }
    package static func json(_ value: JSON) { line(String(decoding: value.bytes, as: UTF8.self)) }

    /// To standard error. What can't be written is dropped: the exit code says it too.
    package static func error(_ text: String) {
        LineWriter.standardError.flush()
        _ = put(shown(text, STDERR_FILENO) + "\n", STDERR_FILENO)
    }

    /// In place of what was shown last, on a terminal.
    package static func status(_ text: String) {
        _ = put("\r\u{1B}[K\(shown(text, STDERR_FILENO))", STDERR_FILENO)
    }

    /// Shows text for the person at a terminal alone. Text that cannot be written is dropped.
    package static func show(_ text: String, on descriptor: Int32) { _ = put(shown(text, descriptor), descriptor) }

    /// The line of a server that is ready. It serves all the same when the line cannot be written.
    package static func announce(_ line: String, log: LogSink) {
        guard let reason = LineWriter.writeOnce(line, to: STDOUT_FILENO) else { return }
        log.log(.warning, "the start line could not be written to standard output (\(reason)): \(line)")
    }

    /// Ends the command as `error` says, a message of the argument parser's, help, or an exit code of our own.
    package static func end<Command: ParsableCommand>(_ command: Command.Type, with error: any Error) -> Never {
        let code = command.exitCode(for: error).rawValue
        let message = command.fullMessage(for: error)
        if !message.isEmpty { code == 0 ? line(message) : self.error(message) }
        end(code)
    }

    package static func end(_ code: Int32) -> Never {
        LineWriter.standardError.flush()
        ProcessGuard.leave(code)
    }

    /// `text` with its control characters escaped where the descriptor is a terminal.
    static func shown(_ text: String, _ descriptor: Int32) -> String {
        isatty(descriptor) == 1 ? TerminalText.escaped(text) : text
    }

    /// An errno, or 0.
    private static func put(_ text: String, _ descriptor: Int32) -> Int32 {
        let bytes = Array(text.utf8)
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if count < 0, errno == EAGAIN {
                // Another process that shares the descriptor has made it non-blocking.
                var asked = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                poll(&asked, 1, -1)
            } else if count == 0 || errno != EINTR {
                return count == 0 ? ENOSPC : errno
            }
        }
        return 0
    }
}

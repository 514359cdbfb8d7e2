import ArgumentParser
import Foundation
import Synchronization

/// Standard input, read as bytes: whatever it is (a closed descriptor, a folder, a device without an end), the worst is
/// an error of the command.
package final class StandardInput: Sendable {
    private let bytesMax: Int
    /// The bytes that were read and not returned yet.
    private let rest = Mutex<[UInt8]>([])

    /// - Parameter bytesMax: of all of it, or of one line.
    package init(bytesMax: Int) { self.bytesMax = bytesMax }

    /// All of it as text. Blocks.
    package func text() throws -> String {
        let bytes = try rest.withLock { rest in
            while try fill(&rest, "standard input") {}
            return rest
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The next line without its end; nil after the last. Blocks.
    package func line() throws -> String? {
        try rest.withLock { rest in
            var searched = 0
            while true {
                if let end = rest[searched...].firstIndex(of: UInt8(ascii: "\n")) {
                    let line = String(decoding: rest[..<end], as: UTF8.self)
                    rest.removeSubrange(...end)
                    return line.hasSuffix("\r") ? String(line.dropLast()) : line
                }
                searched = rest.count
                guard try fill(&rest, "a line of standard input") else {
                    defer { rest = [] }
                    return rest.isEmpty ? nil : String(decoding: rest, as: UTF8.self)
                }
            }
        }
    }

    /// False at the end.
    private func fill(_ bytes: inout [UInt8], _ what: String) throws -> Bool {
        var piece = [UInt8](repeating: 0, count: 64 * 1024)
        while true {
            let count = read(STDIN_FILENO, &piece, piece.count)
            if count < 0, errno == EINTR { continue }
            if count < 0, errno == EAGAIN {
                var asked = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
                poll(&asked, 1, -1)
                continue
            }
            guard count >= 0 else {
                throw Fail.with("error: can't read standard input: \(String(cString: strerror(errno)))", exitCode: 66)
            }
            bytes += piece.prefix(count)
            guard bytes.count <= bytesMax else {
                throw Fail.with("error: \(what) is over \(bytesMax) bytes, the most that is taken", exitCode: 65)
            }
            return count > 0
        }
    }
}

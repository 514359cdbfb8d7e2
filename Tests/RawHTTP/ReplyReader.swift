import Foundation

/// Reads one answer off a connection: its head, then its body in pieces as they come.
package final class ReplyReader {
    private let connection: RawConnection
    private let end: ContinuousClock.Instant
    private var buffer: [UInt8] = []
    private var start = 0
    private var isClosed = false
    package let head: HTTPHead
    private var form: Form

    private enum Form {
        case length(left: Int), chunked, untilClose, done
    }

    /// Waits for the head. From now on all reading together may take `seconds`.
    package init(_ connection: RawConnection, seconds: Double) throws {
        self.connection = connection
        end = .now + .seconds(seconds)
        var bytes: [UInt8] = []
        let stop = Array("\r\n\r\n".utf8)
        while true {
            if bytes.count >= 4, let found = Self.find(stop, in: bytes) {
                guard let head = HTTPHead(String(decoding: bytes[..<found], as: UTF8.self)) else {
                    throw RawHTTPError("not HTTP: \(String(decoding: bytes.prefix(200), as: UTF8.self))")
                }
                self.head = head
                buffer = Array(bytes[(found + 4)...])
                break
            }
            let left = end - .now
            guard left > .zero else { throw RawHTTPError("no answer within \(seconds) s") }
            guard let piece = connection.read(seconds: left / .seconds(1)) else {
                throw RawHTTPError("the server closed after \(bytes.count) bytes, before the end of the head")
            }
            bytes += piece
        }
        if head.headers["transfer-encoding"]?.lowercased() == "chunked" {
            form = .chunked
        } else if let length = head.headers["content-length"].flatMap({ Int($0) }) {
            form = .length(left: length)
        } else {
            form = .untilClose
        }
    }

    /// The next piece of the body; nil at its end.
    package func piece() throws -> [UInt8]? {
        switch form {
        case .done: return nil
        case .untilClose:
            guard try fill(1) else {
                form = .done
                return nil
            }
            return take(buffer.count - start)
        case .length(let left):
            guard left > 0 else {
                form = .done
                return nil
            }
            guard try fill(1) else { throw RawHTTPError("the server closed \(left) bytes before the end of the body") }
            let piece = take(min(left, buffer.count - start))
            form = .length(left: left - piece.count)
            return piece
        case .chunked:
            let line = try line()
            guard let size = Int(line.prefix { $0 != ";" }, radix: 16) else {
                throw RawHTTPError("no chunk size: \(line)")
            }
            guard size > 0 else {
                while try !self.line().isEmpty {}
                form = .done
                return nil
            }
            guard try fill(size + 2) else { throw RawHTTPError("the server closed within a chunk") }
            let piece = take(size)
            start += 2
            return piece
        }
    }

    /// The rest of the body.
    package func rest() throws -> [UInt8] {
        var all: [UInt8] = []
        while let piece = try piece() { all += piece }
        return all
    }

    private func line() throws -> String {
        var length = 0
        while true {
            guard try fill(length + 2) else { throw RawHTTPError("the server closed before the closing chunk") }
            if buffer[start + length] == UInt8(ascii: "\r"), buffer[start + length + 1] == UInt8(ascii: "\n") { break }
            length += 1
        }
        let text = String(decoding: take(length), as: UTF8.self)
        start += 2
        return text
    }

    private func take(_ count: Int) -> [UInt8] {
        defer { start += count }
        return Array(buffer[start..<start + count])
    }

    /// At least `count` bytes are there; false when the server has closed before.
    private func fill(_ count: Int) throws -> Bool {
        while buffer.count - start < count {
            guard !isClosed else { return false }
            let left = end - .now
            guard left > .zero else { throw RawHTTPError("the rest of the answer did not come in time") }
            guard let piece = connection.read(seconds: left / .seconds(1)) else {
                isClosed = true
                return false
            }
            buffer.removeFirst(start)
            start = 0
            buffer += piece
        }
        return true
    }

    private static func find(_ pattern: [UInt8], in bytes: [UInt8]) -> Int? {
        bytes.indices.dropLast(pattern.count - 1).first { bytes[$0..<$0 + pattern.count].elementsEqual(pattern) }
    }
}

import Dispatch
import Foundation
import Host

/// A kept connection to the server that is measured, on this machine. It is a plain socket on a thread of its own, so
/// that the times are the server's: HTTP/1.1, one request after the other, answers with a `Content-Length`.
final class HTTPConnection: Sendable {
    struct Request: Sendable {
        /// "GET /health/live"
        let route: String
        /// JSON.
        var body: [UInt8]?
    }

    private let port: Int
    private let socket: ClientSocket
    private let queue = DispatchQueue(label: "http-connection")

    init(port: Int) throws {
        self.port = port
        socket = try ClientSocket(port: port)
    }

    /// Sends the request; the microseconds until its answer was there, which must be 200.
    func microseconds(of request: Request) async throws -> Double {
        let bytes = bytes(of: request)
        return try await withCheckedThrowingContinuation { continuation in
            queue.async {
                continuation.resume(
                    with: Result {
                        let start = ContinuousClock.now
                        try self.socket.send(bytes)
                        let answer = try self.receiveAnswer()
                        let time = ContinuousClock.now - start
                        guard answer.status == 200 else {
                            let body = String(decoding: answer.body, as: UTF8.self)
                            throw CallError(.internal, "\(request.route) answered \(answer.status): \(body)")
                        }
                        return time / .microseconds(1)
                    })
            }
        }
    }

    private func bytes(of request: Request) -> [UInt8] {
        var head = "\(request.route) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\n"
        if let body = request.body {
            head += "Content-Type: application/json\r\nContent-Length: \(body.count)\r\n"
        }
        return Array((head + "\r\n").utf8) + (request.body ?? [])
    }

    // MARK: Answers

    private struct Answer {
        let status: Int
        let body: ArraySlice<UInt8>
    }

    private func receiveAnswer() throws -> Answer {
        var bytes = try receive()
        var headEnd: Int?
        while true {
            headEnd = headEnd ?? bytes.firstRange(of: Array("\r\n\r\n".utf8))?.upperBound
            if let headEnd {
                let head = try Self.head(String(decoding: bytes[..<headEnd], as: UTF8.self))
                if bytes.count == headEnd + head.length {
                    return Answer(status: head.status, body: bytes[headEnd...])
                }
                guard bytes.count < headEnd + head.length else {
                    throw CallError(.internal, "the server sent more than its answer")
                }
            }
            bytes += try receive()
        }
    }

    private func receive() throws -> [UInt8] {
        try [UInt8](unsafeUninitializedCapacity: 1 << 16) { buffer, count in
            count = try socket.receive(UnsafeMutableRawBufferPointer(buffer))
        }
    }

    private static func head(_ text: String) throws -> (status: Int, length: Int) {
        let lines = text.split(separator: "\r\n")
        let words = lines.first?.split(separator: " ") ?? []
        let name = "content-length:"
        let length = lines.first { $0.lowercased().hasPrefix(name) }
            .flatMap { Int($0.dropFirst(name.count).trimmingCharacters(in: .whitespaces)) }
        guard words.count >= 2, let status = Int(words[1]), let length else {
            throw CallError(.internal, "wanted a status and a Content-Length, got \(text)")
        }
        return (status, length)
    }
}

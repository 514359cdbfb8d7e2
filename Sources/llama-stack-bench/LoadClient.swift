import Foundation
import Host

/// Requests over one kept connection by a client that does next to nothing, so that it is the server that is measured.
/// Used by one thread at a time.
final class LoadClient: @unchecked Sendable {
    // Unchecked because of the buffer.
    private let socket: ClientSocket
    private let port: Int
    private var buffer = [UInt8](repeating: 0, count: 1 << 18)
    private var filled = 0

    init(port: Int) throws {
        self.port = port
        socket = try ClientSocket(port: port)
    }

    /// The bytes of a request, made once for all the times that it is sent.
    func request(_ route: String, _ body: [UInt8]? = nil) -> [UInt8] {
        var head = "\(route) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\n"
        if let body { head += "Content-Type: application/json\r\nContent-Length: \(body.count)\r\n" }
        return Array((head + "\r\n").utf8) + (body ?? [])
    }

    /// Sends a request and waits for its whole answer, which must be 200 and have a length.
    func ask(_ request: [UInt8]) throws {
        let (head, length) = try begin(request)
        guard let length else { throw CallError(.internal, "an answer without a Content-Length") }
        while filled < head + length { try fill() }
    }

    /// As ``ask(_:)``; the answer's body.
    func body(_ request: [UInt8]) throws -> [UInt8] {
        try ask(request)
        let head = try headEnd() ?? 0
        return Array(buffer[head..<filled])
    }

    /// When an answer came, in seconds after its request.
    struct StreamTimes: Sendable {
        var first = 0.0
        var last = 0.0
    }

    /// Sends a request and waits for its whole answer, a stream of events in chunks.
    ///
    /// - Parameter first: the event, from 1, whose time is noted as the first.
    func stream(_ request: [UInt8], first: Int) throws -> StreamTimes {
        let start = ContinuousClock.now
        var times = StreamTimes()
        var (place, _) = try begin(request)
        var events = 0
        while true {
            events += Self.records(buffer, place..<filled)
            if times.first == 0, events >= first { times.first = (ContinuousClock.now - start) / .seconds(1) }
            if filled >= 7, buffer[filled - 7..<filled].elementsEqual("\r\n0\r\n\r\n".utf8) { break }
            // What may be the beginning of a record, or of the end, is looked at again.
            let kept = min(filled, 7)
            buffer.replaceSubrange(0..<kept, with: buffer[filled - kept..<filled])
            (filled, place) = (kept, kept - min(kept, 5))
            try fill()
        }
        times.last = (ContinuousClock.now - start) / .seconds(1)
        guard events >= first else { throw CallError(.internal, "\(events) events, wanted \(first)") }
        return times
    }

    /// The number of times that `data: ` stands whole in a part of the buffer. One that the frames of chunks divide is
    /// not seen, which long streams have some of.
    private static func records(_ bytes: [UInt8], _ range: Range<Int>) -> Int {
        bytes.withUnsafeBufferPointer { bytes in
            var count = 0
            var place = range.lowerBound
            while place + 6 <= range.upperBound {
                if bytes[place] == UInt8(ascii: "d"), bytes[place + 1] == UInt8(ascii: "a"),
                    bytes[place + 2] == UInt8(ascii: "t"), bytes[place + 3] == UInt8(ascii: "a"),
                    bytes[place + 4] == UInt8(ascii: ":"), bytes[place + 5] == UInt8(ascii: " ")
                {
                    count += 1
                    place += 6
                } else {
                    place += 1
                }
            }
            return count
        }
    }

    /// Sends a request and waits for the head of its answer: where it ends, and the length that it tells.
    private func begin(_ request: [UInt8]) throws -> (head: Int, length: Int?) {
        filled = 0
        try socket.send(request)
        while true {
            try fill()
            guard let head = try headEnd() else { continue }
            return (head, length(in: head))
        }
    }

    private func fill() throws {
        if filled == buffer.count { buffer += [UInt8](repeating: 0, count: buffer.count) }
        let place = filled
        filled += try buffer.withUnsafeMutableBytes { try socket.receive(.init(rebasing: $0[place...])) }
    }

    private func headEnd() throws -> Int? {
        let newline = UInt8(ascii: "\n")
        var place = 0
        while let end = buffer[place..<filled].firstIndex(of: newline) {
            if end >= 3, buffer[end - 2] == newline {
                guard buffer[9..<12].elementsEqual("200".utf8) else {
                    throw CallError(.internal, String(decoding: buffer[..<filled].prefix(600), as: UTF8.self))
                }
                return end + 1
            }
            place = end + 1
        }
        return nil
    }

    private func length(in head: Int) -> Int? {
        let name = Array("content-length: ".utf8)
        var place = 0
        while let end = buffer[place..<head].firstIndex(of: UInt8(ascii: "\n")) {
            let line = buffer[place..<end]
            if line.count > name.count, zip(line, name).allSatisfy({ $0 | 0x20 == $1 | 0x20 }) {
                return line.dropFirst(name.count).prefix { (48...57).contains($0) }.reduce(0) { $0 * 10 + Int($1 - 48) }
            }
            place = end + 1
        }
        return nil
    }
}

/// Clients that ask at the same time, each on a thread of its own.
enum Load {
    /// Runs `body` for each client on a thread; the seconds until the last of them was done.
    static func seconds(
        _ clients: [LoadClient], _ body: @escaping @Sendable (Int, LoadClient) throws -> Void
    ) async throws -> Double {
        try await withCheckedThrowingContinuation { continuation in
            let group = DispatchGroup()
            let failure = Failure()
            let start = ContinuousClock.now
            for (index, client) in clients.enumerated() {
                group.enter()
                Thread.detachNewThread {
                    do { try body(index, client) } catch { failure.set(error) }
                    group.leave()
                }
            }
            group.notify(queue: .global()) {
                let time = (ContinuousClock.now - start) / .seconds(1)
                if let error = failure.error {
                    continuation.resume(throwing: error)
                } else {
                    continuation.resume(returning: time)
                }
            }
        }
    }

    private final class Failure: @unchecked Sendable {
        private let lock = NSLock()
        private var first: (any Error)?
        var error: (any Error)? { lock.withLock { first } }
        func set(_ error: any Error) { lock.withLock { first = first ?? error } }
    }
}

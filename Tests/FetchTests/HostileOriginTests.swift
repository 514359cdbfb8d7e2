import FakeOrigin
import Foundation
import Synchronization
import Testing

@testable import Fetch

/// Servers that mean no good, or are broken: the fetch ends in time and within its bytes.
@Suite(.timeLimit(.minutes(10)))
struct HostileOriginTests {
    private func refusal(
        bytesMax: Int = 1 << 20, secondsMax: Int = 30, _ script: @escaping Origin.Script
    ) async throws -> FetchError? {
        try await Origin.run(script) { origin in
            let gate = try openGate(origin.port, bytesMax: bytesMax, secondsMax: secondsMax)
            return await gate.refusal("http://origin.test:\(origin.port)/a")
        }
    }

    private static let piece = [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 16)

    @Test("a body without end is cut at the limit", arguments: [false, true])
    func endless(isChunked: Bool) async throws {
        let error = try await refusal { _, connection in
            if isChunked {
                connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                connection.sendForever(Array("10000\r\n".utf8) + Self.piece + Array("\r\n".utf8))
            } else {
                connection.send("HTTP/1.1 200 OK\r\n\r\n")
                connection.sendForever(Self.piece)
            }
        }
        #expect(error == FetchError(code: .upstreamError, message: "can't be fetched: it is longer than 1048576 bytes"))
    }

    @Test("a body without end is cut at the limit over TLS too, and its origin ends")
    func endlessOverTLS() async throws {
        let script: Origin.Script = { _, connection in
            connection.send("HTTP/1.1 200 OK\r\n\r\n")
            connection.sendForever(Self.piece)
        }
        try await Origin.run(tls: true, script) { origin in
            let gate = try openGate(origin.port, { $0.caFile = Origin.fixtures + "/tls/ca.pem" })
            let error = await gate.refusal("https://origin.test:\(origin.port)/")
            #expect(error?.message == "can't be fetched: it is longer than 1048576 bytes")
        }
    }

    @Test("a length above the limit is refused before the body is read")
    func longLength() async throws {
        let error = try await refusal { _, connection in
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 1048577\r\n\r\n")
        }
        #expect(error?.message.contains("longer than 1048576 bytes") == true)
    }

    @Test("a byte a second, in the head, in the body or not at all, is cut when the time is over", arguments: 0..<3)
    func slow(_ kind: Int) async throws {
        let error = try await refusal(secondsMax: 2) { _, connection in
            let head = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"
            if kind == 2 { return }
            if kind == 1 { connection.send(head) }
            for index in 0..<20 {
                let text = kind == 0 ? String(Array(head)[index]) : "x"
                guard connection.send(text) else { return }
                usleep(500_000)
            }
        }
        #expect(error == FetchError(code: .upstreamError, message: "can't be fetched within 2 s"))
    }

    @Test("a body shorter than its length is an error, and not the content")
    func shortBody() async throws {
        for answer in [
            "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\nabc",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nabc", "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\nabc",
            "HTTP/1.1 200", "nonsense\r\n\r\n", "",
        ] {
            let error = try await refusal(Origin.answering(answer))
            #expect(error?.code == .upstreamError, "\(answer)")
        }
    }

    @Test("more than three redirects are too many, a thousand are not followed")
    func redirects() async throws {
        let script: Origin.Script = { request, connection in
            let number = Int(request.split(separator: " ")[1].dropFirst()) ?? 0
            connection.send(
                number < 1000 ? Origin.redirect(302, to: "/\(number + 1)") : Origin.ok("end"), thenClose: true)
        }
        try await Origin.run(script) { origin in
            let error = await (try openGate(origin.port)).refusal("http://origin.test:\(origin.port)/0")
            #expect(error?.code == .upstreamError && error?.message.contains("3 redirects") == true)
            #expect(origin.connections == 4)
            let third = try await openGate(origin.port).bytes("http://origin.test:\(origin.port)/997")
            #expect(third.text == "end")
            #expect(third.content.url.target == "/1000")
        }
    }

    @Test("compression is not asked for, and a compressed answer is refused without being unpacked")
    func gzip() async throws {
        let script: Origin.Script = { _, connection in
            connection.send(
                "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nabcde", thenClose: true)
        }
        try await Origin.run(script) { origin in
            let error = await (try openGate(origin.port)).refusal("http://origin.test:\(origin.port)/")
            #expect(error?.code == .upstreamError && error?.message.contains("compresses") == true)
            #expect(origin.requests.first?.contains("Accept-Encoding: identity\r\n") == true)
        }
    }

    @Test("a hundred thousand headers are refused")
    func headers() async throws {
        let error = try await refusal(
            Origin.answering(
                "HTTP/1.1 200 OK\r\n" + String(repeating: "X: y\r\n", count: 100_000) + "Content-Length: 0\r\n\r\n"))
        #expect(error?.code == .upstreamError)
    }

    @Test("statuses other than 200 are no content", arguments: [100, 204, 206, 304, 400, 404, 500])
    func statuses(_ status: Int) async throws {
        let error = try await refusal(
            secondsMax: 1, Origin.answering("HTTP/1.1 \(status) X\r\nContent-Length: 0\r\n\r\n"))
        #expect(error?.code == .upstreamError)
    }

    @Test("a redirect without a place, or with two, is an error")
    func noPlace() async throws {
        for headers in ["", "Location: /a\r\nLocation: /b\r\n"] {
            let error = try await refusal(
                Origin.answering("HTTP/1.1 302 X\r\n\(headers)Content-Length: 0\r\n\r\n"))
            #expect(error?.code == .upstreamError)
        }
    }

    @Test("of a hundred megabytes that come faster than they are taken, no more than buffers full are ahead")
    func backPressure() async throws {
        let sent = Atomic(0)
        let taken = Atomic(0)
        let ahead = Atomic(0)
        let script: Origin.Script = { _, connection in
            connection.send("HTTP/1.1 200 OK\r\n\r\n")
            connection.sendForever(Self.piece) { sent.add($0, ordering: .relaxed) }
        }
        try await Origin.run(script) { origin in
            let gate = try openGate(origin.port, bytesMax: 100 << 20, secondsMax: 60)
            let result = await Result<FetchGate.Content, any Error> {
                try await gate.fetch("http://origin.test:\(origin.port)/") { piece in
                    usleep(100)
                    let now = taken.add(piece.count, ordering: .relaxed).newValue
                    ahead.max(sent.load(ordering: .relaxed) - now, ordering: .relaxed)
                }
            }
            await gate.close()
            #expect(throws: FetchError.self) { try result.get() }
            #expect(taken.load(ordering: .relaxed) > 99 << 20)
            // The kernel's buffers for a loopback connection are up to some megabytes.
            #expect(ahead.load(ordering: .relaxed) < 16 << 20)
        }
    }

    @Test("a fetch that is cancelled ends, and does not wait for its origin")
    func cancelled() async throws {
        // The origin never answers: but for the cancellation, the fetch would go on for longer than this test may.
        try await Origin.run({ _, _ in }) { origin in
            let gate = try openGate(origin.port, secondsMax: 600)
            let task = Task { try await gate.fetch("http://origin.test:\(origin.port)/") { _ in } }
            while origin.requests.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            await gate.close()
        }
    }
}

extension Result where Failure == any Error {
    fileprivate init(_ body: () async throws -> Success) async {
        do { self = .success(try await body()) } catch { self = .failure(error) }
    }
}

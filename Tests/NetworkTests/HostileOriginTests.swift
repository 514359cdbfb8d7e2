import ContractBridge
import FakeOrigin
import Foundation
import LlamaStackAPI
import Synchronization
import Testing

@testable import Networking

/// Servers that mean no good, or are broken: the fetch ends in time and within its bytes.
@Suite(.timeLimit(.minutes(10)))
struct HostileOriginTests {
    private func refusal(
        bytesMax: Int = 1 << 20, secondsMax: Int = 30, _ script: @escaping Origin.Script
    ) async throws -> CallError? {
        try await Origin.run(script) { origin in
            let network = openNetwork(origin.port, bytesMax: bytesMax, secondsMax: secondsMax)
            return await network.refusal("http://origin.test:\(origin.port)/a")
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
        #expect(error == CallError(.upstreamError, "can't be fetched: it is longer than 1048576 bytes (bytes_max)"))
    }

    @Test("a body without end is cut at the limit over TLS too, and its origin ends")
    func endlessOverTLS() async throws {
        let script: Origin.Script = { _, connection in
            connection.send("HTTP/1.1 200 OK\r\n\r\n")
            connection.sendForever(Self.piece)
        }
        try await Origin.run(tls: true, script) { origin in
            let network = openNetwork(origin.port, { $0.caFile = Origin.fixtures + "/tls/ca.pem" })
            let error = await network.refusal("https://origin.test:\(origin.port)/")
            #expect(error?.message == "can't be fetched: it is longer than 1048576 bytes (bytes_max)")
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
        #expect(error == CallError(.upstreamError, "can't be fetched: it took longer than 2 s (seconds_max)"))
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
            let error = await openNetwork(origin.port).refusal("http://origin.test:\(origin.port)/0")
            #expect(error?.code == .upstreamError && error?.message.contains("3 redirects") == true)
            #expect(origin.connections == 4)
            let third = try await openNetwork(origin.port).get("http://origin.test:\(origin.port)/997")
            #expect(third.text == "end")
            #expect(third.head.url.hasSuffix("/1000"))
        }
    }

    @Test("compression is not asked for, and a compressed answer comes as it is")
    func gzip() async throws {
        let script: Origin.Script = { _, connection in
            connection.send(
                "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nabcde", thenClose: true)
        }
        try await Origin.run(script) { origin in
            let answer = try await openNetwork(origin.port).get("http://origin.test:\(origin.port)/")
            #expect(answer.text == "abcde" && answer.values(of: "content-encoding") == ["gzip"])
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

    @Test("any status is an answer", arguments: [204, 206, 304, 400, 404, 500, 999])
    func statuses(_ status: Int) async throws {
        try await Origin.run(Origin.answering("HTTP/1.1 \(status) X\r\nContent-Length: 0\r\n\r\n")) { origin in
            let answer = try await openNetwork(origin.port).get("http://origin.test:\(origin.port)/")
            #expect(answer.head.status == status && answer.text.isEmpty)
        }
    }

    @Test("an interim answer is none")
    func interim() async throws {
        let only = try await refusal(secondsMax: 1, Origin.answering("HTTP/1.1 100 Continue\r\n\r\n"))
        #expect(only?.code == .upstreamError)
        try await Origin.run(Origin.answering("HTTP/1.1 103 X\r\nA: b\r\n\r\n" + Origin.ok("end"))) { origin in
            let answer = try await openNetwork(origin.port).get("http://origin.test:\(origin.port)/")
            #expect(answer.head.status == 200 && answer.values(of: "a").isEmpty && answer.text == "end")
        }
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
            let network = openNetwork(origin.port, bytesMax: 100 << 20, secondsMax: 600)
            let parameters = NetworkParameters(method: "GET", url: "http://origin.test:\(origin.port)/")
            let answer = try await network.service.request(parameters, network.access)
            let error = await #expect(throws: CallError.self) {
                while let piece = try await answer.next() {
                    try await Task.sleep(for: .microseconds(100))
                    let now = taken.add(piece.count, ordering: .relaxed).newValue
                    ahead.max(sent.load(ordering: .relaxed) - now, ordering: .relaxed)
                }
            }
            #expect(error?.message.contains("bytes_max") == true)
            await network.service.close()
            #expect(taken.load(ordering: .relaxed) > 99 << 20)
            // The kernel's buffers for a loopback connection are up to some megabytes.
            #expect(ahead.load(ordering: .relaxed) < 16 << 20)
        }
    }

    @Test("a fetch that is cancelled ends, and does not wait for its origin")
    func cancelled() async throws {
        // The origin never answers: but for the cancellation, the fetch would go on for longer than this test may.
        try await Origin.run({ _, _ in }) { origin in
            let network = openNetwork(origin.port, secondsMax: 600)
            let url = "http://origin.test:\(origin.port)/"
            let task = Task { try await network.send(NetworkParameters(method: "GET", url: url)) }
            while origin.requests.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
            task.cancel()
            let error = await #expect(throws: CallError.self) { try await task.value }
            #expect(error?.code == .cancelled)
            await network.service.close()
        }
    }
}

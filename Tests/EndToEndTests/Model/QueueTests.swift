import Foundation
import LlamaStackAPI
import RawHTTP
import Testing

extension EndToEnd {
    /// One place to run, eight to wait, and sixty-four clients.
    @Suite struct QueueTests {
        @Test(
            "64 clients at a full server: eight wait and are answered, 56 are told when to come back, and then all are")
        func full() throws {
            try Server.run(.cpu(config: "{running_max: 1, waiting_max: 8}")) { server in
                var holder: EventReader? = try server.stream(
                    Requests.completionPath, Requests.completion("Once upon a time", maxTokens: 6000, stream: true))
                _ = try holder?.next()
                let body = Requests.completion("Hello", maxTokens: 2).bytes
                var waiting = try (0..<64).map { _ in
                    let connection = try RawConnection(port: server.port)
                    connection.send(RawClient.head(Requests.completionPath, body.count, port: server.port) + body)
                    return connection
                }
                // While the place is held, only requests that may not wait are answered.
                var refused: [String] = []
                let end = ContinuousClock.now + .seconds(60)
                while refused.count < 56, ContinuousClock.now < end {
                    waiting.removeAll { connection in
                        guard let bytes = connection.read(seconds: 0.01), !bytes.isEmpty else { return false }
                        refused.append(String(decoding: bytes, as: UTF8.self))
                        return true
                    }
                }
                #expect(refused.count == 56)
                for reply in refused {
                    #expect(reply.hasPrefix("HTTP/1.1 429 ") && reply.contains("\"queue_full\""))
                    #expect(reply.lowercased().contains(#/retry-after: [1-9]/#))
                }
                #expect(waiting.allSatisfy { $0.read(seconds: 0.05) == [] }, "eight wait, and have heard nothing")
                #expect(server.log("answer length").isEmpty, "the place was held all the time")
                holder = nil
                for connection in waiting {
                    let status = try ReplyReader(connection, seconds: 60).head.status
                    #expect(status == 200)
                }
            }
        }

        @Test("clients that come back when they are told to are all answered")
        func comeBack() throws {
            try Server.run(.cpu(config: "{running_max: 1, waiting_max: 8}")) { server in
                let tries = try concurrently(64) { _ -> Int in
                    for attempt in 1...40 {
                        let reply = try server.post(Requests.completionPath, Requests.completion("Hello", maxTokens: 2))
                        if reply.status == 200 { return attempt }
                        #expect(reply.status == 429)
                        let seconds = Double(reply.head.headers["retry-after"] ?? "") ?? 0
                        #expect(seconds >= 1)
                        usleep(UInt32(min(seconds, 10) * 1_000_000))
                    }
                    return .max
                }
                #expect(tries.max() ?? .max <= 40)
            }
        }
    }
}

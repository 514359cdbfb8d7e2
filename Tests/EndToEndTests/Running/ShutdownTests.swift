import Foundation
import LlamaStackAPI
import RawHTTP
import Testing

extension EndToEnd {
    /// How a server ends. Its provider says a word every 50 ms.
    @Suite struct ShutdownTests {
        private static let slow = "{delay_milliseconds: 50}"
        private static let words = (0..<20).map { "word\($0)" }.joined(separator: " ")

        @Test(
            "SIGTERM lets a running stream end, takes no new request, and exits with 0", arguments: [SIGTERM, SIGINT])
        func drains(_ signal: Int32) throws {
            try Server.run(.echo(config: Self.slow)) { server in
                let stream = try server.stream(Requests.chatPath, Requests.chat(Self.words, maxTokens: 0, stream: true))
                _ = try stream.next()
                server.process.send(signal)
                _ = try server.waitForLog("draining")
                if let late = try? server.post(Requests.chatPath, Requests.chat("Hi")) {
                    #expect(late.status == 503)
                    #expect(late.errorCode == "shutting_down")
                }
                var last: JSON = .null
                while let event = try stream.next() { last = try JSON(parsing: event.data) }
                #expect(last["stop_reason"] == "finished_ok")
                #expect(server.process.wait(seconds: 60) == .exit(0))
            }
        }

        @Test("a stream that goes on beyond the drain is cut, is told so, and the exit code is 0")
        func bound() throws {
            let endless = Array(repeating: "word", count: 2000).joined(separator: " ")
            try Server.run(.echo(config: Self.slow, server: "{limits: {drain_seconds: 0.5}}")) { server in
                let stream = try server.stream(Requests.chatPath, Requests.chat(endless, maxTokens: 0, stream: true))
                _ = try stream.next()
                server.process.send(SIGTERM)
                var last: EventReader.Event?
                while let event = try stream.next() { last = event }
                #expect(last?.name == "error")
                #expect(try JSON(parsing: last?.data ?? "")["detail"]?["code"] == "shutting_down")
                #expect(server.process.wait(seconds: 60) == .exit(0))
            }
        }

        @Test("an idle server ends on SIGTERM, its real model and all")
        func idle() throws {
            try Server.run(.cpu()) { server in
                _ = try server.post(Requests.completionPath, Requests.completion("Hello", maxTokens: 2))
                server.process.send(SIGTERM)
                #expect(server.process.wait(seconds: 60) == .exit(0))
            }
        }

        @Test("a second signal ends the server before its drain would, whatever still runs")
        func secondSignal() throws {
            let endless = Array(repeating: "word", count: 2000).joined(separator: " ")
            try Server.run(.echo(config: Self.slow, server: "{limits: {drain_seconds: 600}}")) { server in
                let stream = try server.stream(Requests.chatPath, Requests.chat(endless, maxTokens: 0, stream: true))
                _ = try stream.next()
                server.process.send(SIGTERM)
                _ = try server.waitForLog("draining")
                #expect(server.process.isRunning)
                server.process.send(SIGTERM)
                // The stream goes on for 100 s, the drain for longer.
                #expect(server.process.wait(seconds: 60) != nil)
                _ = stream
            }
        }
    }
}

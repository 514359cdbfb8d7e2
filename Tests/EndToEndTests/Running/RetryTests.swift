import Foundation
import LlamaStackAPI
import RawHTTP
import Testing

extension EndToEnd {
    /// Clients that lose their connection and ask again under the same `Idempotency-Key`.
    @Suite struct RetryTests {
        private static let clients = 200

        private static let distribution = """
            version: 1
            name: retries
            state: state
            providers:
              memory_banks:
                - {provider_id: files, provider_type: inline::file}
            """

        /// A request that a client sends, cuts at a moment of its own, and sends again until it is answered.
        private struct Request: Sendable {
            var verb: String
            var path: String
            var body: String
            var key: String

            func text(port: Int) -> String {
                let head = """
                    \(verb) \(path) HTTP/1.1\r
                    Host: 127.0.0.1:\(port)\r
                    Content-Type: application/json\r
                    Content-Length: \(body.utf8.count)\r
                    Idempotency-Key: \(key)\r
                    Connection: close\r
                    \r\n
                    """
                return head + body
            }

            /// Gone before an answer can be read: at once, after a moment, with a reset or without.
            func sendAndLeave(_ number: Int, port: Int) throws {
                let connection = try RawConnection(port: port)
                if number % 2 == 0 { connection.resetOnClose() }
                connection.send(text(port: port))
                usleep(UInt32(number % 8) * 1500)
            }

            func ask(port: Int) throws -> HTTPReply {
                try RawClient(port: port).reply(to: text(port: port), seconds: 60)
            }
        }

        /// What each client was answered: twice the same.
        private func retried(_ port: Int, _ request: @escaping @Sendable (Int) -> Request) throws -> [HTTPReply] {
            try concurrently(Self.clients) { number in
                let request = request(number)
                try request.sendAndLeave(number, port: port)
                let first = try request.ask(port: port)
                let second = try request.ask(port: port)
                #expect(first.status == 200, "\(request.path) \(number): \(first.text)")
                #expect(second.status == 200, "\(request.path) \(number): \(second.text)")
                #expect(first.body == second.body)
                return first
            }
        }

        @Test(
            "200 clients that leave after sending and ask again: each change acts once and is answered once and for all"
        )
        func clientsThatLeave() throws {
            let folder = try TemporaryFolder()
            try Server.run(file: folder.write(Self.distribution, "dist.yaml")) { server in
                let port = server.port
                let created = try retried(port) {
                    Request(
                        verb: "POST", path: "/memory_banks/create?bank_uuid=bank-\($0)&bank_name=b", body: "[]",
                        key: "create-\($0)")
                }
                #expect(created.allSatisfy { $0.body.isEmpty })
                _ = try retried(port) {
                    let body = #"[{"uuid":"d\#($0)","content":"dGV4dA==","metadata":{},"mime_type":"text/plain"}]"#
                    return Request(
                        verb: "POST", path: "/memory_bank/insert?bank_uuid=bank-0", body: body, key: "insert-\($0)")
                }
                let status = try server.client.get("/memory_bank/status?bank_uuid=bank-0").json
                #expect(status["documents"]?.int == Self.clients)
                let deleted = try retried(port) {
                    Request(
                        verb: "POST", path: "/memory_bank/delete?bank_uuid=bank-0", body: #"["d\#($0)"]"#,
                        key: "delete-\($0)")
                }
                #expect(deleted.map(\.text) == (0..<Self.clients).map { "\"d\($0)\"\n" })
                let dropped = try retried(port) {
                    Request(
                        verb: "DELETE", path: "/memory_banks/drop?bank_uuid=bank-\($0)", body: "", key: "drop-\($0)")
                }
                #expect(dropped.map(\.text) == (0..<Self.clients).map { "\"bank-\($0)\"" })
                let left = try server.client.get("/memory_banks/get")
                #expect(left.body.isEmpty)
            }
        }
    }
}

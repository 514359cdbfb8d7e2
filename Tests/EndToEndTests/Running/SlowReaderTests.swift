import LlamaStackAPI
import RawHTTP
import Testing

extension EndToEnd {
    /// Streams of megabytes whose readers are slow, or do not read at all.
    @Suite struct SlowReaderTests {
        /// As many words as make a stream longer than what the system's socket buffers take.
        private static let words = 150_000
        /// Of one stream, most of it the echo provider's words. Kept whole, its events would take some 40 MB.
        private static let bytesPerStream = 12 << 20

        @Test("readers that stall are cut off, cost little memory, and no other client waits for them")
        func stalled() throws {
            let text = String(repeating: "a ", count: Self.words)
            try Server.run(.echo(server: "{limits: {write_timeout_seconds: 2}}"), arguments: ["--log-level", "info"]) {
                server in
                let body = Requests.completion(text, maxTokens: 0, stream: true).bytes
                let before = server.process.residentBytes
                let readers = try (0..<24).map { _ in
                    let connection = try RawConnection(port: server.port, receiveBufferBytes: 4096)
                    connection.send(RawClient.head(Requests.completionPath, body.count, port: server.port) + body)
                    return connection
                }
                // Sixteen never read; eight take a little every now and then.
                for _ in 0..<8 {
                    for connection in readers[..<8] { _ = connection.read(upTo: 100, seconds: 0.2) }
                    let reply = try server.post(Requests.completionPath, Requests.completion("one two three"))
                    #expect(reply.json["content"] == "one two three")
                }
                let grown = server.process.residentBytes - before
                print("24 readers that stall: \(grown >> 20) MiB more are resident")
                #expect(grown < readers.count * Self.bytesPerStream)
                // The sixteen are cut off: their connections end before the stream does.
                for connection in readers[8...] {
                    var received = 0
                    while let bytes = connection.read(seconds: 20) {
                        try #require(!bytes.isEmpty, "still open after 20 s")
                        received += bytes.count
                    }
                    #expect(received < Self.words * 30)
                }
                #expect(server.isAlive)
            }
        }
    }
}

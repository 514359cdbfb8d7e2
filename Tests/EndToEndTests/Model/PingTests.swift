import LlamaStackAPI
import RawHTTP
import Testing

extension EndToEnd {
    /// A stream that has nothing to say for a while, because its model reads a long prompt.
    @Suite struct PingTests {
        /// Token by token, one thread takes half a minute and more for it; the client has heard enough after the first
        /// ping.
        @Test("while the engine reads a long prompt, its stream is pinged")
        func longPrompt() throws {
            let prompt = (0..<800).map { "\($0) bottles of beer. " }.joined()
            let request: JSON = [
                "model": "smollm", "stream": true, "max_tokens": 4,
                "messages": [["role": "user", "content": .string(prompt)]],
            ]
            try Server.run(
                .cpu(config: "{threads: 1, prefill_tokens_max: 1}")
            ) { server in
                let body = request.bytes
                let connection = try RawConnection(port: server.port)
                connection.send(RawClient.head("/v1/chat/completions", body.count, port: server.port) + body)
                let reader = try ReplyReader(connection, seconds: 120)
                #expect(reader.head.status == 200)
                var text = ""
                while !text.contains(": ping\n\n"), let piece = try reader.piece() {
                    text += String(decoding: piece, as: UTF8.self)
                }
                let records = text.components(separatedBy: "\n\n").filter { !$0.isEmpty }
                #expect(records.last == ": ping", "\(text.suffix(500))")
                // Before it comes the role alone.
                #expect(
                    records.count == 2 && records[0].contains(#""delta":{"role":"assistant""#), "\(text.prefix(500))")
            }
        }
    }
}

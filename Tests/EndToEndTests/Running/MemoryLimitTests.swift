import LlamaStackAPI
import RawHTTP
import Testing

extension EndToEnd {
    /// A server in a container with little memory.
    @Suite(.enabled(if: MemoryGroup(bytesMax: 1 << 30) != nil, "no control group with a memory limit can be made here"))
    struct MemoryLimitTests {
        @Test("contexts that do not fit a control group's memory together wait for each other, and nobody is killed")
        func contexts() throws {
            // The server holds 150 MB with the model loaded. A context of 2,500 tokens takes 58 MB of keys and values; four at
            // once are beyond the limit.
            let group = try #require(MemoryGroup(bytesMax: 320_000_000))
            try Server.run(.cpu(), before: group.entry) { server in
                let text = String(repeating: " a", count: 2500)
                let replies = try concurrently(4) { _ in
                    try server.post(Requests.completionPath, Requests.completion(text, maxTokens: 4), seconds: 240)
                }
                #expect(replies.map(\.status) == [200, 200, 200, 200])
                #expect(server.process.isRunning)
                // What can never fit is said at once.
                let long = String(repeating: " a", count: 7900)
                let refused = try server.post(Requests.completionPath, Requests.completion(long, maxTokens: 4))
                #expect(refused.status == 400, "\(refused.text)")
            }
        }
    }
}

import Foundation
import LlamaStackAPI
import RawHTTP
import Synchronization
import Testing

extension EndToEnd {
    /// A server in a container with little memory.
    @Suite(.enabled(if: MemoryGroup(bytesMax: 1 << 30) != nil, "no control group with a memory limit can be made here"))
    struct MemoryLimitTests {
        @Test("contexts that do not fit a control group's memory together wait for each other, and no process is killed")
        func contexts() throws {
            // The server holds 150 MB with the model loaded. A context of 2,500 tokens takes 58 MB of keys and values;
            // four at once are beyond the limit.
            let group = try #require(MemoryGroup(bytesMax: 320_000_000))
            try Server.run(.cpu(), before: group.entry) { server in
                let text = String(repeating: " a", count: 2500)
                let replies = try concurrently(4) { _ in
                    try server.post(Requests.completionPath, Requests.completion(text, maxTokens: 4), seconds: 1200)
                }
                #expect(replies.map(\.status) == [200, 200, 200, 200])
                #expect(server.process.isRunning)
                // What can never fit is said at once.
                let long = String(repeating: " a", count: 7900)
                let refused = try server.post(Requests.completionPath, Requests.completion(long, maxTokens: 4))
                #expect(refused.status == 400, "\(refused.text)")
            }
        }

        @Test("contexts that grow until memory is short: new requests get 503, answers go on, and no process is killed")
        func pressure() throws {
            // The cache may be larger than the 170 MB that the group leaves: what keeps the server alive is that it
            // looks. Five contexts of 2,600 tokens take 300 MB.
            let group = try #require(MemoryGroup(bytesMax: 320_000_000))
            try Server.run(
                .cpu(config: "{cache_bytes_max: 2000000000, prefix_sharing: false, speculation: none}"),
                before: group.entry
            ) { server in
                let text = String(repeating: " a", count: 1800)
                let growing = Atomic(5)
                let replies = try concurrently(6) { client in
                    if client > 0 {
                        defer { growing.subtract(1, ordering: .relaxed) }
                        return [
                            try server.post(
                                Requests.completionPath, Requests.completion(text, maxTokens: 800), seconds: 1200)
                        ]
                    }
                    var replies: [HTTPReply] = []
                    while growing.load(ordering: .relaxed) > 0 {
                        replies.append(
                            try server.post(
                                Requests.completionPath, Requests.completion("Hello", maxTokens: 1), seconds: 1200))
                        usleep(100_000)
                    }
                    return replies
                }
                #expect(replies.dropFirst().allSatisfy { $0[0].status == 200 && $0[0].json == replies[1][0].json })
                let refused = replies[0].filter { $0.status != 200 }
                #expect(!refused.isEmpty)
                #expect(refused.allSatisfy { $0.status == 503 && $0.errorCode == "overloaded" })
                #expect(refused.allSatisfy { $0.head.headers["retry-after"] == "5" })
                #expect(server.process.isRunning)
                #expect(!server.log("memory is very short").isEmpty)
                // And all is as before when they have ended.
                _ = try server.waitForLog("memory is ample again")
                let reply = try server.post(Requests.completionPath, Requests.completion("Hello", maxTokens: 1))
                #expect(reply.status == 200)
            }
        }
    }
}

import LlamaStackAPI
import RawHTTP
import Testing

extension EndToEnd {
    /// Conversations that are longer than what is kept of short ones.
    @Suite struct LongChatTests {
        @Test("the next turn of a chat of thousands of tokens computes what is new in it alone")
        func nextTurn() throws {
            try Server.run(.cpu()) { server in
                var messages: [JSON] = [
                    ["role": "user", "content": .string(String(repeating: "A line of the story so far. ", count: 500))]
                ]
                func usage() throws -> (prompt: Int, cached: Int) {
                    let body: JSON = [
                        "model": "llama3_8b_chat", "messages": .array(messages), "max_tokens": 4, "temperature": 0,
                    ]
                    let reply = try server.post("/v1/chat/completions", body)
                    guard reply.status == 200 else { throw Missing("\(reply.status): \(reply.text.prefix(400))") }
                    let answer = reply.json["choices"]?.items.first?["message"]?["content"] ?? ""
                    messages.append(["role": "assistant", "content": answer])
                    messages.append(["role": "user", "content": "Go on."])
                    let usage = reply.json["usage"]
                    return (
                        usage?["prompt_tokens"]?.int ?? 0, usage?["prompt_tokens_details"]?["cached_tokens"]?.int ?? -1
                    )
                }
                let first = try usage()
                #expect(first.prompt > 3000)
                // Other requests, such as those for a chat's title, come between the turns of one.
                for number in 0..<4 {
                    let text = JSON.string("Number \(number)?")
                    let other: JSON = [
                        "model": "llama3_8b_chat", "messages": [["role": "user", "content": text]], "max_tokens": 1,
                    ]
                    #expect(try server.post("/v1/chat/completions", other).status == 200)
                }
                let second = try usage()
                #expect(second.cached >= first.prompt, "\(first), \(second)")
            }
        }
    }
}

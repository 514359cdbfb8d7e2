import Foundation
import LlamaStackAPI
import ProviderConformance
import Testing

@testable import Dialects

/// Valid bodies of every row of every dialect with random damage to their structure. The seed is printed;
/// LLAMA_STACK_FUZZ_SEED repeats a run and LLAMA_STACK_FUZZ_COUNT lengthens it.
struct DialectFuzzTests {
    /// A body with every kind of value that clients send, for each row that takes one.
    private static let bodies: [String: JSON] = [
        "chat_completions": chat, "chat_input_tokens": chat,
        "completions": [
            "model": "llama3_8b", "prompt": ["hello there"], "max_tokens": 4, "temperature": .number(0.5),
            "top_p": .number(0.9), "stop": ["x", "y"], "logit_bias": ["12": -3], "stream_options": .null, "echo": false,
            "logprobs": .null, "suffix": "", "best_of": 1, "user": "me",
        ],
        "embeddings": ["model": "llama3_8b", "input": ["a", "b"], "encoding_format": "base64", "dimensions": .null],
    ]

    private static let chat: JSON = [
        "model": "llama3_8b_chat",
        "messages": [
            ["role": "system", "content": "Be brief."],
            [
                "role": "user", "name": "ada",
                "content": [["type": "text", "text": "a"], ["type": "text", "text": "b"]],
            ],
            [
                "role": "assistant", "content": .null,
                "tool_calls": [
                    ["id": "c1", "type": "function", "function": ["name": "f", "arguments": #"{"a": 1}"#]]
                ],
            ],
            ["role": "tool", "tool_call_id": "c1", "content": "done"], ["role": "user", "content": "hello there"],
        ],
        "max_completion_tokens": 7, "temperature": .number(0.5), "stop": "x", "presence_penalty": 0, "n": 1,
        "tools": [
            [
                "type": "function",
                "function": [
                    "name": "f", "description": "It does.", "strict": true,
                    "parameters": ["type": "object", "properties": ["a": ["type": "integer"]]],
                ],
            ]
        ],
        "tool_choice": "auto", "response_format": ["type": "text"], "metadata": ["a": "b"],
        "stream_options": .null, "logit_bias": ["7": .number(1.5)], "chat_template_kwargs": ["a": [1, .null]],
    ]

    @Test("every row that takes a body is damaged here")
    func rows() {
        #expect(Set(Self.bodies.keys) == Set(Dialects.all.flatMap(\.endpoints).filter { $0.body != nil }.map(\.method)))
    }

    @Test("no shape of a body gets a 5xx out of a dialect, and every refusal has its form", .timeLimit(.minutes(30)))
    func shapes() async throws {
        let environment = ProcessInfo.processInfo.environment
        let seed = environment["LLAMA_STACK_FUZZ_SEED"].flatMap(UInt64.init) ?? 2_000
        let count = environment["LLAMA_STACK_FUZZ_COUNT"].flatMap(Int.init) ?? 150
        print("dialect fuzz: seed \(seed), \(count) requests a row")
        try await withFront { front in
            try await raw {
                for (index, endpoint) in Dialects.all.flatMap(\.endpoints).enumerated() {
                    guard let body = Self.bodies[endpoint.method] else { continue }
                    var (served, refused) = (0, 0)
                    var random = SplitMix(state: seed &+ UInt64(index))
                    var connection = try front.connect()
                    for number in 0..<count {
                        let damage = number == 0 ? 0 : 0.05
                        let text = Shape.text(of: body, damageAt: damage, &random)
                        let reply = try connection.ask("POST", endpoint.path.description, text)
                        if reply["Connection"] == "close" { connection = try front.connect() }
                        let shown =
                            "seed \(seed) \(endpoint.method) \(number): \(text.prefix(500)) → \(reply.text.prefix(300))"
                        if reply.status == 200 {
                            served += 1
                        } else {
                            refused += 1
                            #expect((400..<500).contains(reply.status) || reply.status == 501, "\(shown)")
                            let error = reply.json["error"]
                            #expect(error?.objectValue?.keys == ["message", "type", "param", "code"], "\(shown)")
                            #expect((error?["message"]?.stringValue ?? "").utf8.count < 1500, "\(shown)")
                        }
                    }
                    print("\(endpoint.method): \(served) served, \(refused) refused")
                    #expect(refused > count / 10)
                }
                #expect(try front.connect().ask("GET", "/health/live").status == 200)
            }
        }
    }
}

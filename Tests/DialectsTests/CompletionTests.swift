import LlamaStackAPI
import Testing

@testable import Dialects

/// Completions between OpenAI's form and the draft's.
struct CompletionTests {
    private let route = OpenAI.createCompletion
    private let events: [JSON] = [
        [
            "text_delta": "né",
            "logprobs": [
                "tokens": ["n", "é"], "token_logprobs": [-0.5, -1],
                "top_logprobs": [
                    [["token": "n", "bytes": [110], "logprob": -0.5]],
                    [["token": "e", "bytes": [101], "logprob": -0.25]],
                ],
            ],
        ],
        ["text_delta": "e", "logprobs": ["tokens": ["e"], "token_logprobs": [-2]]],
        [
            "text_delta": "", "stop_reason": "max_tokens",
            "usage": ["prompt_tokens": 2, "cached_tokens": 0, "completion_tokens": 3],
        ],
    ]

    private func body(_ more: JSONObject = [:]) -> JSON {
        var body: JSONObject = ["model": "small", "prompt": "The child was "]
        for member in more.members { body[member.key] = member.value }
        return .object(body)
    }

    @Test("a whole answer has OpenAI's members, and 16 tokens unless more are asked for")
    func whole() async throws {
        let caller = FakeCaller(events)
        let answer = try await route.whole(body(), caller)
        let wanted =
            #"{"id":"cmpl-1","object":"text_completion","created":1700000000,"model":"small","#
            + #""choices":[{"text":"née","index":0,"logprobs":null,"finish_reason":"length"}],"usage":"#
            + #"{"prompt_tokens":2,"completion_tokens":3,"total_tokens":5,"prompt_tokens_details":{"cached_tokens":0}}}"#
        #expect(answer.text == wanted)
        #expect(caller.calls[0].body["max_tokens"] == 16)
        #expect(caller.calls[0].body["content"] == "The child was ")
    }

    @Test("log probabilities are lists, with each token's place in the text")
    func logprobs() async throws {
        let caller = FakeCaller(events)
        let answer = try await route.whole(body(["logprobs": 1, "prompt": ["The child was "]]), caller)
        let wanted =
            #"{"tokens":["n","é","e"],"token_logprobs":[-0.5,-1,-2],"top_logprobs":[{"n":-0.5},{"e":-0.25},{}],"#
            + #""text_offset":[0,1,2]}"#
        #expect(answer["choices"]?.item(0)?["logprobs"]?.text == wanted)
        #expect(caller.calls[0].options["top_logprobs"] == 1)
        let chunks = try await route.events(body(["logprobs": 1, "stream": true]), FakeCaller(events))
        let offsets = try chunks.map {
            try JSON(parsing: Array($0.utf8))["choices"]?.item(0)?["logprobs"]?["text_offset"]?.text
        }
        #expect(offsets == ["[0,1]", "[2]", nil])
        #expect(chunks.last?.hasSuffix(#""text":"","logprobs":null,"finish_reason":"length"}]}"#) == true)
    }

    @Test(
        "a field that can't be followed is refused by its name",
        arguments: [
            (["prompt": [1, 2, 3]], "prompt"), (["prompt": [[1, 2]]], "prompt"), (["prompt": ["a", "b"]], "prompt"),
            (["echo": true], "echo"), (["suffix": "x"], "suffix"), (["best_of": 2], "best_of"),
            (["logprobs": 21], "logprobs"),
        ] as [(JSONObject, String)])
    func refused(more: JSONObject, field: String) async throws {
        let error = await #expect(throws: DialectError.self) { try await route.answer(body(more), FakeCaller(events)) }
        #expect(error?.field == field)
    }

    @Test("token ids are refused with the words of the client's setting")
    func tokens() async throws {
        let error = await #expect(throws: DialectError.self) {
            try await route.answer(body(["prompt": [1, 2]]), FakeCaller(events))
        }
        #expect(error?.message.contains("tokenized_requests=False") == true)
    }
}

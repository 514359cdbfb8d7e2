import LlamaStackAPI
import Testing

@testable import Dialects

/// Embeddings between OpenAI's form and the draft's.
struct EmbeddingTests {
    private let route = OpenAI.createEmbeddings
    private let caller = FakeCaller(
        answer: [
            "embeddings": [[1, -0.5], [0, 0.25]],
            "usage": ["prompt_tokens": 7, "cached_tokens": 0, "completion_tokens": 0],
        ])

    @Test("vectors come in the texts' order, as numbers")
    func floats() async throws {
        let answer = try await route.whole(["model": "m", "input": ["a", "b"]], caller)
        let wanted =
            #"{"object":"list","data":[{"object":"embedding","embedding":[1.0,-0.5],"index":0},"#
            + #"{"object":"embedding","embedding":[0.0,0.25],"index":1}],"model":"m","#
            + #""usage":{"prompt_tokens":7,"total_tokens":7}}"#
        #expect(answer.text == wanted)
        #expect(caller.calls[0].body["contents"] == ["a", "b"])
    }

    @Test("base64 is the 32-bit floats, little-endian")
    func base64() async throws {
        let answer = try await route.whole(
            ["model": "m", "input": "a", "encoding_format": "base64", "dimensions": 2], caller)
        #expect(answer["data"]?.item(0)?["embedding"] == "AACAPwAAAL8=")
        let list = try EmbeddingList(json: answer, at: .root)
        #expect(list.data.map(\.vector) == [[1, -0.5], [0, 0.25]])
    }

    @Test(
        "what the model can't do is refused by its name",
        arguments: [
            (["input": "a", "dimensions": 3], "dimensions"), (["input": [1, 2]], "input"),
            (["input": [[1, 2]]], "input"), (["input": []], "input"),
            (["input": "a", "encoding_format": "hex"], "encoding_format"),
        ] as [(JSONObject, String)])
    func refused(body: JSONObject, field: String) async throws {
        var body = body
        body["model"] = "m"
        let error = await #expect(throws: DialectError.self) { try await route.answer(.object(body), caller) }
        #expect(error?.field == field)
        if field == "input", body["input"] == [1, 2] {
            #expect(error?.message.contains("check_embedding_ctx_length=False") == true)
        }
    }

    @Test("an error about one of the texts names it as the client does")
    func renamed() async throws {
        let caller = FakeCaller(
            error: DialectError(.contextLengthExceeded, "contents[1] is long", field: "contents[1]"))
        let error = await #expect(throws: DialectError.self) {
            try await route.answer(["model": "m", "input": ["a", "b"]], caller)
        }
        #expect(error?.field == "input[1]")
        #expect(error?.message == "input[1] is long")
    }

    @Test("the tokens of a chat are counted without an answer")
    func tokens() async throws {
        let caller = FakeCaller(answer: ["tokens": 12])
        let answer = try await OpenAI.countChatTokens.whole(
            ["model": "m", "messages": [["role": "user", "content": "Hi"]]], caller)
        #expect(answer.text == #"{"object":"response.input_tokens","input_tokens":12}"#)
        #expect(caller.calls[0].method == "count_tokens")
    }
}

import Testing

@testable import LlamaStackAPI

struct ScoreRequestTests {
    private func refusal(_ text: String) -> WireError? {
        do {
            _ = try Inference.score.decodeBody(Array(text.utf8)).beginning()
            return nil
        } catch {
            return error as? WireError
        }
    }

    @Test("continuations follow a dialog or a content")
    func prompts() throws {
        let content = try Inference.score.decodeBody(
            Array(#"{"model":"m","content":"a","continuations":["b",["c","d"]]}"#.utf8))
        #expect(content == ScoreRequest(model: "m", content: "a", continuations: ["b", .items(["c", "d"])]))
        let body = #"{"model":"m","dialog":{"message":{"role":"user","content":"a"}},"continuations":["b"]}"#
        let dialog = Dialog(message: Message(role: .user, content: "a"))
        #expect(
            try Inference.score.decodeBody(Array(body.utf8))
                == ScoreRequest(model: "m", dialog: dialog, continuations: ["b"]))
    }

    @Test(
        "what is no request is refused by its field",
        arguments: [
            (#"{"content":"a","continuations":["b"]}"#, "model"), (#"{"model":"m","content":"a"}"#, "continuations"),
            (#"{"model":"m","continuations":["b"]}"#, "dialog"),
            (
                #"{"model":"m","content":"","dialog":{"message":{"role":"user","content":""}},"continuations":["b"]}"#,
                "content"
            ),
            (#"{"model":"m","content":"a","continuations":["b",1]}"#, "continuations[1]"),
            (#"{"model":"m","content":"a","continuations":["b"],"stream":true}"#, "stream"),
        ])
    func bad(body: String, field: String) { #expect(refusal(body)?.field == field) }

    @Test("65 continuations are refused with their number")
    func count() {
        let many = Array(repeating: #""a""#, count: 65).joined(separator: ",")
        #expect(
            refusal(#"{"model":"m","content":"a","continuations":[\#(many)]}"#)?.description
                == "continuations must be at most 64 texts, got 65")
    }
}

import Testing

@testable import LlamaStackAPI

struct EmbeddingsTests {
    private func refusal(_ text: String) -> WireError? {
        do {
            _ = try Inference.embeddings.decodeBody(Array(text.utf8))
            return nil
        } catch {
            return error as? WireError
        }
    }

    @Test("a text, and pieces of one, are contents")
    func contents() throws {
        let body = #"{"model":"e","contents":["a",["b","c"]],"text_truncation":"end"}"#
        let request = try Inference.embeddings.decodeBody(Array(body.utf8))
        #expect(request.contents == ["a", .items(["b", "c"])] && request.textTruncation == .end)
    }

    @Test("more texts than the limit are refused with their number; none are none")
    func count() {
        #expect(refusal(#"{"model":"e","contents":[]}"#) == nil)
        let many = Array(repeating: #""a""#, count: 10_000).joined(separator: ",")
        #expect(
            refusal(#"{"model":"e","contents":[\#(many)]}"#)?.description
                == "contents must be at most 2048 texts, got 10000")
    }

    @Test(
        "what is no request is refused by its field",
        arguments: [
            (#"{"contents":["a"]}"#, "model"), (#"{"model":"e"}"#, "contents"),
            (#"{"model":"e","contents":"a"}"#, "contents"),
            (#"{"model":"e","contents":[1]}"#, "contents[0]"), (#"{"model":"e","contents":[null]}"#, "contents[0]"),
            (#"{"model":"e","contents":["a"],"text_truncation":"middle"}"#, "text_truncation"),
            (#"{"model":"e","contents":["a"],"dimension":3}"#, "dimension"),
        ])
    func bad(body: String, field: String) { #expect(refusal(body)?.field == field) }

    @Test("bytes that are not UTF-8 are no JSON")
    func invalidUTF8() {
        var bytes = Array(#"{"model":"e","contents":["a"]}"#.utf8)
        bytes[bytes.count - 4] = 0xFF
        let error = #expect(throws: WireError.self) { try Inference.embeddings.decodeBody(bytes) }
        #expect(error?.code == .invalidJSON)
    }

    @Test("a vector comes back to the bit, written with few digits")
    func vectors() throws {
        let values: [Float] = [0.1, -0.012345679, 1e-30, .pi, 0, -1]
        let bytes = Inference.embeddings.encode(answer: EmbeddingsResponse(embeddings: [values]))
        #expect(String(decoding: bytes, as: UTF8.self).contains("[0.1,-0.012345679,1e-30,3.1415925,0.0,-1.0]"))
        #expect(try Inference.embeddings.decodeAnswer(bytes).embeddings == [values])
    }
}

import Testing

@testable import LlamaStackAPI

/// Text that is written without a ``JSON`` in between is the text of that ``JSON``.
struct WritingTests {
    private func expectSame<Value: WireValue>(_ value: Value) {
        #expect(String(decoding: value.jsonBytes, as: UTF8.self) == value.json.text)
    }

    @Test("records with and without their optional fields, lists, and free members are written as their JSON is")
    func records() throws {
        expectSame(Nothing())
        expectSame(MemoryBank(uuid: "a\"\\\n", name: "Büro\u{1}"))
        expectSame([String]())
        expectSame(["a", "b"])
        expectSame(Optional<Int>.none)
        expectSame(Optional(2.5))
        let open: JSONObject = ["b": 1, "a": ["x": [1.5, true, .null, "ä"]], "": [:]]
        expectSame(open)
        for count in [0, 1, 2, 3, 4, 3071, 3072, 3073, 10_000] {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 151) }
            expectSame(
                MemoryBankDocument(
                    uuid: "d", content: Base64Data(bytes), metadata: open, mimeType: "application/octet-stream"))
            #expect(Base64.bytes(Base64.text(bytes)) == bytes)
        }
        var status = MemoryBankStatus(
            bankUUID: "b", documents: 3, pending: 0, indexed: 2, notIndexed: 1, chunks: 5)
        expectSame(status)
        status.embeddingPending = 1
        expectSame(status)
    }

    @Test("a whole answer and its lines are those of its JSON", arguments: [0, 1, 3])
    func answers(count: Int) throws {
        let banks = (0..<count).map { MemoryBank(uuid: "\($0)", name: "n") }
        let lines = MemoryBanks.list.encode(answer: banks)
        #expect(String(decoding: lines, as: UTF8.self) == banks.map { $0.json.text + "\n" }.joined())
        #expect(MemoryBanks.insert.encode(answer: Nothing()).isEmpty)
        #expect(MemoryBanks.drop.encode(answer: "b\"") == Array(#""b\"""#.utf8))
    }

    /// A measured value's size; nil: not known.
    private func measured(_ value: some WireValue) -> Int? {
        var bytesLeft = 1 << 40
        value.measure(&bytesLeft)
        return bytesLeft < 0 ? nil : (1 << 40) - bytesLeft
    }

    @Test("an answer's text is no longer than was measured, and hardly shorter", arguments: [0, 1, 100, 10_000])
    func measure(count: Int) throws {
        let text = String(repeating: "ü", count: count)
        let completion = CompletionResponse(
            content: .items([.text(text), .text("b")]), logprobs: ["tokens": ["a"], "token_logprobs": [-1]])
        let document = MemoryBankDocument(
            uuid: "d", content: Base64Data(Array(text.utf8)), metadata: ["a": 1.5, "b": .null], mimeType: "text/plain")
        let room = 80
        #expect((0...room).contains(try #require(measured(completion)) - completion.jsonBytes.count))
        #expect((0...room).contains(try #require(measured([document])) - [document].jsonBytes.count))
        #expect(completion.isShort(bytesMax: 1000) == (count <= 100))
    }

    /// One that is not costs each call two changes of thread.
    @Test("requests and answers of a few words are known to be short")
    func short() {
        let dialog = Dialog(message: Message(role: .user, content: "a"))
        #expect(ChatCompletionRequest(model: "m", dialog: dialog).isShort(bytesMax: 1000))
        #expect(CompletionRequest(content: "a", model: "m").isShort(bytesMax: 1000))
        let usage = TokenUsage(promptTokens: 1, completionTokens: 1)
        #expect(ChatCompletionResponse(content: "a", stopReason: .finishedOK, usage: usage).isShort(bytesMax: 1000))
        #expect(CompletionResponse(content: "a", stopReason: .maxTokens, usage: usage).isShort(bytesMax: 1000))
        #expect(["a": 1.5].isShort(bytesMax: 100) && Set(["a"]).isShort(bytesMax: 100))
    }

    private struct Unmeasured: WireValue {
        static var schema: Schema { .any }
        var json: JSON { .null }
        init() {}
        init(json: JSON, at path: FieldPath) throws {}
    }

    @Test("a long list is found out from its first items, and what can't be measured counts as long")
    func unmeasured() {
        #expect(![Double](repeating: 0, count: 1_000_000).isShort(bytesMax: 64 << 10))
        #expect(measured(Unmeasured()) == nil)
        #expect(Nothing().isShort(bytesMax: 2))
    }
}

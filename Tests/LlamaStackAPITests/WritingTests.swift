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
}

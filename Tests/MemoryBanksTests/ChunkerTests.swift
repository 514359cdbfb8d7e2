import Testing

@testable import MemoryBanks

struct ChunkerTests {
    @Test("chunks are full, overlap by the tokens asked for, and cover the text")
    func overlap() {
        let words = (100..<400).map(String.init)
        let text = words.joined(separator: " ")
        let chunks = Chunker(tokens: 100, overlap: 25).chunks(text)
        #expect(chunks.map(\.tokens) == [100, 100, 100, 75])
        #expect(chunks.map { $0.text.split(separator: " ").first } == ["100", "175", "250", "325"])
        for chunk in chunks { #expect(Array(text.utf8)[chunk.bytes].elementsEqual(chunk.text.utf8)) }
        #expect(chunks.last?.bytes.upperBound == text.utf8.count)
    }

    @Test(
        "a word is a token for each begun six bytes, a sign and an ideograph are one each",
        arguments: [
            ("", 0), (" \n\t ", 0), ("a", 1), ("sixsix", 1), ("sevenss", 2), ("it's", 3), ("日本語", 3), ("höhe", 1),
            ("one\u{A0}two\u{3000}three", 3), ("🦙🦙", 2), ("a_b", 1), (String(repeating: "x", count: 120), 20),
        ])
    func tokens(_ text: String, _ count: Int) {
        #expect(Chunker(tokens: 1000, overlap: 0).chunks(text).map(\.tokens) == (count == 0 ? [] : [count]))
    }

    @Test("a word without end is cut, and every chunk moves on", arguments: [0, 8])
    func endless(_ overlap: Int) {
        let text = String(repeating: "ä", count: 5000)
        let chunks = Chunker(tokens: 16, overlap: overlap).chunks(text)
        #expect(chunks.allSatisfy { $0.tokens <= 16 && !$0.text.contains("\u{FFFD}") })
        #expect(zip(chunks, chunks.dropFirst()).allSatisfy { $0.bytes.lowerBound < $1.bytes.lowerBound })
        #expect(chunks.last?.bytes.upperBound == 10_000)
    }
}

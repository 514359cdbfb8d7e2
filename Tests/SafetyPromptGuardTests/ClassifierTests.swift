import Testing

@testable import SafetyPromptGuard

struct ClassifierTests {
    @Test func `a short text is one window, and a text of spaces none`() {
        #expect(Classifier.windows(of: " one\n\n two ") == ["one two"])
        #expect(Classifier.windows(of: " \n ") == [])
        #expect(Classifier.windows(of: "") == [])
    }

    @Test func `a long text is cut into windows that overlap by half, and the last ends with the text`() {
        let text = (0..<1_000).map { String($0 % 10) }.joined()
        #expect(Classifier.windows(of: text).map(\.count) == [900, 900])
        #expect(Classifier.windows(of: text).last == String(text.suffix(900)))
        let longer = String(repeating: "0123456789", count: 200)
        #expect(Classifier.windows(of: longer).count == 4)
        #expect(Classifier.windows(of: longer + "end").last?.hasSuffix("789end") == true)
        #expect(Classifier.windows(of: String(longer.prefix(900))).count == 1)
        #expect(Classifier.windows(of: String(repeating: "é", count: 901)).map(\.count) == [900, 900])
    }

    @Test func `numbers that are no embedding by the model in training are refused`() {
        let known =
            Classifier.fingerprint + Array(repeating: 0, count: Classifier.weights.count - Classifier.fingerprint.count)
        #expect(Classifier.objection(toFingerprint: known) == nil)
        var other = known
        other[3] += 0.05
        #expect(
            Classifier.objection(toFingerprint: other)?.contains("a known text differs by 0.05") == true)
        #expect(
            Classifier.objection(toFingerprint: [0.5, 0.5])
                == "its embeddings have 2 numbers, and all-MiniLM-L6-v2's have 384")
        other[3] = .nan
        #expect(Classifier.objection(toFingerprint: other) != nil)
    }

    @Test func `the weights are of the embedding model's size, and the threshold lets most texts pass`() {
        #expect(Classifier.weights.count == 384 && Classifier.weights.allSatisfy(\.isFinite))
        #expect((0.1...0.9).contains(Classifier.threshold))
        #expect(Classifier.score(Array(repeating: 0, count: 384)) < Classifier.threshold)
    }
}

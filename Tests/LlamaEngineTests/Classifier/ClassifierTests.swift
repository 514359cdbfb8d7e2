import Checkpoints
import Foundation
import Testing

@testable import LlamaEngine

/// The tiny reward model of Tests/Fixtures/reward against transformers in f64
/// (Scripts/reference/make_tiny_classifier.py).
struct ClassifierTests {
    private struct Item: Decodable {
        let tokens: [Int32]
        let score: Double
    }

    private static let folder = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/reward")

    private func items() throws -> [Item] {
        try JSONDecoder().decode([Item].self, from: Data(contentsOf: Self.folder.appending(path: "scores.json")))
    }

    private func classifier(_ precision: Precision, threads: Int = 2) throws -> SequenceClassifier {
        let checkpoint = try ModelCheckpoint.open(path: Self.folder.appending(path: "tiny").path)
        return try SequenceClassifier(
            model: ClassifierModel(checkpoint, precision: precision), precision: precision, threads: threads)
    }

    @Test("scores are those of transformers")
    func reference() throws {
        let items = try items()
        let exact = try classifier(.exact)
        let quantized = try classifier(.quantized)
        var largest = (exact: 0.0, quantized: 0.0)
        for item in items {
            largest.exact = max(largest.exact, abs(Double(try exact.scores(of: [item.tokens])[0]) - item.score))
            largest.quantized = max(
                largest.quantized, abs(Double(try quantized.scores(of: [item.tokens])[0]) - item.score))
        }
        print("classifier: largest difference \(largest)")
        #expect(items.count == 7 && largest.exact < 1e-4 && largest.quantized < 0.2)
    }

    @Test(
        "a score is the same to the bit alone and among 64 that begin alike, on 1, 2 and 3 threads",
        arguments: Precision.allCases)
    func among(_ precision: Precision) throws {
        let long = try #require(try items().max { $0.tokens.count < $1.tokens.count }).tokens
        for shared in [0, 1, 100, 127, 128, 129, 300] {
            var sequences: [[Int32]] = []
            for index in 0..<64 {
                sequences.append(Array(long[..<shared]) + [Int32(index)] + long[shared...].prefix(index * 7 % 60))
            }
            let together = try classifier(precision, threads: shared % 3 + 1).scores(of: sequences)
            for index in [0, 1, 8, 33, 63] {
                let alone = try classifier(precision, threads: 1).scores(of: [sequences[index]])
                #expect(alone == [together[index]], "\(shared) shared tokens, \(index)")
            }
        }
    }

    @Test("sequences that are equal, one of them the beginning of another, and of one token have scores")
    func shapes() throws {
        let classifier = try classifier(.exact)
        let text: [Int32] = (0..<600).map { $0 % 250 }
        let sequences = [text, text, Array(text[..<300]), [5], Array(text[..<1])]
        let alone = try sequences.map { try classifier.scores(of: [$0])[0] }
        #expect(try classifier.scores(of: sequences) == alone)
        #expect(try classifier.scores(of: [text, text]) == Array(alone[..<2]))
        #expect(try classifier.scores(of: []) == [])
    }

    @Test("what can't be scored is refused, and a call that is cancelled ends")
    func refusals() throws {
        let classifier = try classifier(.exact)
        for tokens in [[], [259], [-1], [Int32](repeating: 1, count: 1025)] as [[Int32]] {
            #expect(throws: GenerationError.self) { try classifier.scores(of: [[1], tokens]) }
        }
        #expect(throws: CancellationError.self) { try classifier.scores(of: [[1, 2]]) { true } }
        #expect(try classifier.scores(of: [[Int32](repeating: 1, count: 1024)]).count == 1)
    }

    @Test("a folder without a head of one label is refused by the tensor's name")
    func noHead() throws {
        let folder = TinyModel.folder.deletingLastPathComponent().appending(path: "folders/llama").path
        let checkpoint = try ModelCheckpoint.open(path: folder)
        let error = #expect(throws: CheckpointError.self) { try ClassifierModel(checkpoint) }
        #expect("\(error as Any)".contains("score.weight"))
    }

    @Test("a model with such a head is no model that writes")
    func noLogits() throws {
        let path = Self.folder.appending(path: "tiny").path
        let error = #expect(throws: CheckpointError.self) { try Model(path: path) }
        #expect("\(error as Any)".contains("lm_head.weight"))
    }
}

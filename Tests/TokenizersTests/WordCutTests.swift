import Foundation
import LlamaStackAPI
import ModelFixtures
import Testing

@testable import Checkpoints
@testable import Tokenizers

/// Against the `tokenizers` library with the published patterns (Scripts/reference/tokenizer_cuts.py).
@Suite("Words are cut where the published patterns cut them")
struct WordCutTests {
    private struct Published: Decodable, CustomTestStringConvertible {
        var names: [String]
        /// Bytes of each word, for each of `Fixture.texts`.
        var cuts: [[Int]]

        var testDescription: String { names[0] }
    }

    private static func published() throws -> [Published] { try Fixture.read("cuts.json") }

    private func cuts(_ text: String, _ preTokenizer: PreTokenizer) -> [Int] {
        var text = text
        return text.withUTF8 { bytes in
            var cuts: [Int] = []
            preTokenizer.forEachWord(in: bytes) { cuts.append($0.count) }
            return cuts
        }
    }

    @Test("under each name that GGUF files use")
    func names() throws {
        for published in try Self.published() {
            for name in published.names {
                let known = try PreTokenizerName.find(name)
                for (text, wanted) in zip(try Fixture.texts(), published.cuts) {
                    #expect(cuts(text, known.preTokenizer) == wanted, "\(name): \(text.debugDescription)")
                }
            }
        }
    }

    @Test("and the steps of the published tokenizer.json are read as the same")
    func steps() throws {
        let file = try JSON(parsing: Array(Data(contentsOf: Fixture.folder.appending(path: "cuts.json"))))
        guard case .array(let entries) = file else {
            Issue.record("cuts.json is no array")
            return
        }
        for (entry, published) in zip(entries, try Self.published()) {
            let steps = try #require(entry["steps"])
            let known = try PreTokenizerName.find(published.names[0]).preTokenizer
            #expect(try PreTokenizer(TokenizerSteps.splits(of: steps)).splits == known.splits, "\(published.names)")
        }
    }

    /// The folder that `make fuzz-tokenizers` fills: ten thousand texts that a seed made, for each pattern.
    private static let cases = ProcessInfo.processInfo.environment["LLAMA_STACK_TOKENIZER_CASES"]

    private struct Cases: Decodable {
        struct Ids: Decodable {
            var name: String
            var ids: [[Int32]]
        }

        var seed: Int
        var texts: [String]
        var tokenizers: [Ids]
    }

    @Test(
        "ids of texts made at random are the library's", .enabled(if: cases != nil, "`make fuzz-tokenizers` makes them")
    )
    func differential() throws {
        let folder = URL(filePath: try #require(Self.cases))
        let cases = try JSONDecoder().decode(Cases.self, from: Data(contentsOf: folder.appending(path: "cases.json")))
        var different = 0
        for reference in cases.tokenizers {
            let tokenizer = try makeTokenizer(
                tokenizerJSON: .open(path: folder.appending(path: "\(reference.name).tokenizer.json").path),
                marks: HuggingFaceFolder.Marks(settings: [:], tokenizer: [:], generation: [:]))
            var shown = 0
            for (text, ids) in zip(cases.texts, reference.ids) where tokenizer.encode(text, special: false) != ids {
                different += 1
                shown += 1
                if shown <= 5 { Issue.record("\(reference.name): \(text.debugDescription)") }
            }
        }
        print(
            "\(cases.texts.count) texts, \(cases.tokenizers.count) pre-tokenisers, \(different) differences to tokenizers, seed \(cases.seed)"
        )
        #expect(different == 0)
    }
}

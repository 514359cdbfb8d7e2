import Checkpoints
import Foundation
import LlamaTraining
import ModelFixtures
import Tokenizers

/// The rows of `Benchmarks/Training` as their model reads them; every token carries loss.
struct RoutingRows {
    let trained: [TrainingRow]
    /// Half of them in the wordings of those that are trained on, half in others.
    let heldOut: [TrainingRow]

    private struct Row: Decodable {
        struct Message: Decodable { let role, content: String }
        let dialog: [Message]

        /// By the template of ChatML.
        var text: String {
            dialog.map { "<|im_start|>\($0.role)\n\($0.content)<|im_end|>" }.joined(separator: "\n")
        }
    }

    init(model path: String) throws {
        let tokenizer = try makeTokenizer(from: GGUFFile.open(path: path))
        func rows(_ name: String) throws -> [TrainingRow] {
            let file = Fixture.repository.appending(path: "Benchmarks/Training/\(name).jsonl")
            return try Data(contentsOf: file).split(separator: UInt8(ascii: "\n")).map { line in
                let tokens = tokenizer.encode(try JSONDecoder().decode(Row.self, from: line).text, special: true)
                return TrainingRow(tokens: tokens, hasLoss: .init(repeating: true, count: tokens.count))
            }
        }
        trained = try rows("routing")
        heldOut = try rows("routing-known") + rows("routing-unseen")
    }
}

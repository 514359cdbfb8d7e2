import Checkpoints
import CommandSupport
import Foundation
import Tokenizers

/// Counts the tokens of texts as a model reads them.
struct TokenCounter: Sendable {
    private let tokenizer: any Tokenizer

    /// - Parameter path: a GGUF file, or a model's folder. Its weights are not read.
    init(modelAt path: String) throws {
        guard FileManager.default.isReadableFile(atPath: path) else {
            throw Fail.with("error: no model at \(path)\n  hint: `make model` fetches a small one", exitCode: 66)
        }
        do { tokenizer = try ModelCheckpoint.open(path: path).makeTokenizer() } catch {
            throw Fail.with("error: \(path): \(error)", exitCode: 65)
        }
    }

    func count(_ text: String) -> Int { tokenizer.encode(text, special: false).count }
}

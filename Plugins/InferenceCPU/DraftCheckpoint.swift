import Checkpoints
import LlamaEngine
import ProviderKit
import Tokenizers

/// A smaller model that guesses the tokens of another: opened, and compared with it.
struct DraftCheckpoint: Sendable {
    private let path: String
    private let checkpoint: ModelCheckpoint
    private let tokenizer: any Tokenizer

    /// Throws a `ProviderError` that names the file, as all here do.
    init(path: String) throws {
        self.path = path
        do {
            checkpoint = try ModelCheckpoint.open(path: path)
            tokenizer = try checkpoint.makeTokenizer()
        } catch {
            throw ProviderError(loading: path, error, field: "draft_model")
        }
    }

    /// Reads its weights.
    func load(for target: ModelCheckpoint, _ precision: Precision) throws -> Generation.Draft {
        do {
            let cost = Double(checkpoint.weightBytes) / Double(max(1, target.weightBytes))
            return Generation.Draft(model: try Model(checkpoint, precision: precision), cost: cost)
        } catch {
            throw ProviderError(loading: path, error, field: "draft_model")
        }
    }

    /// A guess is a token's number: it must be the same token in both vocabularies.
    func requireVocabulary(of language: ModelLanguage) throws(ProviderError) {
        let (count, wanted) = (tokenizer.vocabularySize, language.tokenizer.vocabularySize)
        guard count == wanted else {
            throw refusal("has a vocabulary of \(count) tokens, and the model's has \(wanted)")
        }
        for token in 0..<Int32(count) {
            let own = tokenizer.bytes(of: token, showingControl: true)
            let other = language.tokenizer.bytes(of: token, showingControl: true)
            guard own == other else {
                throw refusal("has \(quoted(own)) for token \(token), and the model \(quoted(other))")
            }
        }
    }

    private func quoted(_ bytes: [UInt8]) -> String { "'\(String(decoding: bytes, as: UTF8.self))'" }

    private func refusal(_ what: String) -> ProviderError {
        ProviderError(
            .invalidConfig, "\(path) \(what); a model that guesses for another must have the same vocabulary",
            field: "draft_model")
    }
}

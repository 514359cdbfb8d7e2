import LlamaEngine
import ProviderKit
import Tokenizers

/// The log probabilities of an answer's tokens as the API gives them: `tokens`, each token's text, and
/// `token_logprobs`, the natural logarithm of its probability under the model (before temperature and the cuts), in the
/// same order.
struct LogProbabilities {
    private let tokenizer: any Tokenizer
    private var tokens: [JSON] = []
    private var values: [JSON] = []

    init(_ tokenizer: any Tokenizer) { self.tokenizer = tokenizer }

    mutating func add(_ generated: [Generation.Token]) {
        for token in generated {
            guard let logprob = token.logprob else { continue }
            // A token can be a part of a character; such bytes show as U+FFFD here and whole in the text.
            tokens.append(.string(String(decoding: tokenizer.bytes(of: token.id, showingControl: true), as: UTF8.self)))
            // The shortest decimal that is this Float, not the Double's seventeen digits.
            values.append(.number(Double(logprob.description) ?? Double(logprob)))
        }
    }

    /// What has come since the last take; nil for nothing.
    mutating func take() -> JSONObject? {
        guard !tokens.isEmpty else { return nil }
        defer { (tokens, values) = ([], []) }
        return ["tokens": .array(tokens), "token_logprobs": .array(values)]
    }

    /// The same for a whole answer, whose lists may be empty.
    mutating func takeAll() -> JSONObject { take() ?? ["tokens": [], "token_logprobs": []] }
}

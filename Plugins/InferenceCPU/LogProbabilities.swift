import LlamaEngine
import ProviderKit
import Tokenizers

/// The log probabilities of an answer's tokens as the API gives them: `tokens`, each token's text, and
/// `token_logprobs`, the natural logarithm of its probability under the model (before temperature and the cuts), in the
/// same order. A token can be a part of a character, whose bytes show as U+FFFD in its text: where one is,
/// `token_bytes` has the bytes of each token beside them.
struct LogProbabilities {
    private let tokenizer: any Tokenizer
    private var tokens: [JSON] = []
    private var values: [JSON] = []
    private var bytes: [JSON] = []
    private var hasPart = false

    init(_ tokenizer: any Tokenizer) { self.tokenizer = tokenizer }

    mutating func add(_ generated: [Generation.Token]) {
        for token in generated {
            guard let logprob = token.logprob else { continue }
            let own = tokenizer.bytes(of: token.id, showingControl: true)
            let text = String(decoding: own, as: UTF8.self)
            tokens.append(.string(text))
            bytes.append(.array(own.map { .integer(Int64($0)) }))
            if !text.utf8.elementsEqual(own) { hasPart = true }
            // The shortest decimal that is this Float, not the Double's seventeen digits.
            values.append(.number(Double(logprob.description) ?? Double(logprob)))
        }
    }

    /// The log probabilities since the last call; nil when there are none.
    mutating func take() -> JSONObject? {
        guard !tokens.isEmpty else { return nil }
        defer { (tokens, values, bytes, hasPart) = ([], [], [], false) }
        var lists: JSONObject = ["tokens": .array(tokens), "token_logprobs": .array(values)]
        if hasPart { lists["token_bytes"] = .array(bytes) }
        return lists
    }

    /// The same for a whole answer, whose lists may be empty.
    mutating func takeAll() -> JSONObject { take() ?? ["tokens": [], "token_logprobs": []] }
}

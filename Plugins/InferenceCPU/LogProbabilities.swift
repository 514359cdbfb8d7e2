import LlamaEngine
import ProviderKit
import Tokenizers

/// The log probabilities of an answer's tokens, under the model (before temperature and the cuts).
///
/// The draft gives them as `tokens`, each token's text, and `token_logprobs`, the natural logarithm of its probability,
/// in the same order. A token can be a part of a character, whose bytes show as U+FFFD in its text: where one is,
/// `token_bytes` has the bytes of each token beside them. With the option `top_logprobs` above 0, `top_logprobs` has
/// the likeliest tokens in the place of each.
struct LogProbabilities {
    private let tokenizer: any Tokenizer
    private var generated: [Generation.Token] = []

    init(_ tokenizer: any Tokenizer) { self.tokenizer = tokenizer }

    mutating func add(_ tokens: [Generation.Token]) { generated += tokens.filter { $0.logprob != nil } }

    /// Those since the last call.
    mutating func taken() -> LogProbabilities {
        defer { generated = [] }
        return self
    }

    var isEmpty: Bool { generated.isEmpty }

    /// As a record each.
    var tokens: [TokenLogprob] {
        generated.map { token in
            record(token.id, token.logprob ?? 0, top: token.top.map { record($0.id, $0.logprob) })
        }
    }

    /// As the draft has them; its lists may be empty.
    var lists: JSONObject {
        let entries = tokens
        var lists: JSONObject = [
            "tokens": .array(entries.map { .string($0.token) }),
            // The shortest decimal that is this Float, not the Double's seventeen digits.
            "token_logprobs": .array(entries.map(\.logprob.json)),
        ]
        if entries.contains(where: { !$0.token.utf8.elementsEqual($0.bytes.map(UInt8.init)) }) {
            lists["token_bytes"] = .array(entries.map(\.bytes.json))
        }
        if entries.contains(where: { !$0.top.isEmpty }) {
            lists["top_logprobs"] = .array(entries.map(\.top.json))
        }
        return lists
    }

    private func record(_ id: Int32, _ logprob: Float, top: [TokenLogprob] = []) -> TokenLogprob {
        let bytes = tokenizer.bytes(of: id, showingControl: true)
        return TokenLogprob(
            token: String(decoding: bytes, as: UTF8.self), bytes: bytes.map(Int.init), logprob: logprob, top: top)
    }
}

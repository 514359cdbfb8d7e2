import Parallel

/// Why a request was refused, or failed on its way. `code` is stable, for programs; `description` is for people.
package enum GenerationError: Error, Equatable, Sendable, CustomStringConvertible {
    case emptyPrompt
    /// A prompt's token id that the model does not have.
    case tokenOutOfRange(id: Int32, index: Int, vocabulary: Int)
    /// Prompt and answer together do not fit. `requested` is the request's `tokensMax`.
    case contextLengthExceeded(limit: Int, promptTokens: Int, requested: Int)
    /// Fits the context but could never fit the memory set aside for keys and values.
    case cacheTooSmall(limit: Int, promptTokens: Int, requested: Int)
    case invalidParameter(name: String, reason: String)
    case queueFull(waiting: Int, limit: Int)
    case deadlineExceeded
    /// The model's answer was not a number; the checkpoint is damaged or its type overflows.
    case invalidLogits(position: Int)
    /// No token of the vocabulary spells what the request's grammar wants next.
    case noTokenFits(position: Int)
    case outOfMemory(bytes: Int)
    case engineStopped

    /// Memory that a pass, or a sequence, could not have.
    package init(_ error: OutOfMemoryError) {
        self = .outOfMemory(bytes: error.bytes)
    }

    package var code: String {
        switch self {
        case .emptyPrompt, .tokenOutOfRange, .invalidParameter: "invalid_parameter"
        case .contextLengthExceeded, .cacheTooSmall: "context_length_exceeded"
        case .queueFull: "queue_full"
        case .deadlineExceeded: "deadline_exceeded"
        case .invalidLogits: "invalid_logits"
        case .noTokenFits: "no_token_fits"
        case .outOfMemory: "out_of_memory"
        case .engineStopped: "engine_stopped"
        }
    }

    /// The parameter of the request that was wrong, where one was.
    package var parameter: String? {
        switch self {
        case .emptyPrompt, .tokenOutOfRange: "prompt"
        case .invalidParameter(let name, _): name
        case .contextLengthExceeded, .cacheTooSmall: "max_tokens"
        default: nil
        }
    }

    /// Without a trap: a request may ask for as many tokens as it likes.
    private static func sum(_ a: Int, _ b: Int) -> Int {
        let (sum, isOver) = a.addingReportingOverflow(b)
        return isOver ? .max : sum
    }

    package var description: String {
        switch self {
        case .emptyPrompt:
            "the prompt has no tokens; it needs at least one"
        case .tokenOutOfRange(let id, let index, let vocabulary):
            "prompt token \(index) is \(id), but this model's tokens are 0 to \(vocabulary - 1)"
        case .contextLengthExceeded(let limit, let promptTokens, let requested):
            // In words that clients of other servers look for.
            "this model's maximum context length is \(limit) tokens, however you requested "
                + "\(Self.sum(promptTokens, max(1, requested))) tokens: the prompt has \(promptTokens) and max_tokens is "
                + "\(requested); shorten one, or raise context_tokens_max where the model has more"
        case .cacheTooSmall(let limit, let promptTokens, let requested):
            "the prompt has \(promptTokens) tokens and max_tokens is \(requested); "
                + "the cache that this engine was given holds \(limit)"
        case .invalidParameter(let name, let reason):
            "\(name) \(reason)"
        case .queueFull(let waiting, let limit):
            "\(waiting) requests already wait, and waiting_max is \(limit); retry later"
        case .deadlineExceeded:
            "the deadline passed before the answer was complete"
        case .invalidLogits(let position):
            "the model's output at position \(position) is not a number; the checkpoint may be damaged"
        case .noTokenFits(let position):
            "no token of this model spells what the grammar wants at position \(position); "
                + "check that the vocabulary has a token for every byte"
        case .outOfMemory(let bytes):
            "no memory for \(bytes) more bytes of keys and values"
        case .engineStopped:
            "the engine has been stopped"
        }
    }
}

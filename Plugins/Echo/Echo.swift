import ProviderKit

/// Answers with what was said last, word by word: the smallest provider that does everything a real one must.
struct Echo: InferenceProvider {
    // How a distribution names it, and what `llama-stack list providers` prints.
    static let providerType = "inline::echo"
    static let version = "1.0.0"
    static let summary = "Answers with what was said last, word by word. For tests and as a tutorial."
    // Methods of its API that it does not have: the host answers 501 for them.
    static let unsupported: Set<String> = ["describe_model", "embeddings", "score"]
    // Beyond the draft's requests: a call with another option is refused before it comes here.
    static let options: [String: Set<String>] = ["chat_completion": ["extended"], "completion": ["extended"]]
    // The kinds of resource that a distribution may list for it: any other is refused at its line.
    static let resources: [ResourceKind]? = [.model]

    let configuration: EchoConfiguration
    let log: Log

    // Called once for each entry of a distribution. The configuration is decoded and checked by now; a provider that
    // finds more wrong with it throws a ConfigurationError, and the host shows it at its line.
    init(configuration: EchoConfiguration, context: ProviderContext) async throws {
        self.configuration = configuration
        log = context.log
        log.info("echo is ready")
    }

    // Each model that the distribution gives to this provider. A real one opens `resource.path` here; of an id that it
    // has already it serves the old one until the new one is ready.
    func register(_ resource: Resource) async throws {
        guard resource.kind == ResourceKind.model.name else { throw Self.refusal(of: resource) }
    }

    func unregister(_ resource: Resource) async throws {}

    // A streamed answer. Whole answers and batches are made from it by ProviderKit.
    func chatCompletion(
        _ request: ChatCompletionRequest, _ call: Call,
        streamingTo stream: EventStream<ChatCompletionResponseStreamChunk>
    ) async throws {
        let answer = try words(request.dialog.message.content, "dialog.message.content", request.maxTokens)
        for word in answer.words {
            try await pause()
            // Waits when the client reads slowly; throws CancellationError when it has left. Let it pass.
            try await stream.send(ChatCompletionResponseStreamChunk(textDelta: word))
        }
        try await stream.send(
            ChatCompletionResponseStreamChunk(
                textDelta: "", stopReason: answer.stopReason, details: try details(answer, call)))
    }

    // A token is a word here.
    func countTokens(_ request: CountTokensRequest, _ call: Call) async throws -> CountTokensResponse {
        CountTokensResponse(tokens: try words(request.dialog.message.content, "dialog.message.content", 0).words.count)
    }

    func completion(
        _ request: CompletionRequest, _ call: Call, streamingTo stream: EventStream<CompletionResponseStreamChunk>
    ) async throws {
        let answer = try words(request.content, "content", request.maxTokens)
        for word in answer.words {
            try await pause()
            try await stream.send(CompletionResponseStreamChunk(textDelta: word))
        }
        try await stream.send(
            CompletionResponseStreamChunk(
                textDelta: "", stopReason: answer.stopReason, details: try details(answer, call)))
    }

    // A token is a word here. Only a caller that asks for more than the draft has is told.
    private func details(_ answer: Answer, _ call: Call) throws -> GenerationDetails {
        guard try call.option("extended") == true else { return GenerationDetails() }
        return GenerationDetails(
            usage: TokenUsage(promptTokens: answer.wordsAsked, completionTokens: answer.words.count))
    }

    private struct Answer {
        var words: [String]
        /// Before they are cut.
        var wordsAsked: Int
        var stopReason: StopReason
    }

    // Only text can be echoed. The error names the field, and reaches the client as a 400.
    private func words(_ content: Content, _ field: String, _ wordsMax: Int) throws -> Answer {
        let text = try content.all.map { item in
            guard case .text(let text) = item else {
                throw ProviderError(
                    .unsupportedContent, "\(field) must be text: echo reads no attachments", field: field)
            }
            return text
        }
        let said = text.count == 1 ? text[0] : text.joined(separator: " ")
        let words = (configuration.prefix + said).piecesEndingInSpace
        let isCut = wordsMax > 0 && words.count > wordsMax
        return Answer(
            words: isCut ? Array(words.prefix(wordsMax)) : words, wordsAsked: words.count,
            stopReason: isCut ? .maxTokens : .finishedOK)
    }

    // Task.sleep throws when the call is cancelled, which is all that Echo has to do about it.
    private func pause() async throws {
        guard configuration.delayMilliseconds > 0 else { return }
        try await Task.sleep(for: .milliseconds(configuration.delayMilliseconds))
    }
}

extension String {
    /// The words, each with the white space after it: joined, they are the text again.
    var piecesEndingInSpace: [String] {
        // In ASCII a byte is a character. Finding the characters of other text takes longer than all else here.
        utf8.allSatisfy { $0 < 128 }
            ? pieces(of: utf8) { $0 == UInt8(ascii: " ") || (9...13).contains($0) } : pieces(of: self, \.isWhitespace)
    }

    private func pieces<Part: BidirectionalCollection>(
        of parts: Part, _ isSpace: (Part.Element) -> Bool
    ) -> [String] where Part.Index == Index {
        var pieces: [String] = []
        var start = startIndex
        var wasSpace = false
        for index in parts.indices {
            let isSpace = isSpace(parts[index])
            if wasSpace, !isSpace {
                pieces.append(String(self[start..<index]))
                start = index
            }
            wasSpace = isSpace
        }
        return start == endIndex ? pieces : pieces + [String(self[start...])]
    }
}

import ProviderKit

/// Shields that compare what is said to an agent with jailbreaks from the wild, by a linear classifier over embeddings.
package struct PromptGuard: ShieldsProvider {
    package static let providerType = "inline::prompt-guard"
    package static let version = "1.0.0"
    package static let summary =
        "Objects to messages that read like known jailbreaks: a linear classifier over embeddings."
    package static let needs: [API] = [.inference]

    package let shields = Registered<PromptShield>()

    package init(configuration: NoConfiguration, context: ProviderContext) {}
}

/// One shield of a distribution.
package struct PromptShield: Shield {
    private let configuration: PromptGuardConfiguration

    package init(configuration: PromptGuardConfiguration) { self.configuration = configuration }

    package var description: String {
        "A linear classifier over embeddings by \(configuration.model): objects to messages that read "
            + "like known jailbreaks. It knows no intent, and is no proof against one that is new."
    }

    package func judge(
        _ messages: [Message], _ request: PromptGuardSettings, _ call: Call
    ) async throws -> RunShieldResponse {
        let threshold = configuration.settings.joined(request).threshold ?? Classifier.threshold
        let pieces = try await OffPool.run(bytes: .max) { Self.pieces(of: messages) }
        guard !pieces.isEmpty else { return RunShieldResponse() }
        guard pieces.count <= configuration.windowsMax else {
            throw ProviderError(
                .invalidRequest,
                "the messages have \(pieces.count) windows of \(Classifier.windowCharacters) characters, and the "
                    + "shield '\(call.resource)' judges \(configuration.windowsMax) (windows_max)", field: "messages")
        }
        let worst = try await worst(of: pieces, call)
        guard worst.score > threshold else { return RunShieldResponse() }
        return RunShieldResponse(
            violation: SafetyViolation(
                violationType: "jailbreak",
                details: "message \(worst.message + 1) reads like a known jailbreak: "
                    + "\(Self.shown(worst.score)), above the threshold \(Self.shown(threshold))",
                suggestedUserResponse: "I can't take this message. Please word it in another way."))
    }

    private static func shown(_ score: Double) -> Double { (score * 1000).rounded() / 1000 }

    // MARK: judging

    /// A window of a message.
    struct Piece: Sendable {
        var message: Int
        var text: String
    }

    /// The windows of all that was said to the agent since it spoke last. Its own words, and those of the distribution,
    /// are not judged.
    private static func pieces(of messages: [Message]) -> [Piece] {
        let first = messages.lastIndex { $0.role == .assistant }.map { $0 + 1 } ?? 0
        return messages.indices.dropFirst(first).filter { messages[$0].role != .system }.flatMap { index in
            let message = messages[index]
            let texts = message.content.texts + message.toolResponses.flatMap(\.content.texts)
            return Classifier.windows(of: texts.joined(separator: "\n")).map { Piece(message: index, text: $0) }
        }
    }

    /// The windows of one request for embeddings.
    private static let batch = 64

    private func worst(
        of pieces: [Piece], _ call: Call
    ) async throws -> (message: Int, score: Double) {
        var worst = (message: 0, score: 0.0)
        for start in stride(from: 0, to: pieces.count, by: Self.batch) {
            let part = pieces[start..<min(pieces.count, start + Self.batch)]
            // A model under this name may have been replaced since the last request.
            let contents = [Content.text(Classifier.fingerprintText)] + part.map { Content.text($0.text) }
            let answer = try await call.inference().embeddings(
                EmbeddingsRequest(model: configuration.model, contents: contents, textTruncation: .end))
            guard answer.embeddings.count == contents.count else {
                throw ProviderError(
                    .upstreamError,
                    "the model \(configuration.model) answered \(answer.embeddings.count) embeddings for "
                        + "\(contents.count) texts"
                )
            }
            if let objection = Classifier.objection(toFingerprint: answer.embeddings[0]) {
                throw ProviderError(
                    .upstreamError,
                    "the model \(configuration.model) of the shield '\(call.resource)' is not the one that the classifier "
                        + "was trained on: \(objection). Give the shield \(Classifier.embeddingModel) as its model")
            }
            for (piece, embedding) in zip(part, answer.embeddings.dropFirst()) {
                let score = embedding.count == Classifier.weights.count ? Classifier.score(embedding) : .nan
                guard score.isFinite else {
                    throw ProviderError(
                        .upstreamError, "the model \(configuration.model) answered an embedding that is none")
                }
                if score > worst.score { worst = (piece.message, score) }
            }
        }
        return worst
    }
}

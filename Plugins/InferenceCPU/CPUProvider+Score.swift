import ChatTemplates
import LlamaEngine
import ProviderKit

extension CPUProvider {
    package func score(_ request: ScoreRequest, _ call: Call) async throws -> ScoreResponse {
        let model = try model(for: call)
        let runs = try await model.queue.run { try Self.runs(request, model, call) }
        let scores = try await inOrder(runs) { try await Self.score($0) }
        return ScoreResponse(scores: scores)
    }

    /// A run for each continuation: the prompt's keys and values are computed by the first, and shared with the others.
    private static func runs(_ request: ScoreRequest, _ model: LoadedModel, _ call: Call) throws -> [GenerationRun] {
        let prompt = try ScorePrompt(request, model)
        return try request.continuations.enumerated().map { index, content in
            let field = "continuations[\(index)]"
            let tokens = prompt.tokens(of: try content.text(at: field))
            guard !tokens.isEmpty else {
                throw ProviderError(
                    .invalidRequest, "\(field) has no tokens, so there is nothing to score", field: field)
            }
            let (limit, count) = (model.engine.contextTokens, prompt.tokens.count + tokens.count)
            guard count <= limit else {
                throw ProviderError(
                    .contextLengthExceeded,
                    "\(prompt.field) has \(prompt.tokens.count) tokens and \(field) \(tokens.count); together they "
                        + "must fit this model's context of \(limit) (context_tokens_max)",
                    field: prompt.tokens.count < limit ? field : prompt.field)
            }
            var generation = Generation.Request(
                prompt: prompt.tokens + tokens, deadline: call.deadline, owner: call.principal)
            generation.scoredTokens = tokens.count
            return GenerationRun(model: model, call: call, request: generation, promptField: prompt.field)
        }
    }

    private static func score(_ run: GenerationRun) async throws -> ContinuationScore {
        var logprobs = LogProbabilities(run.model.language.tokenizer)
        var sum = 0.0
        _ = try await run.generate { tokens in
            logprobs.add(tokens)
            for token in tokens { sum += Double(token.logprob ?? 0) }
        }
        return ContinuationScore(logprob: sum, logprobs: logprobs.lists)
    }
}

/// The beginning that the continuations of a request share.
private struct ScorePrompt {
    let tokens: [Int32]
    /// The request's field that it was made of.
    let field: String
    private let language: ModelLanguage
    /// The text that is continued; nil where a dialog is answered.
    private let content: String?

    init(_ request: ScoreRequest, _ model: LoadedModel) throws {
        language = model.language
        switch try request.beginning() {
        case .dialog(let dialog):
            (field, content) = ("dialog", nil)
            let conversation = try ChatConversation(dialog, at: field, tools: [])
            do { tokens = try language.prompt(answering: conversation).tokens } catch {
                throw ProviderError(error, field: field)
            }
        case .content(let text):
            field = "content"
            let text = try text.text(at: field)
            (content, tokens) = (text, language.prompt(continuing: text))
            guard !tokens.isEmpty else { throw ProviderError(.emptyPrompt, promptField: field) }
        }
    }

    func tokens(of text: String) -> [Int32] {
        if let content { language.continuation(text, of: content, tokens) } else { language.reply(text) }
    }
}

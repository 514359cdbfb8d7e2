import Dispatch
import LlamaEngine
import ProviderKit

extension CPUProvider {
    package func embeddings(_ request: EmbeddingsRequest, _ call: Call) async throws -> EmbeddingsResponse {
        guard let encoder = encoder(call.resource) else {
            guard model(call.resource) != nil else { throw Self.unknown(call.resource) }
            throw ProviderError(
                .invalidRequest, "model '\(call.resource)' writes text; it makes no embeddings", field: "model")
        }
        try pressure.checkAdmission()
        let texts = try request.contents.enumerated().map { try $1.text(at: "contents[\($0)]") }
        let (embeddings, tokens) = try await encoder.embed(texts, request.textTruncation, call)
        let isExtended = try call.option("extended") ?? false
        return EmbeddingsResponse(
            embeddings: embeddings,
            usage: isExtended ? TokenUsage(promptTokens: tokens, completionTokens: 0) : nil)
    }

    /// A model's use and sizes. Answers at once, also while memory is short.
    package func describeModel(_ request: DescribeModelRequest, _ call: Call) async throws -> ModelDescription {
        if let model = model(call.resource) {
            return ModelDescription(purpose: .generation, contextTokensMax: model.engine.contextTokens)
        }
        guard let encoder = encoder(call.resource) else { throw Self.unknown(call.resource) }
        let configuration = encoder.engine.model.configuration
        return ModelDescription(
            purpose: .embedding, contextTokensMax: configuration.tokensMax,
            embeddingDimension: configuration.hidden)
    }

    /// The embedding model that `path` is the folder of; nil when it is none.
    func loadEncoder(
        _ id: String, at path: String, _ options: Generation.Options, _ queue: DispatchQueue, _ log: Log
    ) async throws -> LoadedEncoder? {
        guard try await queue.run({ EncoderFolder.isEncoder(path) }) else { return nil }
        guard products == nil else {
            throw ProviderError(
                .invalidConfig,
                "'\(id)' is an embedding model, which \(Self.providerType) does not serve; list it with inline::cpu",
                field: "path")
        }
        return try await LoadedEncoder.load(id: id, path: path, options: options, queue: queue, log: log)
    }
}

import Dispatch
import LlamaEngine
import ProviderKit

extension CPUProvider {
    func embeddings(_ request: EmbeddingsRequest, _ call: Call) async throws -> EmbeddingsResponse {
        guard let encoder = encoders.withLock({ $0[call.resource] }) else {
            guard model(call.resource) != nil else { throw Self.unknown(call.resource) }
            throw ProviderError(
                .invalidRequest, "model '\(call.resource)' writes text; it makes no embeddings", field: "model")
        }
        let texts = try request.contents.enumerated().map { try $1.text(at: "contents[\($0)]") }
        return EmbeddingsResponse(embeddings: try await encoder.embed(texts, request.textTruncation, call))
    }

    /// Loads the embedding model that `path` is the folder of; false when it is none.
    func registersEncoder(
        _ id: String, at path: String, _ configuration: CPUConfiguration, _ queue: DispatchQueue, _ log: Log
    ) async throws -> Bool {
        guard try await queue.run({ EncoderFolder.isEncoder(path) }) else { return false }
        let encoder = try await LoadedEncoder.load(
            id: id, path: path, options: configuration.engineOptions, queue: queue, log: log)
        encoders.withLock { $0[id] = encoder }
        return true
    }
}

import Dispatch
import LlamaEngine
import ProviderKit
import Synchronization

/// Runs models of the Llama architecture and its relatives, from GGUF files, and embedding models of the BERT family on this
/// machine's CPU.
final class CPUProvider: InferenceProvider {
    static let providerType = "inline::cpu"
    static let version = "1.0.0"
    static let summary =
        "Runs GGUF models of the Llama, Qwen 2 and Qwen 3 architectures, and BERT-class embedding models, on this machine's CPU."
    /// `seed`: an integer; the same seed, prompt and parameters give the same answer.
    static let options: [String: Set<String>] = [
        "completion": ["seed"], "chat_completion": ["seed"],
        "batch_completion": ["seed"], "batch_chat_completion": ["seed"],
    ]

    private let configuration: CPUConfiguration
    private let context: ProviderContext
    private let models = Mutex<[String: LoadedModel]>([:])
    let encoders = Mutex<[String: LoadedEncoder]>([:])
    private let queue = DispatchQueue(label: "inference-cpu", attributes: .concurrent)

    init(configuration: CPUConfiguration, context: ProviderContext) async throws {
        (self.configuration, self.context) = (configuration, context)
    }

    func register(_ resource: Resource) async throws {
        guard resource.kind == "model" else { throw Self.refusal(of: resource) }
        guard resource.base == nil, resource.adapter == nil else {
            throw ProviderError(
                .notImplemented, "\(Self.providerType) does not serve adapters yet (got '\(resource.id)')",
                field: resource.adapter == nil ? "base" : "adapter")
        }
        if let key = resource.more.keys.first {
            throw ProviderError(.invalidConfig, "\(Self.providerType) knows no '\(key)' of a model", field: key)
        }
        guard let path = resource.path, !path.isEmpty else {
            throw ProviderError(.invalidConfig, "model '\(resource.id)' needs the path of its GGUF file", field: "path")
        }
        let taken = ProviderError(.alreadyExists, "model '\(resource.id)' is registered already", field: "id")
        guard model(resource.id) == nil, encoders.withLock({ $0[resource.id] }) == nil else { throw taken }
        if try await registersEncoder(resource.id, at: context.path(path), configuration, queue, context.log) { return }
        let model = try await LoadedModel.load(
            id: resource.id, path: context.path(path), options: configuration.engineOptions, queue: queue,
            log: context.log)
        let isNew = models.withLock { models in
            guard models[model.id] == nil else { return false }
            models[model.id] = model
            return true
        }
        guard isNew else { throw taken }
    }

    /// Answers under way go on; the model's memory is free when the last of them is done.
    func unregister(_ resource: Resource) async throws {
        let model = models.withLock { $0.removeValue(forKey: resource.id) }
        let encoder = encoders.withLock { $0.removeValue(forKey: resource.id) }
        guard model != nil || encoder != nil else { throw Self.unknown(resource.id) }
    }

    func shutdown() async {
        models.withLock { $0 = [:] }
        encoders.withLock { $0 = [:] }
        // Models let go of their engines on this queue; whoever comes after all of them finds them gone.
        await withCheckedContinuation { done in
            queue.async(flags: .barrier) { done.resume() }
        }
    }

    /// The model that the host resolved for a call.
    func model(for call: Call) throws -> LoadedModel {
        if let model = model(call.resource) { return model }
        if encoders.withLock({ $0[call.resource] }) != nil {
            throw ProviderError(
                .invalidRequest, "model '\(call.resource)' makes embeddings; it writes no text", field: "model")
        }
        throw Self.unknown(call.resource)
    }

    func model(_ id: String) -> LoadedModel? { models.withLock { $0[id] } }

    static func unknown(_ id: String) -> ProviderError {
        ProviderError(.modelNotFound, "\(providerType) has no model '\(id)'", field: "model")
    }
}

import Dispatch
import LlamaEngine
import ProviderKit
import Synchronization

/// Runs models of the Llama architecture and its relatives, and embedding models of the BERT family, on this machine's CPU. `Backend` says with whose matrix products.
package final class CPUProvider<Backend: CPUBackend>: InferenceProvider {
    package static var providerType: String { Backend.providerType }
    package static var version: String { "1.0.0" }
    package static var summary: String { Backend.summary }
    /// `seed`: an integer; the same seed, prompt and parameters give the same answer.
    package static var options: [String: Set<String>] {
        [
            "completion": ["seed"], "chat_completion": ["seed"],
            "batch_completion": ["seed"], "batch_chat_completion": ["seed"],
        ]
    }

    private let configuration: Backend.Configuration
    private let context: ProviderContext
    let products: (any MatrixProducts)?
    private let models = Mutex<[String: LoadedModel]>([:])
    let encoders = Mutex<[String: LoadedEncoder]>([:])
    /// Its threads are not those that Swift's tasks run on: Dispatch has others for each quality of service.
    private let queue = DispatchQueue(label: "inference-cpu", qos: .utility, attributes: .concurrent)
    let pressure: MemoryPressure

    package convenience init(configuration: Backend.Configuration, context: ProviderContext) async throws {
        try await self.init(configuration: configuration, context: context) { Machine.bytesFree }
    }

    /// - Parameter bytesFree: memory that could still be taken; nil where nothing is known.
    init(
        configuration: Backend.Configuration, context: ProviderContext, bytesFree: @escaping @Sendable () -> Int?
    ) async throws {
        do { try InstructionSet.check() } catch { throw ProviderError(.invalidConfig, error.description) }
        (self.configuration, self.context, products) = (configuration, context, try Backend.products())
        pressure = MemoryPressure(configuration.engine.memoryBounds, log: context.log, bytesFree: bytesFree)
        pressure.watch { [weak self] level in
            for model in self?.models.withLock({ Array($0.values) }) ?? [] {
                model.engine.memory(is: Engine.MemoryShortage(level))
            }
        }
    }

    package func register(_ resource: Resource) async throws {
        guard resource.kind == "model" else { throw Self.refusal(of: resource) }
        if let key = resource.more.keys.first(where: { $0 != Self.draftModelKey }) {
            throw ProviderError(.invalidConfig, "\(Self.providerType) knows no '\(key)' of a model", field: key)
        }
        let taken = ProviderError(.alreadyExists, "model '\(resource.id)' is registered already", field: "id")
        guard model(resource.id) == nil, encoders.withLock({ $0[resource.id] }) == nil else { throw taken }
        let isAdapter = resource.base != nil || resource.adapter != nil
        if !isAdapter, let path = resource.path,
            try await registersEncoder(
                resource.id, at: context.path(path), configuration.engineOptions, queue, context.log)
        {
            return pressure.modelWasLoaded()
        }
        let model = try await isAdapter ? loadAdapter(resource) : loadModel(resource)
        try models.withLock { models in
            guard models[model.id] == nil else { throw taken }
            // The base may have gone while the adapter was read.
            if let base = model.base, models[base.id] !== base { throw Self.noBase(base.id, of: model.id) }
            models[model.id] = model
        }
        pressure.modelWasLoaded()
    }

    /// Answers under way go on; the model's memory is free when the last of them is done. A base stays as long as adapters
    /// of it are registered.
    package func unregister(_ resource: Resource) async throws {
        if encoders.withLock({ $0.removeValue(forKey: resource.id) }) != nil { return }
        try models.withLock { models in
            guard let model = models[resource.id] else { throw Self.unknown(resource.id) }
            let adapters = models.values.filter { $0.base === model }.map { "'\($0.id)'" }.sorted()
            guard adapters.isEmpty else {
                throw ProviderError(
                    .invalidRequest,
                    "'\(resource.id)' is the base of \(adapters.joined(separator: ", ")): unregister those first",
                    field: "id")
            }
            models[resource.id] = nil
        }
    }

    package func shutdown() async {
        models.withLock { $0 = [:] }
        encoders.withLock { $0 = [:] }
        // Models let go of their engines on this queue; whoever comes after all of them finds them gone.
        await withCheckedContinuation { done in
            queue.async(flags: .barrier) { done.resume() }
        }
    }

    /// The model that the host resolved for a call, which may begin.
    func model(for call: Call) throws -> LoadedModel {
        if let model = model(call.resource) {
            try pressure.checkAdmission()
            return model
        }
        if encoders.withLock({ $0[call.resource] }) != nil {
            throw ProviderError(
                .invalidRequest, "model '\(call.resource)' makes embeddings; it writes no text", field: "model")
        }
        throw Self.unknown(call.resource)
    }

    func model(_ id: String) -> LoadedModel? { models.withLock { $0[id] } }

    private static var draftModelKey: String { "draft_model" }

    /// The path of the model that guesses for this one; nil where none does.
    private func draftModel(_ resource: Resource) throws -> String? {
        let key = Self.draftModelKey
        guard let json = resource.more[key] else { return nil }
        guard case .string(let path) = json, !path.isEmpty else {
            throw ProviderError(.invalidConfig, "\(key) must be the path of a model", field: key)
        }
        guard configuration.speculation == .lookup else {
            throw ProviderError(
                .invalidConfig, "model '\(resource.id)' has a \(key), but nothing is guessed here: speculation is none",
                field: key)
        }
        return context.path(path)
    }

    private func loadModel(_ resource: Resource) async throws -> LoadedModel {
        guard let path = resource.path, !path.isEmpty else {
            throw ProviderError(
                .invalidConfig, "model '\(resource.id)' needs the path of its GGUF file or of its folder", field: "path"
            )
        }
        return try await .load(
            id: resource.id, path: context.path(path), draft: try draftModel(resource),
            options: configuration.engineOptions, products: products, queue: queue, log: context.log)
    }

    private func loadAdapter(_ resource: Resource) async throws -> LoadedModel {
        guard let adapter = resource.adapter, !adapter.isEmpty else {
            throw ProviderError(
                .invalidConfig, "model '\(resource.id)' has a base, so it needs the path of its adapter's folder",
                field: "adapter")
        }
        guard let baseID = resource.base else {
            throw ProviderError(
                .invalidConfig, "model '\(resource.id)' has an adapter, so it needs the model that it adapts",
                field: "base")
        }
        guard resource.more.isEmpty else {
            throw ProviderError(
                .invalidConfig, "adapter '\(resource.id)' is guessed for by its base's \(Self.draftModelKey)",
                field: Self.draftModelKey)
        }
        guard resource.path == nil else {
            throw ProviderError(
                .invalidConfig, "adapter '\(resource.id)' has no file of its own: its base's is used", field: "path")
        }
        guard let base = model(baseID) else { throw Self.noBase(baseID, of: resource.id) }
        guard base.base == nil else {
            throw ProviderError(
                .invalidConfig, "adapter '\(resource.id)' needs a model as its base, and '\(baseID)' is an adapter",
                field: "base")
        }
        return try await .load(id: resource.id, adapter: context.path(adapter), of: base, log: context.log)
    }

    private static func noBase(_ base: String, of id: String) -> ProviderError {
        ProviderError(
            .invalidConfig, "adapter '\(id)' needs its base '\(base)', which this provider does not serve",
            field: "base")
    }

    static func unknown(_ id: String) -> ProviderError {
        ProviderError(.modelNotFound, "\(providerType) has no model '\(id)'", field: "model")
    }
}

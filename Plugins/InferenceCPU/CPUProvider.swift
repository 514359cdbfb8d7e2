import Dispatch
import LlamaEngine
import Parallel
import ProviderKit
import Synchronization

/// Runs models of the Llama architecture and its relatives, and embedding models of the BERT family, on this machine's
/// CPU. `Backend` says with whose matrix products.
package final class CPUProvider<Backend: CPUBackend>: InferenceProvider {
    package static var providerType: String { Backend.providerType }
    package static var version: String { "1.0.0" }
    package static var summary: String { Backend.summary }
    /// The options of ``GenerationOptions``, but for those that a method has no use for.
    package static var options: [String: Set<String>] {
        let all = Set(GenerationOptions.object.properties.map(\.key)).subtracting(["continue_last"])
        let chat: Set = ["tool_choice", "parallel_tool_calls", "template_arguments"]
        return [
            "completion": all.subtracting(chat), "batch_completion": all.subtracting(chat).subtracting(["n"]),
            "chat_completion": all, "batch_chat_completion": all.subtracting(["n"]), "embeddings": ["extended"],
            "count_tokens": ["tool_choice", "template_arguments"],
        ]
    }

    package static var resources: [ResourceKind]? { [.model] }

    private let configuration: Backend.Configuration
    private let context: ProviderContext
    let products: (any MatrixProducts)?
    /// The model behind an id.
    private enum Served {
        case model(LoadedModel), encoder(LoadedEncoder)
    }
    private let served = Mutex<[String: Served]>([:])
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
            for case .model(let model) in self?.served.withLock({ Array($0.values) }) ?? [] {
                model.engine.memory(is: Generation.MemoryShortage(level))
            }
        }
    }

    /// Loads the model beside the one that its id stands for, if any, and puts it in that one's place when it is ready.
    /// Answers under way go on with the old one.
    package func register(_ resource: Resource) async throws {
        guard resource.kind == ResourceKind.model.name else { throw Self.refusal(of: resource) }
        if let key = resource.more.keys.first(where: { $0 != Self.draftModelKey }) {
            throw ProviderError(.invalidConfig, "\(Self.providerType) knows no '\(key)' of a model", field: key)
        }
        _ = try resource.configuration(as: NoConfiguration.self)
        try served.withLock { try Self.checkNoAdapters(of: resource.id, in: $0) }
        let loaded = try await load(resource)
        try served.withLock { served in
            try Self.checkNoAdapters(of: resource.id, in: served)
            if case .model(let model) = loaded, let base = model.base {
                // The base may have gone while the adapter was read.
                guard case .model(let found)? = served[base.id], found === base else {
                    throw Self.noBase(base.id, of: model.id)
                }
            }
            served[resource.id] = loaded
        }
        pressure.modelWasLoaded()
    }

    /// Answers under way go on; the model's memory is free when the last of them is done. A base stays as long as
    /// adapters of it are registered.
    package func unregister(_ resource: Resource) async throws {
        try served.withLock { served in
            guard served[resource.id] != nil else { throw Self.unknown(resource.id) }
            try Self.checkNoAdapters(of: resource.id, in: served)
            served[resource.id] = nil
        }
    }

    package func shutdown() async {
        served.withLock { $0 = [:] }
        // Models release their engines on this queue; work queued after all of them finds them released.
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
        if encoder(call.resource) != nil {
            throw ProviderError(
                .invalidRequest, "model '\(call.resource)' makes embeddings; it writes no text", field: "model")
        }
        throw Self.unknown(call.resource)
    }

    func model(_ id: String) -> LoadedModel? {
        if case .model(let model)? = served.withLock({ $0[id] }) { model } else { nil }
    }

    func encoder(_ id: String) -> LoadedEncoder? {
        if case .encoder(let encoder)? = served.withLock({ $0[id] }) { encoder } else { nil }
    }

    private static func checkNoAdapters(of id: String, in served: [String: Served]) throws {
        guard case .model(let model)? = served[id] else { return }
        let adapters = served.values.compactMap { other in
            if case .model(let other) = other, other.base === model { "'\(other.id)'" } else { nil }
        }
        guard adapters.isEmpty else {
            throw ProviderError(
                .invalidRequest,
                "'\(id)' is the base of \(adapters.sorted().joined(separator: ", ")): unregister those first",
                field: "id")
        }
    }

    private func load(_ resource: Resource) async throws -> Served {
        if resource.base != nil || resource.adapter != nil { return .model(try await loadAdapter(resource)) }
        if let path = resource.path,
            let encoder = try await loadEncoder(
                resource.id, at: context.path(path), configuration.engineOptions, queue, context.log)
        {
            return .encoder(encoder)
        }
        return .model(try await loadModel(resource))
    }

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
        guard baseID != resource.id else {
            throw ProviderError(.invalidConfig, "adapter '\(baseID)' can't be its own base", field: "base")
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

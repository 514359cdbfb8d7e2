import CProviderABI
import ContractBridge
import LlamaStackAPI

/// The module that holds these providers: what `llama_stack_provider_v1` answers.
///
///     @c(llama_stack_provider_v1)
///     public func entry(_ hostMinor: UInt32) -> UnsafePointer<lsp_module>? { exportProviders(Echo.self) }
///
/// The memory lives for ever, as the contract asks; the host calls the entry once.
public func exportProviders(_ types: any Provider.Type...) -> UnsafePointer<lsp_module>? {
    let providers = UnsafeMutablePointer<UnsafePointer<lsp_provider>?>.allocate(capacity: types.count)
    for (index, type) in types.enumerated() { (providers + index).initialize(to: descriptor(of: type)) }
    let module = UnsafeMutablePointer<lsp_module>.allocate(capacity: 1)
    module.initialize(
        to: lsp_module(
            struct_size: UInt32(MemoryLayout<lsp_module>.size), abi_major: UInt16(LSP_ABI_MAJOR),
            abi_minor: UInt16(LSP_ABI_MINOR), provider_count: UInt32(types.count), reserved: 0,
            providers: UnsafePointer(providers)))
    return UnsafePointer(module)
}

/// Makes the providers of one descriptor. C functions can't be generic, so the descriptor carries one of these.
final class ProviderFactory: Sendable {
    let make: @Sendable (JSON, ProviderContext) async throws -> RunningProvider

    init<P: Provider>(_ type: P.Type) {
        make = { json, context in
            let configuration = try P.Configuration(configuration: json)
            return RunningProvider(try await P(configuration: configuration, context: context))
        }
    }
}

private func descriptor<P: Provider>(of type: P.Type) -> UnsafePointer<lsp_provider> {
    let descriptor = UnsafeMutablePointer<lsp_provider>.allocate(capacity: 1)
    descriptor.initialize(
        to: lsp_provider(
            struct_size: UInt32(MemoryLayout<lsp_provider>.size), flags: 0,
            self: Unmanaged.passRetained(ProviderFactory(type)).toOpaque(),
            api: immortal(P.api.rawValue), type: immortal(P.providerType), version: immortal(P.version),
            runtime: immortal(SwiftRuntime.own), description: immortal(P.summary),
            config_schema: immortal(P.configSchema.text),
            methods: immortal(P.methodsJSON.text),
            needs: immortal(
                words(
                    P.needs.map(\.rawValue) + P.wants.map { $0.rawValue + "?" } + P.toldOf.map(\.section)
                        + (P.needsNetwork ? [NetworkCall.target] : []))),
            create: create, invoke: invoke, cancel: cancel, destroy: destroy,
            resources: P.resources.map { immortal(words($0.map(\.name))) }))
    return UnsafePointer(descriptor)
}

extension Provider {
    /// The schema of its configuration, and those of its resources' as `x-resources`.
    fileprivate static var configSchema: JSON {
        guard case .object(var schema) = Configuration.schema.configurationSchema, !resourceConfigurations.isEmpty
        else { return Configuration.schema.configurationSchema }
        var kinds = JSONObject()
        for (kind, config) in resourceConfigurations.sorted(by: { $0.key.name < $1.key.name }) {
            kinds[kind.name] = config.configurationSchema
        }
        schema["x-resources"] = .object(kinds)
        return .object(schema)
    }

    fileprivate static var methodsJSON: JSON {
        .array(
            offered.map { method in
                var row: JSONObject = ["name": .string(method.name)]
                if method.canStream { row["stream"] = true }
                if let options = options[method.name]?.sorted(), !options.isEmpty {
                    row["options"] = .array(options.map { .string($0) })
                }
                return .object(row)
            })
    }
}

// Refuses what a contract-breaking host might pass; there is no sink to answer on then.
private let create:
    @convention(c) (
        UnsafePointer<lsp_provider>?, UnsafePointer<lsp_host>?, UnsafePointer<lsp_setup>?, UnsafePointer<lsp_sink>?
    ) -> UnsafeMutableRawPointer? = { provider, host, setup, ready in
        guard let factory = provider?.pointee.`self`, let host, let setup, let ready else { return nil }
        let link = HostLink(host)
        let instance = Instance(link)
        let context = ProviderContext(
            providerID: setup.pointee.provider_id.text, statePath: setup.pointee.state_path.text,
            basePath: setup.pointee.base_path.text, purpose: ProviderContext.Purpose(setup), link: link)
        // Retained before creation starts, because ready may be finished, and destroy called, before this returns.
        let pointer = Unmanaged.passRetained(instance).toOpaque()
        instance.create(
            Unmanaged<ProviderFactory>.fromOpaque(factory).takeUnretainedValue(), Array(setup.pointee.config.buffer),
            context,
            ready.pointee)
        return pointer
    }

private let invoke:
    @convention(c) (
        UnsafeMutableRawPointer?, UnsafePointer<lsp_request>?, UnsafePointer<lsp_sink>?
    ) -> Void = { instance, request, sink in
        guard let instance, let request, let sink else { return }
        Unmanaged<Instance>.fromOpaque(instance).takeUnretainedValue().invoke(request.pointee, sink.pointee)
    }

private let cancel: @convention(c) (UnsafeMutableRawPointer?, UInt64) -> Void = { instance, callID in
    guard let instance else { return }
    Unmanaged<Instance>.fromOpaque(instance).takeUnretainedValue().cancel(callID)
}

private let destroy: @convention(c) (UnsafeMutableRawPointer?, UnsafePointer<lsp_sink>?) -> Void = { instance, done in
    guard let instance, let done else { return }
    Unmanaged<Instance>.fromOpaque(instance).takeRetainedValue().destroy(done.pointee)
}

private func words(_ words: [String]) -> String { JSON.array(words.map { .string($0) }).text }

private func immortal(_ text: String) -> UnsafePointer<CChar> {
    let bytes = text.utf8CString
    let memory = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count)
    for (index, byte) in bytes.enumerated() { (memory + index).initialize(to: byte) }
    return UnsafePointer(memory)
}

import CProviderABI
import ContractBridge
import LlamaStackAPI

/// A made provider without its type: what an instance dispatches to.
struct RunningProvider: Sendable {
    typealias Handler = @Sendable (IncomingCall) async throws -> Void

    private let handlers: [String: Handler]
    private let options: [String: Set<String>]
    let shutdown: @Sendable () async -> Void
    private let providerType: String

    init<P: Provider>(_ provider: P) {
        providerType = P.providerType
        options = P.options
        shutdown = { await provider.shutdown() }
        var handlers: [String: Handler] = [:]
        for method in P.offered { handlers[method.name] = { try await method.run(provider, $0) } }
        handlers[ResourceMethods.register.name] = { incoming in
            do {
                try await provider.register(incoming.resource())
            } catch let error as ConfigurationError {
                throw ResourceConfigurationError(problems: error.problems)
            }
        }
        handlers[ResourceMethods.unregister.name] = { try await provider.unregister($0.resource()) }
        self.handlers = handlers
    }

    func offers(_ method: String) -> Bool { handlers[method] != nil }

    func serve(_ incoming: IncomingCall) async throws {
        let method = incoming.call.method
        guard let handler = handlers[method] else {
            throw ProviderError(.notImplemented, "\(providerType) has no method '\(method)'")
        }
        if !incoming.call.options.isEmpty { try check(incoming.call.options, of: method) }
        try Task.checkCancellation()
        try await handler(incoming)
    }

    private func check(_ given: JSONObject, of method: String) throws {
        let supported = options[method] ?? []
        for key in given.keys where !supported.contains(key) {
            throw ProviderError(
                .unsupportedOption, "\(key) is not supported by \(providerType) for \(method)", field: key)
        }
    }
}

extension Provider {
    /// The rows that this provider answers.
    static var offered: [Method<Self>] { methods.filter { !unsupported.contains($0.name) } }
}

extension IncomingCall {
    fileprivate func resource() throws -> Resource {
        try Resource(json: try JSON(parsing: request.body.buffer), at: .root)
    }
}

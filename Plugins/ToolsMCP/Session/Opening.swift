import ProviderKit

/// How a server is opened: which era it speaks is found out by asking.
struct Opening: Sendable {
    let link: any Link
    let limit: ServerRequest.Limit
    let network: NetworkClient

    /// - Parameter remembered: asked first, so that an old server is not probed at each start.
    func open(_ remembered: ProtocolEra?) async throws -> (ProtocolEra, Discovery.Capabilities) {
        if case .legacy? = remembered { return try await initializeOrProbe() }
        return try await probe { try await initializeOrProbe(isLast: true) }
    }

    /// `initialize`, and what a server of sessions needs after it.
    func initialize() async throws -> (ProtocolEra, Discovery.Capabilities) {
        link.use(nil)
        let result = try await link.send(
            ServerRequest(method: "initialize", params: ProtocolEra.initializeParams, limit: limit, network: network))
        let (era, capabilities) = try Discovery.opened(result)
        link.use(era)
        await link.notify("notifications/initialized", [:])
        return (era, capabilities)
    }

    private func probe(
        ifLegacy: () async throws -> (ProtocolEra, Discovery.Capabilities)
    ) async throws -> (ProtocolEra, Discovery.Capabilities) {
        link.use(.modern)
        let answer: Result<JSON, ServerFault>
        do {
            answer = .success(
                try await link.send(
                    ServerRequest(
                        method: "server/discover", params: ProtocolEra.modern.params([:]), limit: limit,
                        network: network)))
        } catch let fault as ServerFault { answer = .failure(fault) }
        switch Discovery(probe: answer) {
        case .modern(let capabilities): return (.modern, capabilities)
        case .legacy: return try await ifLegacy()
        case .neither(let fault): throw fault
        }
    }

    /// A server that has become modern since says so, and is probed once more.
    private func initializeOrProbe(isLast: Bool = false) async throws -> (ProtocolEra, Discovery.Capabilities) {
        do {
            return try await initialize()
        } catch let fault as ServerFault where fault.rpcError?.code == RPCError.unsupportedVersion {
            return try await probe { if isLast { throw fault } else { return try await initialize() } }
        }
    }
}

import LlamaStackAPI

/// A call to one provider. Most calls have one attempt; a ``FallbackChain`` makes several.
struct Attempt: Sendable {
    enum Role: Sendable, Equatable {
        /// It answers, whatever it says.
        case answers
        /// It answers, unless it has no such resource: then the next is asked.
        case mayHave
        /// Its part of a list; the next adds to it.
        case adds
        /// The same, unless it can't be reached: then the next is asked all the same.
        case mayAdd
        /// It must say that it has no such resource before the next is asked to make it.
        case mustNotHave
    }

    var instance: RoutingTable.Instance
    var role: Role
    /// The resource's own id there.
    var resource = ""
}

extension RoutingTable {
    /// The attempts of a call, in order; at least one.
    ///
    /// - Parameters:
    ///   - resourceName: what the request called the resource that the endpoint is routed by; nil when it named none.
    ///   - providerID: who is to make a resource; nil: the API's default.
    ///   - owner: the provider that had the resource the last time.
    func attempts(
        of endpoint: EndpointDescription, resourceName: String?, providerID: String? = nil, owner: String? = nil
    ) throws(CallError) -> [Attempt] {
        // What is routed by a list of the distribution looks for no others.
        let isListed = if case .listed = endpoint.routingKey { true } else { false }
        let able =
            isListed ? [] : instances.filter { $0.api == endpoint.api && $0.descriptor.method(endpoint.method) != nil }
        let isAlone = able.count < 2
        switch endpoint.routingKey {
        case .resource where !isAlone:
            let first = able.filter { $0.providerID == owner }, others = able.filter { $0.providerID != owner }
            return (first + others).map { Attempt(instance: $0, role: .mayHave) }
        case .tool where !isAlone:
            return able.map { Attempt(instance: $0, role: .mayHave) }
        case .toolList where !able.isEmpty:
            return able.map { Attempt(instance: $0, role: isAlone ? .adds : .mayAdd) }
        case .all where !isAlone:
            return able.map { Attempt(instance: $0, role: .adds) }
        case .creation:
            let maker = try destination(
                api: endpoint.api, providerID: providerID, method: endpoint.method, kind: nil, name: nil
            ).instance
            let method = endpoint.api.probe?.method
            let others = instances.filter { $0.api == endpoint.api && $0.providerID != maker.providerID }
                .filter { instance in method.map { instance.descriptor.method($0) != nil } ?? false }
            return others.map { Attempt(instance: $0, role: .mustNotHave) } + [Attempt(instance: maker, role: .answers)]
        default:
            let destination = try destination(of: endpoint, name: resourceName)
            return [Attempt(instance: destination.instance, role: .answers, resource: destination.resource)]
        }
    }
}

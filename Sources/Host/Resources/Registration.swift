import Dispatch
import LlamaStackAPI

/// Tells providers of resources: the one that shall serve it, and those that only want to know.
extension Dispatcher {
    /// Has the instance serve a resource, in place of what it served under that id, and waits. Where registration is
    /// optional, a provider that takes none still gets the calls; then the resource may have nothing but its names.
    func register(_ resource: KnownResource, on instance: RoutingTable.Instance) async throws(CallError) {
        let isOptional = resource.kind.server(resource.api)?.isRegistrationOptional ?? false
        do throws(CallError) {
            guard !isOptional || instance.descriptor.takes(resource.kind) else {
                throw CallError(.notImplemented, "it takes no \(resource.kind.titles), so an entry has names alone")
            }
            try await send(.register, resource.body, of: resource, to: instance)
        } catch {
            guard isOptional, error.code.abiStatus == ErrorCode.notImplemented.abiStatus,
                resource.body.keys.allSatisfy(["kind", "id"].contains)
            else { throw error }
        }
    }

    /// The same for a resource that is served already. A provider built for 1.0 may answer that its id is taken: then
    /// the id is unknown for a moment.
    func replace(_ resource: KnownResource, on instance: RoutingTable.Instance) async throws(CallError) {
        do throws(CallError) {
            try await register(resource, on: instance)
        } catch {
            guard error.code.abiStatus == ErrorCode.alreadyExists.abiStatus else { throw error }
            try await unregister(resource, on: instance)
            try await register(resource, on: instance)
        }
    }

    /// Has the instance forget a resource. One that does not know it, or takes none, has forgotten it already.
    func unregister(_ resource: KnownResource, on instance: RoutingTable.Instance) async throws(CallError) {
        do throws(CallError) {
            try await send(.unregister, resource.body, of: resource, to: instance)
        } catch {
            let forgotten = [ErrorCode.notFound, .notImplemented].map(\.abiStatus)
            guard forgotten.contains(error.code.abiStatus) else { throw error }
        }
    }

    /// Tells every provider whose `needs` holds the kind's section of a resource that another serves. What it answers
    /// changes nothing for the resource.
    ///
    /// - Parameter instances: nil: all.
    func tell(
        _ method: ResourceMethod, _ resource: KnownResource, to instances: [RoutingTable.Instance]? = nil, log: LogSink
    ) async {
        var body = resource.body
        // It may hold secrets, and is between the file and the provider that serves it.
        body["config"] = nil
        body["provider"] = .string(resource.providerLabel)
        if !resource.aliases.isEmpty { body["aliases"] = .array(resource.aliases.map { .string($0) }) }
        for instance in instances ?? current.instances
        where instance.label != resource.providerLabel && instance.descriptor.isTold(of: resource.kind) {
            do throws(CallError) {
                try await send(method, body, of: resource, to: instance)
            } catch {
                log.log(
                    .warning,
                    "\(instance.label) needs \(resource.kind.section), and answered \(method.name) of "
                        + "\(Quote.short(resource.id)) with \(error)")
            }
        }
    }

    private func send(
        _ method: ResourceMethod, _ body: JSONObject, of resource: KnownResource, to instance: RoutingTable.Instance
    ) async throws(CallError) {
        var request = CallRequest(method: method.name)
        request.body = JSON.object(body).bytes
        request.requestID = "\(method.name)-\(resource.id)"
        request.deadlineNanoseconds = Int64(
            clamping: DispatchTime.now().uptimeNanoseconds + UInt64(registerSecondsMax * 1e9))
        _ = try await start(request, on: instance.channel).collect()
    }
}

extension ResourceMethod {
    static var register: ResourceMethod { ResourceMethods.register }
    static var unregister: ResourceMethod { ResourceMethods.unregister }
}

extension ProviderDescriptor {
    /// False where it says that it takes others only.
    func takes(_ kind: ResourceKind) -> Bool { resources?.contains(kind.name) ?? true }

    /// Whether it is told of all resources of the kind, whichever provider serves them.
    func isTold(of kind: ResourceKind) -> Bool { needs.contains(kind.section) || needs.contains(kind.section + "?") }
}

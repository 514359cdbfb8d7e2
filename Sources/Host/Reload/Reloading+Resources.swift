import LlamaStackAPI

/// The resources of providers that stay as they are.
extension Reloading {
    /// Those that nobody serves any more. Their providers are told, as far as these stay.
    mutating func removeGoneResources() async {
        for key in plan.resources.gone {
            guard let resource = table.resources.find(key.kind, key.api, key.id), !resource.isAnnounced else {
                continue
            }
            await unregister(resource, at: resource.providerLabel)
            stack.switchboard.update { $0.resources.remove(key.kind, key.api, id: key.id) }
            await stack.switchboard.tell(.unregister, resource, log: stack.log)
            add(resource.title, .removed)
        }
    }

    /// Those that another provider serves by now.
    mutating func removeMovedResources() async {
        for entry in manifest.resources {
            let resource = KnownResource(entry)
            guard case .moved(let label)? = plan.resources.changes[resource.key] else { continue }
            await unregister(resource, at: label)
        }
    }

    private func unregister(_ resource: KnownResource, at label: String) async {
        guard plan.changes[label] == .kept, let instance = table.instances.first(where: { $0.label == label }) else {
            return
        }
        do throws(CallError) {
            try await stack.switchboard.unregister(resource, on: instance)
        } catch {
            stack.log.log(.warning, "\(label) did not forget \(resource.title): \(error)")
        }
    }

    /// New and changed ones of a provider that stays.
    mutating func changeResources(of running: RunningProvider) async {
        let instance = running.instance
        for entry in starting.resources.basesFirst where entry.providerLabel == running.label {
            let resource = KnownResource(entry)
            switch plan.resources.changes[resource.key] {
            case .new?, .moved?: await register(entry, resource, on: instance, isServed: false)
            case .changed?: await register(entry, resource, on: instance, isServed: true)
            case .renamed?:
                put(resource)
                add(resource.title, .registeredAgain, "aliases changed")
                await tellOthers(of: [resource])
            case .kept?, nil: break
            }
        }
    }

    private mutating func register(
        _ entry: Manifest.ResourceEntry, _ resource: KnownResource, on instance: RoutingTable.Instance, isServed: Bool
    ) async {
        do throws(StartFailure) {
            if let reason = try await starting.resources.register(entry, on: instance, isServed: isServed) {
                stack.switchboard.update { table in
                    table.resources.remove(resource.kind, resource.api, id: resource.id)
                    table.resources.leaveOut(resource, reason)
                }
                return add(resource.title, .notStarted, reason)
            }
            put(resource)
            add(resource.title, isServed ? .registeredAgain : .registered)
            await tellOthers(of: [resource])
        } catch {
            addFailure(resource.title, error, detail: isServed ? await registerOld(resource, on: instance) : nil)
        }
    }

    /// Answers what became of it.
    private func registerOld(_ resource: KnownResource, on instance: RoutingTable.Instance) async -> String {
        guard let old = table.resources.find(resource.kind, resource.api, resource.id) else {
            return "it is not served"
        }
        do throws(CallError) {
            try await stack.switchboard.replace(old, on: instance)
            return "it is served as before"
        } catch {
            stack.log.log(.error, "\(instance.label) can't serve \(old.title) as before: \(error.message)")
            stack.switchboard.update { $0.resources.remove(old.kind, old.api, id: old.id) }
            return "it is not served any more"
        }
    }

    /// Its aliases may be others than before.
    private func put(_ resource: KnownResource) {
        stack.switchboard.update { $0.resources.replace(resource) }
    }

    func tellOthers(of resources: [KnownResource]) async {
        for resource in resources { await stack.switchboard.tell(.register, resource, log: stack.log) }
    }
}

import LlamaStackAPI

/// The resources that the file lists.
extension Reloading {
    // MARK: of a provider that was started or created again

    /// It serves these now; those that are no more went with the instance before.
    mutating func announceChanges(of label: String, _ served: Served) async {
        for resource in before.resources where isGone(resource) && resource.providerLabel == label {
            await stack.dispatcher.tell(.unregister, resource, log: stack.log)
            add(resource.title, .removed)
        }
        for resource in served.resources {
            switch plan.resources.changes[resource.key] {
            case .kept?, nil: continue
            case .new?, .moved?: add(resource.title, .registered)
            case .changed?, .renamed?: add(resource.title, .registeredAgain)
            }
            await tellOthers(of: resource)
        }
        for (resource, reason) in served.leftOut { add(resource.title, .leftOut, reason) }
    }

    private func isGone(_ resource: KnownResource) -> Bool { plan.resources.gone.contains(resource.key) }

    // MARK: of a provider that stays

    /// Forgets those that are no more, then takes the new and changed ones.
    mutating func changeResources(of running: RunningProvider) async {
        let instance = running.instance
        for key in plan.resources.gone {
            guard let resource = before.resources.first(where: { $0.key == key }),
                resource.providerLabel == running.label
            else { continue }
            await unregister(resource, at: running.label)
            stack.dispatcher.update { $0.resources.remove(key.kind, key.api, id: key.id) }
            await stack.dispatcher.tell(.unregister, resource, log: stack.log)
            add(resource.title, .removed)
        }
        for entry in launcher.resources.basesFirst where entry.providerLabel == running.label {
            let resource = KnownResource(entry)
            switch plan.resources.changes[resource.key] {
            case .new?, .moved?: await register(entry, resource, on: instance, isServed: false)
            case .changed?: await register(entry, resource, on: instance, isServed: true)
            case .renamed?:
                put(resource)
                add(resource.title, .registeredAgain, "aliases changed")
                await tellOthers(of: resource)
            case .kept?, nil: break
            }
        }
    }

    /// Those that another provider serves by now: a provider that stays forgets them.
    func unregisterMovedResources() async {
        for entry in manifest.resources {
            let resource = KnownResource(entry)
            guard case .moved(let label)? = plan.resources.changes[resource.key],
                table.resources.find(entry.kind, entry.api, entry.id)?.providerLabel != label
            else { continue }
            await unregister(resource, at: label)
        }
    }

    /// Those whose provider does not run: a call to one says so.
    func listUnserved() {
        let labels = Set(stack.running.withLock { $0.providers.map(\.label) })
        stack.dispatcher.update { table in
            for resource in before.resources where isGone(resource) && !labels.contains(resource.providerLabel) {
                table.resources.remove(resource.kind, resource.api, id: resource.id)
            }
            for entry in manifest.resources where !labels.contains(entry.providerLabel) {
                table.resources.replace(KnownResource(entry))
            }
        }
    }

    private func unregister(_ resource: KnownResource, at label: String) async {
        guard let instance = table.instances.first(where: { $0.label == label }) else {
            return
        }
        do throws(CallError) {
            try await stack.dispatcher.unregister(resource, on: instance)
        } catch {
            stack.log.log(.warning, "\(label) did not forget \(resource.title): \(error)")
        }
    }

    private mutating func register(
        _ entry: Manifest.ResourceEntry, _ resource: KnownResource, on instance: RoutingTable.Instance, isServed: Bool
    ) async {
        do throws(StartFailure) {
            if let reason = try await launcher.resources.register(entry, on: instance, isServed: isServed) {
                guard !isServed else {
                    return add(resource.title, .failed, reason + "; " + (await registerOld(resource, on: instance)))
                }
                stack.dispatcher.update { $0.resources.leaveOut(resource, reason) }
                return add(resource.title, .leftOut, reason)
            }
            put(resource)
            add(resource.title, isServed ? .registeredAgain : .registered)
            await tellOthers(of: resource)
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
            try await stack.dispatcher.replace(old, on: instance)
            return "it is served as before"
        } catch {
            stack.log.log(.error, "\(instance.label) can't serve \(old.title) as before: \(error.message)")
            stack.dispatcher.update { $0.resources.remove(old.kind, old.api, id: old.id) }
            return "it is not served any more"
        }
    }

    /// Its aliases may be others than before.
    private func put(_ resource: KnownResource) {
        stack.dispatcher.update { $0.resources.replace(resource) }
    }

    private func tellOthers(of resource: KnownResource) async {
        await stack.dispatcher.tell(.register, resource, log: stack.log)
    }
}

extension KnownResource {
    /// "model 'a'".
    var title: String { "\(kind.title) \(Quote.short(id))" }
}

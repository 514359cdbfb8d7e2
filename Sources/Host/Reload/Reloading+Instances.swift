import LlamaStackAPI

/// Instances: new ones, and those that take another's place.
extension Reloading {
    mutating func createAgain(
        _ running: RunningProvider, as provider: Provider, because reason: String
    ) async {
        let label = running.label, slot = running.slot
        guard await slot.empty(drainSeconds: drainSeconds) || running.prepared.entry.process != nil else {
            // Two instances in one process would share its state folder.
            let message = "\(label) did not stop, so the new one can't be created beside it; restart the server"
            slot.fail(message)
            return addFailure(label, StartFailure([diagnostic(provider, message)], exitCode: 69))
        }
        do throws(StartFailure) {
            let (channel, served) = try await create(provider, by: launcher)
            guard await serve(running, channel, provider, by: launcher, served) else { return }
            add(label, .createdAgain, reason)
            await announceChanges(of: label, served)
        } catch {
            addFailure(label, error, detail: await createOld(running, after: error))
        }
    }

    /// The new one could not be created. Answers what became of the provider.
    private mutating func createOld(_ running: RunningProvider, after failure: StartFailure) async -> String {
        let old = running.prepared, label = running.label
        guard plan.changes[label] != .down else {
            running.slot.fail(Self.reason(failure))
            return "it stays down"
        }
        do throws(StartFailure) {
            let channel = try await running.launcher.create(old, stack.state, stack.registry)
            let served = await serveAgain(old.instance(channel))
            guard await serve(running, channel, old, by: running.launcher, served) else { return "it was stopped" }
            return "it serves as before"
        } catch {
            stack.log.log(.error, "\(label) could not be created as before either: \(Self.reason(error))")
            running.slot.fail(Self.reason(error))
            return "it could not be created as before either and stays down"
        }
    }

    /// False when the server has ended meanwhile.
    private func serve(
        _ running: RunningProvider, _ channel: any Channel, _ provider: Provider, by launcher: Launcher,
        _ served: Served
    ) async -> Bool {
        stack.running.withLock { now in
            guard let place = now.providers.firstIndex(where: { $0.label == running.label }) else { return }
            (now.providers[place].prepared, now.providers[place].launcher) = (provider, launcher)
        }
        enter(provider.instance(running.slot), served)
        if running.slot.fill(channel) { return true }
        await channel.close(withinSeconds: Launcher.undoSecondsMax)
        return false
    }

    /// The instance, which serves what the file lists for it and what was announced.
    func create(
        _ provider: Provider, by launcher: Launcher
    ) async throws(StartFailure) -> (any Channel, Served) {
        let channel = try await launcher.create(provider, stack.state, stack.registry)
        let instance = provider.instance(channel)
        do throws(StartFailure) {
            var served: Served = ([], [])
            for entry in launcher.resources.basesFirst where entry.providerLabel == instance.label {
                if let reason = try await launcher.resources.register(entry, on: instance) {
                    served.leftOut.append((KnownResource(entry), reason))
                } else {
                    served.resources.append(KnownResource(entry))
                }
            }
            await complete(instance)
            return (channel, served)
        } catch {
            await channel.close(withinSeconds: Launcher.undoSecondsMax)
            throw error
        }
    }

    /// Registers the resources that others announced for it, and those of others that it needs to know.
    private func complete(_ instance: RoutingTable.Instance) async {
        await stack.registry.registerAgain(on: instance)
        for resource in table.resources.all {
            await stack.dispatcher.tell(.register, resource, to: [instance], log: stack.log)
        }
    }

    /// Registers again the resources that it served until now.
    private func serveAgain(_ instance: RoutingTable.Instance) async -> Served {
        var served: Served = ([], [])
        let resources = table.resources.all.filter { !$0.isAnnounced && $0.providerLabel == instance.label }
        for resource in resources.filter({ $0.base == nil }) + resources.filter({ $0.base != nil }) {
            do throws(CallError) {
                try await stack.dispatcher.register(resource, on: instance)
                served.resources.append(resource)
            } catch {
                let reason =
                    "\(instance.label) can't serve \(resource.title): \(error.operatorMessage ?? error.message)"
                stack.log.log(.error, reason)
                served.leftOut.append((resource, reason))
            }
        }
        await complete(instance)
        return served
    }

    // MARK: the table

    func enter(_ instance: RoutingTable.Instance, _ served: Served) {
        stack.dispatcher.update { table in
            table.put(instance)
            table.resources.replace(listedOf: instance.label, with: served.resources, leftOut: served.leftOut)
        }
        launcher.putInFileOrder()
    }
}

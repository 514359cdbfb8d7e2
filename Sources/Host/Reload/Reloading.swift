import Foundation
import LlamaStackAPI

/// One reload of a stack whose file has no mistakes. Providers change one after the other, in the order of their needs, so that
/// each is away as briefly as possible; what went is stopped last.
struct Reloading: Sendable {
    typealias Provider = Starting.Prepared
    /// What an instance serves of the file.
    typealias Served = (resources: [KnownResource], leftOut: [(resource: KnownResource, reason: String)])

    /// What there was when it began.
    struct Before: Sendable {
        var running: Running
        /// Of the file.
        var resources: [KnownResource]
    }

    static let shuttingDown = CallError(.shuttingDown, "the server is shutting down", retryAfterSeconds: 5)

    let stack: Stack
    /// Of the file as it is now.
    let starting: Starting
    let before: Before
    let preparation: Starting.Preparation
    let plan: ReloadPlan
    var report: ReloadReport

    var manifest: Manifest { starting.manifest }
    var table: RoutingTable { stack.currentTable }
    var drainSeconds: Double { before.running.manifest.server.drainSeconds }

    /// Does it all. Throws when the server is about to end meanwhile.
    mutating func run() async throws(CallError) {
        for provider in preparation.providers {
            try checkMayGoOn()
            await change(provider)
        }
        for (entry, reason) in preparation.failed { doWithout(entry, reason) }
        await unregisterMovedResources()
        for label in plan.gone {
            try checkMayGoOn()
            await stop(label)
        }
        await stack.registry.registerRest()
        finish()
    }

    private func checkMayGoOn() throws(CallError) {
        guard stack.mayChange else { throw Self.shuttingDown }
    }

    // MARK: one provider

    private mutating func change(_ provider: Provider) async {
        let label = provider.entry.label, running = stack.running.withLock { $0[label] }
        switch (plan.changes[label], running) {
        case (.kept?, let running?):
            add(label, .kept)
            await changeResources(of: running)
        case (.changed(let differing)?, let running?):
            await createAgain(running, as: provider, because: differing.joined(separator: ", ") + " changed")
        case (.down?, let running?):
            await revive(running, as: provider)
        default: await start(provider)
        }
    }

    private mutating func start(_ provider: Provider) async {
        let entry = provider.entry
        stack.switchboard.update { $0.failed.removeAll { "\($0.api.rawValue)/\($0.providerID)" == entry.label } }
        do throws(StartFailure) {
            let (channel, served) = try await create(provider, by: starting)
            let running = RunningProvider(prepared: provider, starting: starting, channel: channel)
            stack.running.withLock { $0.providers.append(running) }
            // The shutdown may have taken its list already.
            guard stack.mayChange else { return _ = await running.slot.close(withinSeconds: Starting.undoSecondsMax) }
            enter(running.instance, served)
            add(entry.label, .started)
            await announceChanges(of: entry.label, served)
        } catch {
            if entry.isOptional { return doWithout(entry, error.diagnostics.first?.message ?? "") }
            stack.switchboard.update { $0.failed.append((entry.api, entry.providerID, Self.reason(error))) }
            addFailure(entry.label, error)
        }
    }

    /// An optional one that can't be started.
    private mutating func doWithout(_ entry: Manifest.ProviderEntry, _ reason: String) {
        stack.switchboard.update { $0.failed.removeAll { "\($0.api.rawValue)/\($0.providerID)" == entry.label } }
        starting.fail(entry, reason)
        add(entry.label, .notStarted, reason)
    }

    /// It failed, or waits after a crash: the same again.
    private mutating func revive(_ running: RunningProvider, as provider: Provider) async {
        guard running.slot.failureReason == nil, provider.entry.process != nil else {
            return await createAgain(running, as: provider, because: "it was down")
        }
        guard let error = await restartError(running.slot) else {
            add(running.label, .createdAgain, "it was down")
            return await changeResources(of: running)
        }
        addFailure(
            running.label, StartFailure([diagnostic(provider, "\(running.label): \(error.message)")], exitCode: 69))
    }

    /// nil when it serves again.
    private func restartError(_ slot: InstanceSlot) async -> CallError? {
        let end = Once<CallError?>()
        Task {
            do throws(CallError) {
                try await slot.restart()
                end.set(nil)
            } catch {
                end.set(error)
            }
        }
        let late = CallError(
            .providerTimeout,
            "it has not started again within \(Int(Self.restartSecondsMax)) s, and goes on trying; the log says why")
        end.set(late, afterSeconds: Self.restartSecondsMax)
        return await end.value()
    }

    /// How long the others wait for one that was down.
    private static let restartSecondsMax = 60.0

    private mutating func createAgain(
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
            let (channel, served) = try await create(provider, by: starting)
            guard await serve(running, channel, provider, by: starting, served) else { return }
            add(label, .createdAgain, reason)
            await announceChanges(of: label, served)
        } catch {
            addFailure(label, error, detail: await createOld(running))
        }
    }

    /// The new one could not be created. Answers what became of the provider.
    private mutating func createOld(_ running: RunningProvider) async -> String {
        let old = running.prepared, label = running.label
        do throws(StartFailure) {
            let channel = try await running.starting.create(old, stack.state, stack.registry)
            let served = await serveAgain(old.instance(channel))
            guard await serve(running, channel, old, by: running.starting, served) else { return "it was stopped" }
            return "it serves as before"
        } catch {
            stack.log.log(.error, "\(label) could not be created as before either: \(Self.reason(error))")
            running.slot.fail(Self.reason(error))
            return "it could not be created as before either and stays down"
        }
    }

    /// False when the server has ended meanwhile.
    private func serve(
        _ running: RunningProvider, _ channel: any Channel, _ provider: Provider, by starting: Starting,
        _ served: Served
    ) async -> Bool {
        stack.running.withLock { now in
            guard let place = now.providers.firstIndex(where: { $0.label == running.label }) else { return }
            (now.providers[place].prepared, now.providers[place].starting) = (provider, starting)
        }
        enter(provider.instance(running.slot), served)
        if running.slot.fill(channel) { return true }
        await channel.close(withinSeconds: Starting.undoSecondsMax)
        return false
    }

    /// The instance, which serves what the file lists for it and what was announced.
    private func create(
        _ provider: Provider, by starting: Starting
    ) async throws(StartFailure) -> (any Channel, Served) {
        let channel = try await starting.create(provider, stack.state, stack.registry)
        let instance = provider.instance(channel)
        do throws(StartFailure) {
            var served: Served = ([], [])
            for entry in starting.resources.basesFirst where entry.providerLabel == instance.label {
                if let reason = try await starting.resources.register(entry, on: instance) {
                    served.leftOut.append((KnownResource(entry), reason))
                } else {
                    served.resources.append(KnownResource(entry))
                }
            }
            await complete(instance)
            return (channel, served)
        } catch {
            await channel.close(withinSeconds: Starting.undoSecondsMax)
            throw error
        }
    }

    /// What others announced that it serves, and what others serve that it is told of.
    private func complete(_ instance: RoutingTable.Instance) async {
        await stack.registry.registerAgain(on: instance)
        for resource in table.resources.all {
            await stack.switchboard.tell(.register, resource, to: [instance], log: stack.log)
        }
    }

    /// What it served until now.
    private func serveAgain(_ instance: RoutingTable.Instance) async -> Served {
        var served: Served = ([], [])
        let resources = table.resources.all.filter { !$0.isAnnounced && $0.providerLabel == instance.label }
        for resource in resources.filter({ $0.base == nil }) + resources.filter({ $0.base != nil }) {
            do throws(CallError) {
                try await stack.switchboard.register(resource, on: instance)
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

    private mutating func stop(_ label: String) async {
        guard let running = stack.running.withLock({ $0[label] }) else { return }
        await stack.registry.withdrawAll(from: label)
        let resources = table.resources.all.filter { $0.providerLabel == label }
        stack.switchboard.update { table in
            table.remove(label)
            table.resources.removeAll(of: label)
        }
        for resource in resources { await stack.switchboard.tell(.unregister, resource, log: stack.log) }
        let hasStopped = await running.slot.empty(drainSeconds: drainSeconds)
        await running.slot.close(withinSeconds: 0)
        stack.running.withLock { $0.providers.removeAll { $0.label == label } }
        add(label, .stopped, hasStopped ? nil : "it did not stop in order; the log says why")
    }

    // MARK: the table

    private func enter(_ instance: RoutingTable.Instance, _ served: Served) {
        stack.switchboard.update { table in
            table.put(instance)
            table.resources.replace(listedOf: instance.label, with: served.resources, leftOut: served.leftOut)
        }
        starting.putInFileOrder()
    }

    private mutating func finish() {
        starting.putInFileOrder()
        let keys = manifest.resources.map { KnownResource($0).key }
        let places = Dictionary(zip(keys, keys.indices)) { first, _ in first }
        stack.switchboard.update { table in
            table.resources.sort { places[$0.key] ?? keys.count }
        }
        var manifest = manifest
        // A reload does not apply these, and the next one shall say so again.
        (manifest.server, manifest.statePath) = (before.running.manifest.server, before.running.manifest.statePath)
        listUnserved()
        let labels = preparation.providers.map(\.entry.label)
        stack.running.withLock { running in
            running.manifest = manifest
            running.providers.sort { a, b in
                (labels.firstIndex(of: a.label) ?? 0) < (labels.firstIndex(of: b.label) ?? 0)
            }
        }
    }

    // MARK: what to say

    mutating func add(_ name: String, _ outcome: ReloadReport.Outcome, _ detail: String? = nil) {
        report.lines.append(ReloadReport.Line(name: name, outcome: outcome, detail: detail))
    }

    mutating func addFailure(_ name: String, _ failure: StartFailure, detail: String? = nil) {
        add(name, .failed, detail)
        report.diagnostics += failure.diagnostics
        if report.exitCode == 0 { report.exitCode = failure.exitCode }
    }

    private func diagnostic(_ provider: Provider, _ message: String) -> FileDiagnostic {
        manifest.source.diagnostic(provider.entry.position, ErrorCode.providerUnavailable.code, message)
    }

    private static func reason(_ failure: StartFailure) -> String { failure.diagnostics.first?.message ?? "" }
}

extension KnownResource {
    /// "model 'a'".
    var title: String { "\(kind.title) \(Quote.short(id))" }
}

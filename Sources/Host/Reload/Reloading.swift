import Foundation
import LlamaStackAPI

/// One reload of a stack whose file has no mistakes. Providers change one after the other, in the order of their needs,
/// so that each is away as briefly as possible; what went is stopped last.
struct Reloading: Sendable {
    typealias Provider = Launcher.Prepared
    /// The file's resources that an instance serves, and those that it does not.
    typealias Served = (resources: [KnownResource], leftOut: [(resource: KnownResource, reason: String)])

    /// The state of the stack when the reload began.
    struct Before: Sendable {
        var running: Running
        /// The resources that the file lists.
        var resources: [KnownResource]
    }

    static let shuttingDown = CallError(.shuttingDown, "the server is shutting down", retryAfterSeconds: 5)

    let stack: Stack
    /// The launcher for the file as it is now.
    let launcher: Launcher
    let before: Before
    let preparation: Launcher.Preparation
    let plan: ReloadPlan
    var report: ReloadReport

    var manifest: Manifest { launcher.manifest }
    var table: RoutingTable { stack.currentTable }
    var drainSeconds: Double { before.running.manifest.server.limits.drainSeconds }

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
        try checkMayGoOn()
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
        stack.dispatcher.update { $0.failed.removeAll { "\($0.api.rawValue)/\($0.providerID)" == entry.label } }
        do throws(StartFailure) {
            let (channel, served) = try await create(provider, by: launcher)
            let running = RunningProvider(
                prepared: provider, launcher: launcher, channel: channel, waitSeconds: drainSeconds)
            stack.running.withLock { $0.providers.append(running) }
            // The shutdown may have taken its list already.
            guard stack.mayChange else { return _ = await running.slot.close(withinSeconds: Launcher.undoSecondsMax) }
            enter(running.instance, served)
            add(entry.label, .started)
            await announceChanges(of: entry.label, served)
        } catch {
            if entry.isOptional { return doWithout(entry, error.diagnostics.first?.message ?? "") }
            stack.dispatcher.update { $0.failed.append((entry.api, entry.providerID, Self.reason(error))) }
            addFailure(entry.label, error)
        }
    }

    /// An optional one that can't be started.
    private mutating func doWithout(_ entry: Manifest.ProviderEntry, _ reason: String) {
        stack.dispatcher.update { $0.failed.removeAll { "\($0.api.rawValue)/\($0.providerID)" == entry.label } }
        launcher.fail(entry, reason)
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

    private mutating func stop(_ label: String) async {
        guard let running = stack.running.withLock({ $0[label] }) else { return }
        await stack.registry.withdrawAll(from: label)
        let resources = table.resources.all.filter { $0.providerLabel == label }
        stack.dispatcher.update { table in
            table.remove(label)
            table.resources.removeAll(of: label)
        }
        for resource in resources { await stack.dispatcher.tell(.unregister, resource, log: stack.log) }
        let hasStopped = await running.slot.empty(drainSeconds: drainSeconds)
        await running.slot.close(withinSeconds: 0)
        stack.running.withLock { $0.providers.removeAll { $0.label == label } }
        add(label, .stopped, hasStopped ? nil : "it did not stop in order; the log says why")
    }

    // MARK: the table

    private func finish() {
        listUnserved()
        launcher.putInFileOrder()
        let keys = manifest.resources.map { KnownResource($0).key }
        let places = Dictionary(zip(keys, keys.indices)) { first, _ in first }
        stack.dispatcher.update { table in
            table.resources.sort { places[$0.key] ?? keys.count }
            table.resources.keepLeftOut(Set(keys))
            table.failed.removeAll { failed in
                !manifest.providers.contains { $0.api == failed.api && $0.providerID == failed.providerID }
            }
        }
        var applied = manifest
        // A reload does not apply these, and the next one shall say so again.
        (applied.server, applied.statePath) = (before.running.manifest.server, before.running.manifest.statePath)
        let labels = preparation.providers.map(\.entry.label)
        stack.running.withLock { running in
            running.manifest = applied
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

    func diagnostic(_ provider: Provider, _ message: String) -> FileDiagnostic {
        manifest.source.diagnostic(provider.entry.position, ErrorCode.providerUnavailable.code, message)
    }

    static func reason(_ failure: StartFailure) -> String { failure.diagnostics.first?.message ?? "" }
}

import Foundation
import LlamaStackAPI

extension Stack {
    /// Reads the file again and makes the stack what it says. A file with mistakes changes nothing. Throws when another
    /// reload is under way, when the stack is about to end, or the file can't be read again.
    package func reload() async throws(CallError) -> ReloadReport {
        guard let source else {
            throw CallError(
                .notImplemented,
                "this server's distribution did not come from a file and can't be read again; restart the server")
        }
        let done = try beginReload()
        let result: Result<ReloadReport, CallError>
        do throws(CallError) { result = .success(try await reload(from: source)) } catch { result = .failure(error) }
        running.withLock { $0.reload = nil }
        done.fire()
        let report = try result.get()
        log.log(report.exitCode == 0 ? .info : .error, report.summary)
        return report
    }

    private func beginReload() throws(CallError) -> Once<Void> {
        let done = Once<Void>()
        let isFirst = running.withLock { running -> Bool in
            guard running.reload == nil else { return false }
            running.reload = done
            return true
        }
        guard isFirst else {
            throw CallError(.overloaded, "a reload is under way already; try again when it has ended")
        }
        guard mayChange else {
            running.withLock { $0.reload = nil }
            done.fire()
            throw Reloading.shuttingDown
        }
        return done
    }

    private func reload(from source: @escaping Source) async throws(CallError) -> ReloadReport {
        let before = Reloading.Before(
            running: running.withLock { $0 }, resources: currentTable.resources.all.filter { !$0.isAnnounced })
        var reloading: Reloading
        do throws(StartFailure) {
            reloading = try await check(source, before)
        } catch {
            var report = ReloadReport(file: before.running.manifest.file)
            (report.diagnostics, report.exitCode) = (error.diagnostics, error.exitCode)
            return report
        }
        try await reloading.run()
        return reloading.report
    }

    /// Compares the file with the running stack. Changes nothing.
    private func check(_ source: @escaping Source, _ before: Reloading.Before) async throws(StartFailure) -> Reloading {
        let manifest = try await OffPool.run { source() }.get()
        let next = launcher.with(manifest)
        let preparation = try await next.prepare { $0.isOptional && before.running[$0.label] == nil }
        var report = ReloadReport(file: manifest.file)
        report.isApplied = true
        report.diagnostics =
            manifest.warnings + RestartSettings.warnings(running: before.running.manifest, file: manifest)
        report.diagnostics += await OffPool.run { preparation.staleLibraries(manifest.source) }
        let plan = ReloadPlan(
            running: before.running.providers.map(\.planned),
            wanted: preparation.providers.map { $0.planned(next) },
            served: before.resources, listed: manifest.resources.map { KnownResource($0) })
        return Reloading(
            stack: self, launcher: next, before: before, preparation: preparation, plan: plan, report: report)
    }

    /// Waits for the reload that is under way; it takes no further step.
    func endReload(withinSeconds seconds: Double) async {
        guard let reload = running.withLock({ $0.reload }) else { return }
        let isOver = Once<Bool>()
        reload.whenSet { isOver.set(true) }
        isOver.set(false, afterSeconds: seconds)
        _ = await isOver.value()
    }
}

extension RunningProvider {
    fileprivate var planned: ReloadPlan.Provider {
        var planned = prepared.planned(launcher)
        planned.isDown = [.failed, .restarting].contains(slot.status.state)
        return planned
    }
}

extension Launcher.Prepared {
    fileprivate func planned(_ launcher: Launcher) -> ReloadPlan.Provider {
        ReloadPlan.Provider(label: entry.label, facts: facts(launcher))
    }
}

extension Launcher.Preparation {
    /// Code that is loaded into this process stays as it was: a warning for each library whose file is another one by
    /// now. Blocks on the disk.
    fileprivate func staleLibraries(_ source: ManifestSource) -> [FileDiagnostic] {
        providers.filter { $0.entry.process == nil && $0.stamp != FileStamp(path: $0.libraryPath) }.map { provider in
            source.warning(
                provider.entry.libraryPosition, "library_changed",
                "\(provider.entry.label): \(provider.libraryPath) has changed since the server loaded it, and code inside the "
                    + "server's process stays",
                hint: "restart the server, or give it a process of its own with 'isolation: process'")
        }
    }
}

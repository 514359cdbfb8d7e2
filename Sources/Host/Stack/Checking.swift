import Foundation
import LlamaStackAPI

extension Stack {
    /// How long a library may take to say what it holds, and an instance to be created, where a distribution is only
    /// checked.
    package static let checkSecondsMax = 60.0

    /// Does everything that a start does, and ends it: answers what it would hold. Every instance runs in a process of
    /// its own, whatever the file says, and is told that it is only checked. A library that crashes, hangs or ends its
    /// process is a mistake at its line, and the other entries are checked all the same.
    package static func check(
        _ manifest: Manifest, environment: [String: String] = ProcessInfo.processInfo.environment,
        log: LogSink = .discard, secondsMax: Double = Stack.checkSecondsMax
    ) async throws(StartFailure) -> Summary {
        let launcher = Launcher(
            manifest: manifest, environment: environment, log: log, metrics: .discard, callDepthMax: callDepthMax,
            checkSeconds: secondsMax)
        let stack = try await launcher.run(source: nil)
        let summary = stack.summary
        let providers = stack.running.withLock { $0.providers }
        for provider in providers.reversed() { await provider.slot.close(withinSeconds: Launcher.undoSecondsMax) }
        await stack.shutdown(withinSeconds: Launcher.undoSecondsMax)
        let ended = stack.endedByThemselves(providers)
        guard ended.isEmpty else { throw StartFailure(ended, exitCode: ErrorCode.providerCrashed.exitCode) }
        return summary
    }

    /// Those whose process ended while it was to serve, or in `destroy`.
    private func endedByThemselves(_ providers: [RunningProvider]) -> [FileDiagnostic] {
        manifest.providers.compactMap { entry in
            guard !entry.isOptional, let provider = providers.first(where: { $0.label == entry.label }),
                let end = provider.slot.status.lastEnd
            else { return nil }
            return manifest.source.diagnostic(
                entry.position, ErrorCode.providerCrashed.code, "\(entry.label) did not stay up: \(end)")
        }
    }
}

/// The failures of a start that only checks. It goes on with the providers that do not need one that failed.
struct FailedStarts {
    private var failures: [StartFailure] = []
    private var providers: [Launcher.Prepared] = []

    mutating func add(_ provider: Launcher.Prepared, _ failure: StartFailure) {
        providers.append(provider)
        failures.append(failure)
    }

    /// It needs an API whose provider failed: what it would say follows from that.
    func concern(_ provider: Launcher.Prepared) -> Bool {
        providers.contains { provider.descriptor.needs.contains($0.entry.api.rawValue) }
    }

    /// Throws all that went wrong, and in `body`.
    func adding(_ body: () async throws(StartFailure) -> Void) async throws(StartFailure) {
        var failures = failures
        do throws(StartFailure) { try await body() } catch { failures.append(error) }
        guard let first = failures.first else { return }
        let isOfOneKind = failures.allSatisfy { $0.exitCode == first.exitCode }
        throw StartFailure(failures.flatMap(\.diagnostics), exitCode: isOfOneKind ? first.exitCode : 78)
    }
}

extension IsolationSettings {
    /// As the entry says where it has a process of its own; an inline one has the environment of the server.
    init(checking entry: Manifest.ProviderEntry, _ environment: [String: String]) {
        self = entry.process ?? IsolationSettings()
        if entry.process == nil { self.environment = Array(environment.keys) }
        // What crashes is not tried again.
        restart.crashesMax = 1
    }
}

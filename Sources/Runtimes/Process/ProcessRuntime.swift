import ChildProcess
import ContractBridge
import Foundation
import LlamaStackAPI

/// Runs each instance in a process of its own, `llama-stack-provider-host`. The library is opened there alone.
package struct ProcessRuntime: ProviderRuntime {
    /// How long a library may take to load and say what it holds.
    package static let loadSecondsMax = 60.0

    /// The absolute path of `llama-stack-provider-host`.
    private let executable: String
    let settings: IsolationSettings
    private let environment: [String: String]
    private let loadSecondsMax: Double
    private let log: LogSink

    /// - Parameters:
    ///   - executable: nil: beside the running program, or where an installation keeps it.
    ///   - environment: of this process; the child gets only what `settings` allow.
    package init(
        executable: String? = nil, settings: IsolationSettings = IsolationSettings(),
        environment: [String: String] = ProcessInfo.processInfo.environment,
        loadSecondsMax: Double = ProcessRuntime.loadSecondsMax, log: LogSink
    ) throws(PluginRefusal) {
        guard let path = executable ?? Self.executablePath else {
            throw PluginRefusal(
                "provider_host_not_found", "there is no llama-stack-provider-host beside llama-stack",
                hint: "build or install both: `make build`, `make install`")
        }
        self.executable = path
        self.settings = settings
        self.environment = environment
        self.loadSecondsMax = loadSecondsMax
        self.log = log
    }

    private static var executablePath: String? {
        guard let own = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") else { return nil }
        let folder = (own as NSString).deletingLastPathComponent
        return ["\(folder)/llama-stack-provider-host", "\(folder)/../lib/llama-stack/llama-stack-provider-host"]
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    package func describe(_ path: String) async throws(PluginRefusal) -> LibraryDescription {
        let child: ProviderProcess
        do { child = try await start("describe", .alone(log: log)) } catch {
            throw PluginRefusal("provider_host_not_started", "\(executable): \(error)")
        }
        var request = CallRequest(method: "describe")
        request.target = PeerTarget.describe
        request.body = Array(path.utf8)
        let (bytes, error) = await child.answer(request, withinSeconds: loadSecondsMax)
        child.stop(graceSeconds: 0)
        if let error {
            let ended = error.code == .providerCrashed
            throw PluginRefusal(
                ended ? PluginRefusal.endedProcess : "library_unloadable",
                "\(path): "
                    + (ended
                        ? "the process that read what it holds \(await child.end().reason)"
                        : "reading what it holds failed: \(error.message)"))
        }
        let json = (try? JSON(parsing: bytes)) ?? .null
        if let refusal = json["refusal"] {
            throw PluginRefusal(
                refusal["code"]?.stringValue ?? "library_refused", refusal["message"]?.stringValue ?? path,
                hint: refusal["hint"]?.stringValue)
        }
        guard let description = LibraryDescription(json: json) else {
            throw PluginRefusal("library_refused", "\(path): says nothing that can be read")
        }
        return description
    }

    package func create(
        _ setup: InstanceSetup, host: HostReach, withinSeconds seconds: Double
    ) async throws(CreateFailure) -> any Channel {
        try await ProcessChannel.create(setup, runtime: self, settings: settings, host: host, withinSeconds: seconds)
    }

    /// A child that waits for its first call.
    ///
    /// - Parameter yields: its start gives way to others.
    func start(_ label: String, _ host: HostReach, yields: Bool = false) async throws -> ProviderProcess {
        let (executable, settings, environment) = (executable, settings, childEnvironment)
        return try await OffPool.run {
            Result {
                try ProviderProcess(
                    executable: executable, label: label, environment: environment, settings: settings, host: host,
                    yields: yields)
            }
        }.get()
    }

    private var childEnvironment: [String: String] {
        var child = ["SWIFT_BACKTRACE": "enable=no"]
        // The last one is the operator's word on which kernels may run.
        for name in ["PATH", "HOME", "LANG", "TZ", "LLAMA_STACK_ISA"] + settings.environment {
            child[name] = environment[name]
        }
        return child
    }
}

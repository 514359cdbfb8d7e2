import CProviderABI
import ContractBridge
import LlamaStackAPI

/// A way to run provider libraries: in this process, or each instance in a process of its own. What lies above a
/// ``Channel`` does not know which.
package protocol ProviderRuntime: Sendable {
    /// Describes the library at this absolute path. Runs code of the library, so the caller must trust it.
    func describe(_ path: String) async throws(PluginRefusal) -> LibraryDescription

    /// Makes an instance and waits until it can serve, at most `seconds`. Whatever goes wrong leaves nothing running.
    func create(
        _ setup: InstanceSetup, host: HostReach, withinSeconds seconds: Double
    ) async throws(CreateFailure) -> any Channel
}

/// The purpose of an instance. The raw values are those of the plug-in contract.
package enum InstancePurpose: UInt32, Sendable {
    case serve = 0
    /// To find out whether it could serve. It changes nothing outside its folder.
    case check
}

/// The setup that an instance is created from.
package struct InstanceSetup: Sendable {
    /// The library's absolute path.
    package var library: String
    package var provider: ProviderDescriptor
    package var providerID: String
    /// A JSON object, checked against the descriptor's schema.
    package var config: [UInt8]
    /// An existing folder of this instance alone; empty: none.
    package var statePath = ""
    /// Relative paths in the config start from it.
    package var basePath = "/"
    package var purpose = InstancePurpose.serve

    package init(library: String, provider: ProviderDescriptor, providerID: String, config: [UInt8]) {
        self.library = library
        self.provider = provider
        self.providerID = providerID
        self.config = config
    }

    /// "inference/cpu".
    package var label: String { "\(provider.api)/\(providerID)" }
}

/// The host's functions for one instance. Any thread may call them.
package struct HostReach: Sendable {
    package var log: LogSink
    package var metrics: MetricsSink
    /// Starts a call to the request's `target`; answers what cancels it.
    package var call: @Sendable (CallRequest, any AnswerSink) throws(CallError) -> @Sendable () -> Void
    package var announce: @Sendable (JSON) async -> CallError?
    package var withdraw: @Sendable (JSON) async -> CallError?

    package init(
        log: LogSink, metrics: MetricsSink,
        call: @escaping @Sendable (CallRequest, any AnswerSink) throws(CallError) -> @Sendable () -> Void,
        announce: @escaping @Sendable (JSON) async -> CallError?,
        withdraw: @escaping @Sendable (JSON) async -> CallError?
    ) {
        self.log = log
        self.metrics = metrics
        self.call = call
        self.announce = announce
        self.withdraw = withdraw
    }

    /// The reach of an instance outside any stack: it cannot call other providers.
    package static func alone(log: LogSink) -> HostReach {
        let refusal = CallError(.apiNotServed, "there is no other provider here")
        return HostReach(
            log: log, metrics: .discard, call: { _, _ throws(CallError) in throw refusal }, announce: { _ in refusal },
            withdraw: { _ in refusal })
    }
}

/// Why `create` did not give an instance that serves.
package struct CreateFailure: Error, Sendable {
    /// `lsp_status`.
    package var status: Int32
    /// The error object or, for LSP_BAD_CONFIG, the array.
    package var error: [UInt8]

    package init(status: Int32, error: [UInt8]) {
        self.status = status
        self.error = error
    }

    package init(_ error: CallError) { self.init(status: error.code.abiStatus, error: error.object) }

    /// `error` is the array of complaints about a config.
    package var isAboutConfig: Bool { status == Int32(LSP_BAD_CONFIG) }
}

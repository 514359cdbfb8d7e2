import LlamaStackAPI
import Runtimes

/// The way into one instance: its functions in this process, or the socket of a process of its own.
protocol InstanceEntry: Sendable {
    /// Starts the call, and may return before it has.
    func invoke(_ call: ProbeInstance.Prepared)
    func cancel(_ id: UInt64)
    /// Stops the instance, within the check's limit for one step.
    func destroy() throws(CheckFailure)
    /// How the instance's process ended before it was told to; nil: it lives, or is the check's own.
    var death: String? { get }
}

/// The provider that a check is about.
enum TestedProvider: Sendable {
    /// In this process.
    case loaded(LoadedProvider)
    /// Nothing of it is in this process.
    case apart(ProviderDescriptor)

    var descriptor: ProviderDescriptor {
        switch self {
        case .loaded(let provider): provider.descriptor
        case .apart(let descriptor): descriptor
        }
    }
}

/// The result of `create`.
struct Creation: Sendable {
    /// The record of `ready`.
    var ready: CallRecord
    var entry: (any InstanceEntry)?
    /// `create` answered NULL.
    var isNull = false
}

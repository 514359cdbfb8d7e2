import CProviderABI
import ContractBridge
import LlamaStackAPI

/// How a call ends over the contract: a status, and the error object when it is not LSP_OK.
struct Outcome: Sendable {
    var status: lsp_status
    var error: [UInt8]

    static let success = Outcome(status: lsp_status(LSP_OK), error: [])

    /// Translates an error that a method threw. `isCancelled`: the host has cancelled the call or closed its sink.
    init(of error: any Error, isCancelled: Bool) {
        switch error {
        case let error as ProviderError: self.init(error)
        case let error as WireError: self.init(ProviderError(error))
        case let error as JSONError: self.init(ProviderError(error.code, error.description))
        case let error as ResourceConfigurationError: self.init(error.problems)
        case let error as ConfigurationError: self.init(ProviderError(.internal, error.description))
        case is CancellationError where isCancelled: self.init(ProviderError(.cancelled, "the call was cancelled"))
        case is CancellationError: self.init(ProviderError(.internal, "the provider cancelled its own call"))
        default: self.init(ProviderError(.internal, String(describing: error)))
        }
    }

    /// The same for `create`: mistakes in the configuration are a list.
    init(creating error: any Error, isCancelled: Bool, configuration: JSON) {
        switch error {
        case let error as ConfigurationError: self.init(error.problems)
        case let error as WireError: self.init([ConfigurationError.Problem(error, in: configuration)])
        case let error as ProviderError where error.code == .invalidConfig:
            self.init([.init(pointer: "", code: error.code.code, message: error.message)])
        default: self.init(of: error, isCancelled: isCancelled)
        }
    }

    init(_ error: ProviderError) {
        self.init(status: error.code.abiStatus, error: error.object)
    }

    private init(_ problems: [ConfigurationError.Problem]) {
        self.init(status: ErrorCode.invalidConfig.abiStatus, error: JSON.array(problems.map(\.json)).bytes)
    }

    private init(status: lsp_status, error: [UInt8]) { (self.status, self.error) = (status, error) }
}

/// The mistakes in the configuration of a resource: the one list that a method may answer.
struct ResourceConfigurationError: Error {
    var problems: [ConfigurationError.Problem]
}

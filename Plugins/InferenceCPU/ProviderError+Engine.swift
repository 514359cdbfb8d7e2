import ChatTemplates
import LlamaEngine
import ProviderKit

extension ProviderError {
    /// A request that the engine refused or could not finish.
    /// - Parameter promptField: the request's field that the prompt was made of.
    package init(_ error: GenerationError, promptField: String) {
        let message = error.description
        switch error {
        case .emptyPrompt:
            self.init(
                .invalidRequest, "\(promptField) must not be empty: this model needs at least one token to go on from",
                field: promptField)
        case .tokenOutOfRange:
            self.init(.internal, message)
        case .contextLengthExceeded(let limit, let promptTokens, _), .cacheTooSmall(let limit, let promptTokens, _):
            self.init(.contextLengthExceeded, message, field: promptTokens < limit ? "max_tokens" : promptField)
        case .invalidParameter(let name, let reason):
            let isOption = GenerationOptions.object.properties.contains { $0.key == name }
            let field = name == "max_tokens" || isOption ? name : "sampling_params.\(name)"
            self.init(.invalidRequest, "\(field) \(reason)", field: field)
        case .queueFull:
            self.init(.queueFull, message, retryAfterSeconds: 1)
        case .deadlineExceeded:
            self.init(.providerTimeout, message)
        case .outOfMemory:
            self.init(.overloaded, message, retryAfterSeconds: MemoryPressure.retryAfterSeconds)
        case .invalidLogits, .noTokenFits:
            self.init(.internal, message)
        case .engineStopped:
            self.init(.shuttingDown, "the model is being unloaded", retryAfterSeconds: 1)
        }
    }

    /// A conversation that the model's template could not or would not write.
    package init(_ error: TemplateError, field: String) {
        self.init(error.kind == .limit ? .templateLimit : .templateError, error.description, field: field)
    }

    /// A model that can't be loaded. Only the operator sees it: at the start, at its line of the distribution.
    package init(loading path: String, _ error: any Error, field: String = "path") {
        let text = "\(error)"
        self.init(.invalidConfig, text.contains(path) ? text : "\(path): \(text)", field: field)
    }
}

import LlamaEngine
import ProviderKit

extension TokenUsage {
    init(_ finish: Generation.Finish) {
        self.init(
            promptTokens: finish.promptTokens, cachedTokens: finish.cachedTokens,
            completionTokens: finish.generatedTokens)
    }
}

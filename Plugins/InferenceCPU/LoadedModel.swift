import Dispatch
import LlamaEngine
import ProviderKit
import Synchronization

/// One registered model, ready to answer: requests run at full speed from the first on.
final class LoadedModel: Sendable {
    let id: String
    let language: ModelLanguage
    let engine: Engine
    /// Where this model's prompts are written, and where its engine is let go.
    let queue: DispatchQueue
    /// `Engine.Load.tokensComputed` as it was counted last.
    private let tokensCounted = Mutex(0)

    init(id: String, language: ModelLanguage, engine: Engine, queue: DispatchQueue) throws {
        let rows = engine.model.configuration.vocabulary
        guard language.tokenizer.vocabularySize <= rows else {
            throw TokenizerError(
                "vocabulary",
                "has \(language.tokenizer.vocabularySize) tokens, but the model's embedding has rows for \(rows)")
        }
        (self.id, self.language, self.engine, self.queue) = (id, language, engine, queue)
    }

    /// The last reference may go in a task, and letting go of an engine waits for its threads.
    deinit {
        let engine = engine
        engine.stop()
        queue.async { withExtendedLifetime(engine) {} }
    }

    /// Tokens that the engine has computed since this was asked last; so the answers add up to the engine's own count.
    func tokensToCount(_ load: Engine.Load) -> Int {
        tokensCounted.withLock { counted in
            defer { counted = max(counted, load.tokensComputed) }
            return max(0, load.tokensComputed - counted)
        }
    }
}

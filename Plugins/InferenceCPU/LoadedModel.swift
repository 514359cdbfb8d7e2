import Dispatch
import LlamaEngine
import ProviderKit
import Synchronization
import Tokenizers

/// One registered model, ready to answer: requests run at full speed from the first on. It has an engine of its own, or
/// it is an adapter and answers through its base's, beside the base's requests.
final class LoadedModel: Sendable {
    let id: String
    let language: ModelLanguage
    let engine: Engine
    let grammars: AnswerGrammars
    /// The base and the adapter that turns its answers into this model's; both or none.
    let base: LoadedModel?
    let adapter: Adapter?
    /// The queue on which this model's prompts are written and its engine is released.
    let queue: DispatchQueue
    /// `Generation.Load.tokensComputed` as it was counted last.
    private let tokensCounted = Mutex(0)

    init(id: String, language: ModelLanguage, engine: Engine, queue: DispatchQueue) throws {
        let rows = engine.model.configuration.vocabulary
        guard language.tokenizer.vocabularySize <= rows else {
            throw TokenizerError(
                "vocabulary",
                "has \(language.tokenizer.vocabularySize) tokens, but the model's embedding has rows for \(rows)")
        }
        (self.id, self.language, self.engine, self.queue) = (id, language, engine, queue)
        grammars = AnswerGrammars(language, queue: queue)
        (base, adapter) = (nil, nil)
    }

    /// - Parameter base: no adapter itself.
    init(id: String, base: LoadedModel, adapter: Adapter) {
        (self.id, self.base, self.adapter) = (id, base, adapter)
        (language, engine, grammars, queue) = (base.language, base.engine, base.grammars, base.queue)
    }

    /// The last reference may go in a task, and letting go of an engine waits for its threads.
    deinit {
        guard base == nil else { return }
        let engine = engine
        engine.stop()
        queue.async { withExtendedLifetime(engine) {} }
    }

    /// The model whose name the engine's own counts go by.
    var owner: LoadedModel { base ?? self }

    /// Tokens that the engine has computed since this was asked last; so the answers add up to the engine's own count.
    func tokensToCount(_ load: Generation.Load) -> Int {
        owner.tokensCounted.withLock { counted in
            defer { counted = max(counted, load.tokensComputed) }
            return max(0, load.tokensComputed - counted)
        }
    }
}

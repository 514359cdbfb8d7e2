import Dispatch
import Synchronization

/// The grammars of one model. Compiles on a queue of its own, so that no answer waits for another's schema, and keeps
/// those compiled last.
package final class GrammarLibrary: Sendable {
    private struct Kept {
        var vocabulary: GrammarVocabulary?
        var grammars: [String: (grammar: Grammar, use: Int)] = [:]
        var uses = 0
    }

    private let kept = Mutex(Kept())
    private let queue = DispatchQueue(label: "llama-stack.grammars", qos: .utility)
    private let makeTrie: @Sendable () -> TokenTrie

    /// Grammars that are kept.
    package static let grammarsMax = 64

    /// - Parameter makeTrie: called once, on the queue, before the first grammar is compiled.
    package init(makeTrie: @escaping @Sendable () -> TokenTrie) { self.makeTrie = makeTrie }

    /// Makes what all grammars need, before the first is asked for. Returns at once.
    package func prepare() {
        queue.async { _ = self.vocabulary() }
    }

    /// The state before the first token of an answer.
    /// - Parameters:
    ///   - key: says all that `start` depends on: two of the same key are compiled once.
    ///   - start: makes the source, on the queue, when the key is new.
    package func state(
        _ key: String, _ start: @escaping @Sendable () -> GrammarStart
    ) async throws(GrammarError) -> GrammarState {
        if let known = known(key) { return known }
        let result: Result<GrammarState, GrammarError> = await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: self.compile(key, start)) }
        }
        return try result.get()
    }

    private func known(_ key: String) -> GrammarState? {
        kept.withLock { kept in
            guard let vocabulary = kept.vocabulary, let grammar = kept.grammars[key]?.grammar else { return nil }
            kept.uses += 1
            kept.grammars[key]?.use = kept.uses
            return GrammarState(grammar, vocabulary)
        }
    }

    private func compile(_ key: String, _ start: () -> GrammarStart) -> Result<GrammarState, GrammarError> {
        let vocabulary = vocabulary()
        if let known = known(key) { return .success(known) }
        do {
            let grammar = try Grammar(start())
            let state = GrammarState(grammar, vocabulary)
            // The first mask is there when the engine asks for it.
            var mask = TokenMask(vocabulary: vocabulary.vocabulary)
            state.allowed(&mask)
            keep(grammar, key)
            return .success(state)
        } catch {
            return .failure(error)
        }
    }

    private func vocabulary() -> GrammarVocabulary {
        if let known = kept.withLock({ $0.vocabulary }) { return known }
        let vocabulary = GrammarVocabulary(trie: makeTrie())
        vocabulary.prepare()
        kept.withLock { $0.vocabulary = vocabulary }
        return vocabulary
    }

    private func keep(_ grammar: Grammar, _ key: String) {
        kept.withLock { kept in
            kept.uses += 1
            kept.grammars[key] = (grammar, kept.uses)
            guard kept.grammars.count > Self.grammarsMax else { return }
            if let oldest = kept.grammars.min(by: { $0.value.use < $1.value.use })?.key {
                kept.grammars[oldest] = nil
            }
        }
    }
}

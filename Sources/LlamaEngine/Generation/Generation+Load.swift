extension Generation {
    /// The engine's current load.
    package struct Load: Sendable, Equatable {
        package var running = 0
        package var waiting = 0
        /// Tokens that have gone through the model since the start, prompts included, guesses that were wrong not.
        package var tokensComputed = 0
        /// Guesses that have gone through the model, and those of them that were right.
        package var tokensDrafted = 0
        package var tokensAccepted = 0
        /// Prompt tokens whose keys and values were there already, since the start.
        package var tokensShared = 0
        /// Keys and values of the sequences that run.
        package var cacheBytes = 0
        /// Memory for keys and values that no sequence uses at the moment.
        package var idleCacheBytes = 0
        /// How often a sequence had to give its memory to an older one, since the start.
        package var preemptions = 0
    }

    /// How much memory is left around the engine, which only its owner can know.
    package enum MemoryShortage: Sendable {
        case none
        /// Unused memory is returned to the system. Growing answers take pages from younger ones, which pause and
        /// resume later; only the oldest always goes on.
        case short
        /// Not even that one: it fails rather than bring the whole process down.
        case exhausted
    }
}

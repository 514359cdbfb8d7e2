import CKernels

/// Runs one model for many callers: requests go in from any thread, tokens come out through each request's sink.
///
/// One thread of its own computes all sequences step by step, sharing each step's arithmetic with a pool of threads:
/// every step gives each running sequence one token, or the next part of its prompt. Nothing runs on Swift's
/// cooperative threads.
package final class Engine: Sendable {
    package struct Options: Sendable {
        /// Threads that compute, 1 to `ThreadPool.threadsMax`.
        package var threads = 1
        package var precision = Precision.quantized
        /// Positions of one sequence, prompt and answer together; nil, or more than the model has, means the model's own.
        package var contextTokensMax: Int?
        /// Sequences computed at the same time.
        package var runningMax = 16
        /// Requests that wait for a place; one more is refused with `queueFull`.
        package var waitingMax = 64
        /// Prompt tokens computed in one step, over all sequences. More reads prompts faster and makes the other
        /// sequences wait longer between tokens.
        package var prefillTokensMax = 128
        /// Memory for keys and values, taken as it is needed; nil sets no limit of its own. When it runs out, the youngest
        /// request gives its part up and goes on later where it was.
        package var cacheBytesMax: Int?
        /// Whether requests that begin with the same tokens share the keys and values of these. Answers are the same to the
        /// last bit either way.
        package var prefixSharing = true
        /// Whether tokens are guessed and several of them checked in one pass. Answers are the same either way.
        package var speculation = Speculation.lookup
        /// Memory for keys and values that is kept when no request uses it; nil: `idleCacheBytes`, or what
        /// `idleCacheTokens` take where that is more, and hardly any without `prefixSharing`.
        package var idleCacheBytesMax: Int?

        package static let idleCacheBytes = 64 << 20
        package static let idleCacheTokens = 2048
        static let idlePagesUnshared = 2

        package init() {}
    }

    /// Where the guesses come from that are checked several in one pass.
    package enum Speculation: String, Sendable, CaseIterable {
        case none
        /// From the prompt and the answer so far, or from a `Draft`, where it pays.
        case lookup
    }

    /// A model that guesses tokens for a larger one.
    package struct Draft: Sendable {
        /// Its token ids mean what those of the large model mean.
        let model: Model
        /// Of one guess, as a share of a pass of the large model over one token: about the ratio of their weights' bytes, since a
        /// pass over one token takes as long as reading them. From 1 on no guess pays.
        let cost: Double

        package init(model: Model, cost: Double) {
            (self.model, self.cost) = (model, cost)
        }
    }

    /// What the engine is doing now.
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
        /// What no answer uses goes back to the system. Answers that grow take from younger ones, which wait and go on later; the
        /// oldest alone goes on growing.
        case short
        /// Not even that one: it fails rather than bring the whole process down.
        case exhausted
    }

    package let model: Model
    /// Positions of one sequence.
    package let contextTokens: Int
    private let scheduler: Scheduler
    private let thread: Thread

    /// - Throws: `EngineFailure`.
    package init(model: Model, draft: Draft? = nil, options: Options = Options()) throws(EngineFailure) {
        try options.validate()
        self.model = model
        contextTokens = min(options.contextTokensMax ?? .max, model.configuration.contextTokens)
        let pool = try ThreadPool(threads: options.threads)
        let scheduler = Scheduler(
            decoder: Decoder(model: model, precision: options.precision, pool: pool), draft: draft, options: options,
            contextTokens: contextTokens)
        self.scheduler = scheduler
        thread = try Thread.start(name: "llama-scheduler") { scheduler.run() }
    }

    deinit {
        scheduler.requestStop()
        // The last reference may go away inside a sink, on the thread itself.
        if thread.isCurrent { thread.detach() } else { thread.join() }
    }

    /// Takes a request in. Its sink hears exactly one last event, whatever happens after this returns.
    /// - Throws: `GenerationError` when the request is wrong, can never fit, or the queue is full; the sink then hears nothing.
    package func submit(
        _ request: Generation.Request, sink: @escaping Generation.Sink
    ) throws(GenerationError) -> Generation.Handle {
        try scheduler.submit(request, sink: sink)
    }

    /// Ends a request within one step; its sink hears `.finished` with `.cancelled`. Without effect once the last event was sent.
    package func cancel(_ handle: Generation.Handle) {
        scheduler.post(.cancel(handle.number))
    }

    /// Goes on with a request whose sink answered `.pause`. Without effect on others. May come before that answer takes
    /// effect: it is never lost.
    package func resume(_ handle: Generation.Handle) {
        scheduler.post(.resume(handle.number))
    }

    package var load: Load { scheduler.load }

    /// Says how much memory is left from now on. Takes effect within one step, also when nothing is computed.
    package func memory(is shortage: MemoryShortage) {
        scheduler.post(.memory(shortage))
    }

    /// Refuses new requests and fails those that live with `engineStopped`, within one step. Returns at once.
    package func stop() {
        scheduler.requestStop()
    }
}

extension Engine.Options {
    func validate() throws(EngineFailure) {
        try require("threads", threads, 1...ThreadPool.threadsMax)
        try require("context_tokens_max", contextTokensMax ?? 1, 1...ModelConfiguration.contextTokensMax)
        try require("running_max", runningMax, 1...4096)
        try require("waiting_max", waitingMax, 0...1_000_000)
        try require("prefill_tokens_max", prefillTokensMax, 1...65536)
        try require("cache_bytes_max", cacheBytesMax ?? 1, 1...Int.max)
        try require("cache_idle_bytes_max", idleCacheBytesMax ?? 1, 0...Int.max)
    }

    func idlePagesMax(_ layout: KVLayout) -> Int {
        if let idleCacheBytesMax { return idleCacheBytesMax / layout.pageBytes }
        // Without sharing nothing in an idle page is of use: it only saves asking the system for another.
        guard prefixSharing else { return Self.idlePagesUnshared }
        return max(Self.idleCacheBytes / layout.pageBytes, Self.idleCacheTokens / KVLayout.positions)
    }

    private func require(_ name: String, _ value: Int, _ range: ClosedRange<Int>) throws(EngineFailure) {
        guard range.contains(value) else {
            throw .invalidOption(
                name: name, reason: "must be in \(range.lowerBound)...\(range.upperBound), got \(value)")
        }
    }
}

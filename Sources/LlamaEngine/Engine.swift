import Parallel

/// Runs one model for many callers: requests go in from any thread, tokens come out through each request's sink.
///
/// One thread of its own computes all sequences step by step, sharing each step's arithmetic with a pool of threads:
/// every step gives each running sequence one token, or the next part of its prompt. Nothing runs on Swift's
/// cooperative threads.
package final class Engine: Sendable {
    package let model: Model
    /// Positions of one sequence.
    package let contextTokens: Int
    private let scheduler: Scheduler
    private let thread: Thread

    /// - Throws: `OptionError`, `ThreadPoolError`.
    package init(model: Model, draft: Generation.Draft? = nil, options: Generation.Options = Generation.Options())
        throws
    {
        try options.validate()
        self.model = model
        contextTokens = min(options.contextTokensMax ?? .max, model.configuration.contextTokens)
        let pool = try ThreadPool(threads: options.threads)
        let scheduler = Scheduler(
            decoder: Decoder(
                model: model, precision: options.precision, cachePrecision: options.cachePrecision, pool: pool),
            draft: draft, options: options, contextTokens: contextTokens)
        self.scheduler = scheduler
        thread = try Thread.start(name: "llama-scheduler") { scheduler.run() }
    }

    deinit {
        scheduler.requestStop()
        // The last reference may go away inside a sink, on the thread itself.
        if thread.isCurrent { thread.detach() } else { thread.join() }
    }

    /// Takes a request in. Its sink hears exactly one last event, whatever happens after this returns.
    /// - Throws: `GenerationError` when the request is wrong, can never fit, or the queue is full; the sink then hears
    ///   nothing.
    package func submit(
        _ request: Generation.Request, sink: @escaping Generation.Sink
    ) throws(GenerationError) -> Generation.Handle {
        try scheduler.submit(request, sink: sink)
    }

    /// Ends a request within one step; its sink hears `.finished` with `.cancelled`. Without effect once the last event
    /// was sent.
    package func cancel(_ handle: Generation.Handle) {
        scheduler.post(.cancel(handle.number))
    }

    /// Goes on with a request whose sink answered `.pause`. Without effect on others. May come before that answer takes
    /// effect: it is never lost.
    package func resume(_ handle: Generation.Handle) {
        scheduler.post(.resume(handle.number))
    }

    package var load: Generation.Load { scheduler.load }

    /// Says how much memory is left from now on. Takes effect within one step, also when nothing is computed.
    package func memory(is shortage: Generation.MemoryShortage) {
        scheduler.post(.memory(shortage))
    }

    /// Refuses new requests and fails those that live with `engineStopped`, within one step. Returns at once.
    package func stop() {
        scheduler.requestStop()
    }
}

import Synchronization
import Testing

@testable import LlamaEngine
@testable import Parallel

/// Runs requests and keeps what their sinks heard.
struct EngineProbe: Sendable {
    let engine: Engine

    init(
        _ model: Model, draft: Generation.Draft? = nil, _ change: (inout Generation.Options) -> Void = { _ in }
    ) throws {
        var options = Generation.Options()
        options.precision = .exact
        change(&options)
        engine = try Engine(model: model, draft: draft, options: options)
    }

    static func tiny(_ change: (inout Generation.Options) -> Void = { _ in }) throws -> EngineProbe {
        try EngineProbe(TinyModel.named("llama31").load(), change)
    }

    /// Submits; `answer` is given how many tokens the sink has heard and says how to go on.
    func submit(
        _ prompt: [Int32], _ tokensMax: Int, sampling: Sampling = Sampling(), stopTokens: Set<Int32> = [],
        deadline: ContinuousClock.Instant? = nil, answer: @escaping @Sendable (Int) -> Generation.Flow = { _ in .more }
    ) throws -> Heard {
        try submit(
            Generation.Request(
                prompt: prompt, tokensMax: tokensMax, sampling: sampling, stopTokens: stopTokens, deadline: deadline),
            answer: answer)
    }

    func submit(
        _ request: Generation.Request, answer: @escaping @Sendable (Int) -> Generation.Flow = { _ in .more }
    ) throws -> Heard {
        let heard = Heard()
        heard.engine = engine
        heard.handle = try engine.submit(request) { event in
            // A waiter for the end goes on when all that `answer` does has been done.
            defer { heard.end(after: event) }
            return answer(heard.hear(event))
        }
        return heard
    }
}

extension EngineProbe {
    /// The tokens of a whole answer.
    func answer(_ prompt: [Int32], _ tokensMax: Int, sampling: Sampling = Sampling()) async throws -> [Int32] {
        try await submit(prompt, tokensMax, sampling: sampling).tokens()
    }
}

/// What one sink heard.
final class Heard: @unchecked Sendable {
    private let monitor = Monitor()
    private var events: [Generation.Event] = []
    private let ended: AsyncStream<Void>
    private let close: AsyncStream<Void>.Continuation
    private let gate: AsyncStream<Void>
    private let open: AsyncStream<Void>.Continuation
    var handle = Generation.Handle(number: 0)
    /// Lives until the answer is there.
    var engine: Engine?

    init() {
        (ended, close) = AsyncStream.makeStream()
        (gate, open) = AsyncStream.makeStream()
    }

    /// - Returns: tokens heard so far.
    func hear(_ event: Generation.Event) -> Int {
        let tokens = monitor.locked {
            events.append(event)
            return events.count { if case .token = $0 { true } else { false } }
        }
        open.yield()
        return tokens
    }

    func end(after event: Generation.Event) {
        if case .token = event { return }
        close.finish()
    }

    /// Waits for the first event.
    func first() async {
        for await _ in gate { return }
    }

    /// Waits for the last event; answers all.
    func all() async -> [Generation.Event] {
        for await _ in ended {}
        return monitor.locked { events }
    }

    func tokens() async -> [Int32] {
        await all().compactMap { if case .token(let token) = $0 { token.id } else { nil } }
    }

    func last() async -> Generation.Event? { await all().last }

    var soFar: [Generation.Event] { monitor.locked { events } }
}

extension Generation.Event {
    var reason: Generation.StopReason? { if case .finished(let finish) = self { finish.reason } else { nil } }
    var error: GenerationError? { if case .failed(let error) = self { error } else { nil } }
}

import LlamaEngine
import ProviderKit
import Synchronization
import Testing

@testable import InferenceCPU

/// What a caller hears of an engine while no token comes.
@Suite(.timeLimit(.minutes(60))) struct ProgressTests {
    private let token = Generation.Token(id: 7)

    private func run(_ watch: ProgressWatch, _ queue: TokenQueue, _ count: @escaping @Sendable () -> Int) -> Task<
        Void, Never
    > {
        Task { await watch.run(queue, count) }
    }

    @Test("a reader that waits hears of each look that finds more work done")
    func works() async {
        let queue = TokenQueue()
        let count = Atomic(0)
        let watching = run(ProgressWatch(interval: .milliseconds(1), stillLooksMax: 1), queue) {
            count.add(1, ordering: .relaxed).newValue
        }
        for _ in 0..<3 {
            guard case .progress = await queue.next() else {
                Issue.record("it heard something else")
                break
            }
        }
        watching.cancel()
        await watching.value
    }

    @Test("a reader that waits hears once that nothing is done any more")
    func stalls() async {
        let queue = TokenQueue()
        let looks = Atomic(0)
        let watching = run(ProgressWatch(interval: .milliseconds(1), stillLooksMax: 5), queue) {
            looks.add(1, ordering: .relaxed)
            return 3
        }
        guard case .stalled = await queue.next() else {
            Issue.record("it heard something else")
            return
        }
        await watching.value
        // One before the first interval.
        #expect(looks.load(ordering: .relaxed) > 5)
    }

    @Test("a reader that is busy hears nothing, and then its tokens")
    func busy() async {
        let queue = TokenQueue()
        let looks = Atomic(0)
        let watching = run(ProgressWatch(interval: .milliseconds(1), stillLooksMax: 2), queue) {
            looks.add(1, ordering: .relaxed)
            return 3
        }
        while looks.load(ordering: .relaxed) < 10 { try? await Task.sleep(for: .milliseconds(1)) }
        watching.cancel()
        await watching.value
        _ = queue.put(.token(token))
        guard case .tokens([token], isPaused: false) = await queue.next() else {
            Issue.record("it heard something else")
            return
        }
    }

    private func generation(_ model: LoadedModel, _ watch: ProgressWatch?) -> GenerationRun {
        let prompt = model.language.prompt(continuing: "hi")
        return GenerationRun(
            model: model, call: ServedModel.call(), request: Generation.Request(prompt: prompt),
            promptField: "content", progress: watch)
    }

    @Test("an answer hands on that its engine works, beside its tokens")
    func handedOn() async throws {
        let model = try await ServedModel(.saying("a", "b", end: .never, contextTokens: 100_000)).loaded()
        // On a busy machine the engine may do nothing for thousands of such looks.
        let run = generation(model, ProgressWatch(interval: .microseconds(50), stillLooksMax: .max))
        let seen = Kept<Int>()
        await #expect(throws: CancellationError.self) {
            _ = try await run.generate { tokens in
                seen.append(tokens.count)
                if tokens.isEmpty { throw CancellationError() }
            }
        }
        #expect(seen.all.last == 0)
    }

    @Test("an answer whose engine does nothing ends with an error")
    func hangs() async throws {
        let served = try await ServedModel(
            .saying("a", "b", end: .never, contextTokens: 100_000), config: ["threads": 1, "running_max": 1])
        let model = try served.loaded()
        // The one place is held by an answer that is not read.
        let (began, stuck) = (Door(), Door())
        let first = Task {
            try await generation(model, nil).generate { _ in
                began.open()
                await stuck.wait()
                throw CancellationError()
            }
        }
        await began.wait()
        let error = await #expect(throws: ProviderError.self) {
            _ = try await generation(model, ProgressWatch(interval: .milliseconds(5), stillLooksMax: 20)).generate {
                _ in
            }
        }
        #expect(error?.code == .providerTimeout)
        stuck.open()
        await #expect(throws: CancellationError.self) { _ = try await first.value }
    }
}

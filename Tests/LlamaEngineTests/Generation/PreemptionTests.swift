import Synchronization
import Testing

@testable import LlamaEngine

/// A page of the tiny model takes 128 positions, so a sequence of its whole context takes two.
@Suite(.timeLimit(.minutes(60))) struct PreemptionTests {
    private static let page = 2 * 2 * 2 * 128 * 64 * 4

    private struct Stream {
        let prompt: [Int32]
        let tokensMax: Int
        let sampling: Sampling
    }

    /// Streams of all lengths, every other one sampled.
    private func streams(_ count: Int) -> [Stream] {
        var random = LlamaEngine.SplitMix64(seed: 5)
        return (0..<count).map { index in
            let length = Int.random(in: 2...150, using: &random)
            return Stream(
                prompt: (0..<length).map { _ in Int32.random(in: 0..<320, using: &random) },
                tokensMax: index % 3 == 0 ? 0 : Int.random(in: 60...106, using: &random),
                sampling: index % 2 == 0 ? Sampling() : Sampling(temperature: 1, topP: 0.9, seed: UInt64(index)))
        }
    }

    private func answers(_ streams: [Stream], _ change: (inout Generation.Options) -> Void) async throws -> (
        answers: [[Int32]], load: Generation.Load
    ) {
        let probe = try EngineProbe.tiny(change)
        let all = try streams.map { try probe.submit($0.prompt, $0.tokensMax, sampling: $0.sampling) }
        var answers: [[Int32]] = []
        for heard in all {
            #expect(await heard.last()?.reason == .length)
            answers.append(await heard.tokens())
        }
        return (answers, probe.engine.load)
    }

    @Test("sixteen long streams in memory for four say what each says alone", arguments: [1, 3])
    func sixteen(_ threads: Int) async throws {
        let streams = streams(16)
        var alone: [[Int32]] = []
        for stream in streams { alone += try await answers([stream]) { _ in }.answers }
        let (together, load) = try await answers(streams) {
            $0.threads = threads
            $0.cacheBytesMax = 8 * Self.page
        }
        #expect(together == alone)
        #expect(load.preemptions > 0)
        #expect((load.running, load.waiting, load.cacheBytes) == (0, 0, 0))
    }

    @Test("memory for one sequence serves many, one at a time where they are long")
    func one() async throws {
        let streams = streams(8)
        let (all, _) = try await answers(streams) { _ in }
        let (few, _) = try await answers(streams) { $0.cacheBytesMax = 2 * Self.page }
        #expect(few == all)
    }

    @Test("an answer without a length takes memory as it grows, and none in advance")
    func open() async throws {
        let probe = try EngineProbe.tiny { $0.cacheBytesMax = 4 * Self.page }
        let runningMost = Mutex(0)
        let all = try (0..<4).map { index in
            try probe.submit([1, 2, Int32(index)], 0) { tokens in
                if tokens == 20 { runningMost.withLock { $0 = max($0, probe.engine.load.running) } }
                return tokens == 20 ? .closed : .more
            }
        }
        for heard in all { _ = await heard.all() }
        // Three of two pages each would not fit; of one page each, three and a spare one do.
        #expect(runningMost.withLock { $0 } >= 3)
        #expect(probe.engine.load.preemptions == 0)
    }

    @Test("the youngest gives way, and the oldest never does")
    func order() async throws {
        let probe = try EngineProbe.tiny { $0.cacheBytesMax = 3 * Self.page }
        let ends = Mutex<[Int]>([])
        let all = try (0..<3).map { index in
            try probe.submit([4, 5, Int32(index)], 200) { tokens in
                if tokens == 200 { ends.withLock { $0.append(index) } }
                return .more
            }
        }
        for heard in all { #expect(await heard.tokens().count == 200) }
        // Each hears its last token and its end.
        #expect(ends.withLock { $0 } == [0, 0, 1, 1, 2, 2])
        #expect(probe.engine.load.preemptions > 0)
    }

    @Test("a paused sequence gives its memory to those that can go on, and says the same when it comes back")
    func paused() async throws {
        let alone = try await EngineProbe.tiny().answer([7, 7, 7], 150)
        let probe = try EngineProbe.tiny { $0.cacheBytesMax = 2 * Self.page }
        // Both pages are this one's when it pauses.
        let slow = try probe.submit([7, 7, 7], 150) { $0 == 140 ? .pause : .more }
        while slow.soFar.count < 140 { await Task.yield() }
        #expect(try await probe.answer([8, 8], 180).count == 180)
        #expect(probe.engine.load.preemptions == 1)
        #expect(probe.engine.load.waiting == 1)
        probe.engine.resume(slow.handle)
        #expect(await slow.tokens() == alone)
    }

    @Test("a sequence that gave way can be cancelled where it waits")
    func cancelled() async throws {
        let probe = try EngineProbe.tiny { $0.cacheBytesMax = 2 * Self.page }
        let slow = try probe.submit([7, 7, 7], 150) { $0 == 140 ? .pause : .more }
        while slow.soFar.count < 140 { await Task.yield() }
        #expect(try await probe.answer([8, 8], 180).count == 180)
        probe.engine.cancel(slow.handle)
        #expect(
            await slow.last()
                == .finished(Generation.Finish(reason: .cancelled, promptTokens: 3, generatedTokens: 140)))
    }

    @Test("four hundred requests at once are answered, refused for their size, or refused for the queue's")
    func flood() async throws {
        let probe = try EngineProbe.tiny {
            $0.cacheBytesMax = Self.page
            $0.waitingMax = 300
        }
        var admitted: [Heard] = []
        var (full, never) = (0, 0)
        for index in 0..<400 {
            do {
                // Every fifth is longer than the one page holds.
                admitted.append(try probe.submit([1, Int32(index % 300)], index % 5 == 0 ? 200 : 2))
            } catch GenerationError.cacheTooSmall {
                never += 1
            } catch GenerationError.queueFull {
                full += 1
            }
        }
        #expect(never == 80)
        #expect(admitted.count + full == 320)
        #expect(admitted.count >= 316)
        for heard in admitted { #expect(await heard.tokens().count == 2) }
    }

    @Test("short prompts are answered beside a long one, and the long one too")
    func promptsInTurn() async throws {
        let probe = try EngineProbe.tiny { $0.prefillTokensMax = 4 }
        let order = Mutex<[Int]>([])
        let holder = try probe.submit([1, 2], 2) { $0 == 1 ? .pause : .more }
        await holder.first()
        let long = try probe.submit([Int32](repeating: 9, count: 200), 1) { _ in
            order.withLock { $0.append(200) }
            return .more
        }
        let short = try (0..<5).map { index in
            try probe.submit([Int32](repeating: Int32(index), count: 12), 1) { _ in
                order.withLock { $0.append(index) }
                return .more
            }
        }
        for heard in short + [long] { _ = await heard.all() }
        // Each hears its token and its end.
        #expect(order.withLock { $0 } == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 200, 200])
    }
}

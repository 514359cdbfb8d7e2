import Synchronization
import Testing

@testable import LlamaEngine

@Suite struct CancellationTests {
    private let prompt: [Int32] = [9, 8, 7]

    @Test("a sink that closes ends its request with the token that it heard, and the model stops")
    func closed() async throws {
        let probe = try EngineProbe.tiny()
        let heard = try probe.submit(prompt, 200) { $0 == 4 ? .closed : .more }
        #expect(
            await heard.last()
                == .finished(Generation.Finish(reason: .cancelled, promptTokens: 3, generatedTokens: 4)))
        #expect(await heard.tokens().count == 4)
        #expect(probe.engine.load.tokensComputed == 3 + 3)
    }

    @Test("a cancel from another thread ends a running request and frees its place")
    func running() async throws {
        let probe = try EngineProbe.tiny { $0.runningMax = 1 }
        let heard = try probe.submit(prompt, 200) { $0 == 1 ? .pause : .more }
        await heard.first()
        probe.engine.cancel(heard.handle)
        #expect(await heard.last()?.reason == .cancelled)
        #expect(await heard.tokens().count == 1)
        #expect(try await probe.answer(prompt, 5).count == 5)
    }

    @Test("a cancel in the middle of a prompt takes effect before the next part")
    func prompt() async throws {
        // A token is a step: none of them is guessed.
        let probe = try EngineProbe.tiny {
            $0.prefillTokensMax = 1
            $0.speculation = .none
        }
        let victim = Mutex<Heard?>(nil)
        let other = try probe.submit(prompt, 30) { tokens in
            if tokens == 1 {
                let heard = try? probe.submit([Int32](repeating: 5, count: 100), 5)
                victim.withLock { $0 = heard }
            } else if tokens == 11, let heard = victim.withLock({ $0 }) {
                probe.engine.cancel(heard.handle)
            }
            return .more
        }
        #expect(await other.tokens().count == 30)
        let heard = try #require(victim.withLock { $0 })
        #expect(
            await heard.all()
                == [.finished(Generation.Finish(reason: .cancelled, promptTokens: 100, generatedTokens: 0))])
        // Its own 10 parts at most: 9 or 10 steps lay between.
        #expect((3 + 29 + 9...3 + 29 + 10).contains(probe.engine.load.tokensComputed))
    }

    @Test("a cancel in the queue ends a request that never ran")
    func waiting() async throws {
        let probe = try EngineProbe.tiny { $0.runningMax = 1 }
        let holder = try probe.submit(prompt, 2) { $0 == 1 ? .pause : .more }
        await holder.first()
        let queued = try probe.submit(prompt, 5)
        probe.engine.cancel(queued.handle)
        #expect(
            await queued.all()
                == [.finished(Generation.Finish(reason: .cancelled, promptTokens: 3, generatedTokens: 0))])
        probe.engine.resume(holder.handle)
        #expect(await holder.tokens().count == 2)
    }

    @Test("a cancel after the end, and twice, does nothing")
    func ended() async throws {
        let probe = try EngineProbe.tiny()
        let heard = try probe.submit(prompt, 3)
        #expect(await heard.last()?.reason == .length)
        probe.engine.cancel(heard.handle)
        probe.engine.cancel(heard.handle)
        probe.engine.resume(heard.handle)
        #expect(try await probe.answer(prompt, 3).count == 3)
        #expect(heard.soFar.count == 4)
    }

    @Test("a deadline that has passed fails the request before it costs anything")
    func deadline() async throws {
        let probe = try EngineProbe.tiny()
        let heard = try probe.submit(prompt, 100, deadline: .now - .seconds(1))
        #expect(await heard.all() == [.failed(.deadlineExceeded)])
        #expect(probe.engine.load.tokensComputed == 0)
    }

    @Test("a deadline wakes the engine for a request that is paused")
    func pausedDeadline() async throws {
        let probe = try EngineProbe.tiny()
        let heard = try probe.submit(prompt, 100, deadline: .now + .milliseconds(200)) { _ in .pause }
        #expect(await heard.last() == .failed(.deadlineExceeded))
        #expect(await heard.tokens().count <= 1)
    }

    @Test("a paused request holds up no other and goes on where it was")
    func pause() async throws {
        let probe = try EngineProbe.tiny()
        let whole = try await probe.answer(prompt, 20)
        let slow = try probe.submit(prompt, 20) { $0 % 5 == 0 ? .pause : .more }
        await slow.first()
        #expect(try await probe.answer(prompt, 100).count == 100)
        #expect(slow.soFar.count == 5)
        let resumed = Mutex(0)
        while await slow.isWaiting(for: 20) {
            probe.engine.resume(slow.handle)
            resumed.withLock { $0 += 1 }
        }
        #expect(await slow.tokens() == whole)
    }

    @Test("a resume that comes before the pause takes effect is not lost")
    func earlyResume() async throws {
        let probe = try EngineProbe.tiny()
        let handle = Mutex<Generation.Handle?>(nil)
        let heard = try probe.submit(prompt, 10) { tokens in
            while handle.withLock({ $0 }) == nil {}
            if let handle = handle.withLock({ $0 }) { probe.engine.resume(handle) }
            return .pause
        }
        handle.withLock { $0 = heard.handle }
        #expect(await heard.tokens().count == 10)
    }

    @Test("a stopped engine fails what lives and refuses what comes")
    func stop() async throws {
        let probe = try EngineProbe.tiny { $0.runningMax = 1 }
        let running = try probe.submit(prompt, 100) { _ in .pause }
        await running.first()
        let waiting = try probe.submit(prompt, 5)
        probe.engine.stop()
        #expect(await running.last() == .failed(.engineStopped))
        #expect(await waiting.all() == [.failed(.engineStopped)])
        #expect(throws: GenerationError.engineStopped) { try probe.submit(prompt, 5) }
    }

    @Test("an engine that is released ends its running requests")
    func released() async throws {
        var probe: EngineProbe? = try EngineProbe.tiny()
        let heard = try #require(try probe?.submit(prompt, 100) { _ in .pause })
        await heard.first()
        heard.engine = nil
        probe = nil
        #expect(await heard.last() == .failed(.engineStopped))
    }
}

extension Heard {
    /// Waits for the next event unless `count` tokens have been heard; answers whether they have not.
    fileprivate func isWaiting(for count: Int) async -> Bool {
        if soFar.count >= count { return false }
        await Task.yield()
        return true
    }
}

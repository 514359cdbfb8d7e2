import Synchronization
import Testing

@testable import LlamaEngine

@Suite struct EngineTests {
    private let prompt: [Int32] = [3, 141, 59, 26, 53]

    /// Greedy continuation by the decoder alone, one token at a time.
    private func continuation(_ model: Model, _ count: Int) throws -> [Int32] {
        let (decoder, cache) = try Decoder.make(model, .exact)
        var next = prompt
        var tokens: [Int32] = []
        for _ in 0..<count {
            let logits = try decoder.run([Decoder.Segment(tokens: next[...], cache: cache, logits: .last)])
            next = [Int32(logits.indices.max { logits[$0] < logits[$1] } ?? 0)]
            tokens += next
        }
        return tokens
    }

    @Test("a greedy answer is the decoder's own, with its counts")
    func greedy() async throws {
        let probe = try EngineProbe.tiny()
        let heard = try probe.submit(prompt, 40)
        #expect(await heard.tokens() == (try continuation(probe.engine.model, 40)))
        #expect(
            await heard.last()
                == .finished(Generation.Finish(reason: .length, promptTokens: 5, generatedTokens: 40)))
        // The last token sampled is never computed.
        #expect(probe.engine.load.tokensComputed == 5 + 39)
    }

    @Test("a prompt read in parts gives the same answer")
    func chunkedPrompt() async throws {
        let whole = try await EngineProbe.tiny().answer(prompt, 20)
        let parts = try await EngineProbe.tiny { $0.prefillTokensMax = 2 }.answer(prompt, 20)
        #expect(parts == whole)
        #expect(whole.count == 20)
    }

    @Test("a stop token ends the answer and is not part of it")
    func stopToken() async throws {
        let probe = try EngineProbe.tiny()
        let tokens = try await probe.answer(prompt, 12)
        let stop = try #require(tokens.last)
        let index = try #require(tokens.firstIndex(of: stop))
        let heard = try probe.submit(prompt, 12, stopTokens: [stop, 400])
        #expect(await heard.tokens() == Array(tokens[..<index]))
        #expect(
            await heard.last()
                == .finished(
                    Generation.Finish(reason: .stop(token: stop), promptTokens: 5, generatedTokens: index + 1)))
    }

    @Test("without a length the answer goes on to the context limit")
    func contextLimit() async throws {
        let probe = try EngineProbe.tiny { $0.contextTokensMax = 30 }
        let heard = try probe.submit(prompt, 0)
        #expect(
            await heard.last()
                == .finished(Generation.Finish(reason: .length, promptTokens: 5, generatedTokens: 25)))
    }

    @Test("a second sequence's first token comes before the first sequence ends")
    func interleaving() async throws {
        let probe = try EngineProbe.tiny { $0.prefillTokensMax = 4 }
        let second = Mutex<Heard?>(nil)
        let firstHadEnded = Mutex(false)
        let secondSawEnd = Mutex<Bool?>(nil)
        let prompt = prompt
        let first = try probe.submit(prompt, 200) { tokens in
            if tokens == 10 {
                // From the engine's own thread, so that the order of things is certain.
                second.withLock {
                    $0 = try? probe.submit(prompt, 5) { _ in
                        let ended = firstHadEnded.withLock { $0 }
                        secondSawEnd.withLock { if $0 == nil { $0 = ended } }
                        return .more
                    }
                }
            }
            if tokens == 200 { firstHadEnded.withLock { $0 = true } }
            return .more
        }
        _ = await first.all()
        #expect(await second.withLock { $0 }?.tokens().count == 5)
        #expect(secondSawEnd.withLock { $0 } == false)
    }

    @Test("companions do not change an answer", arguments: Precision.allCases)
    func companions(_ precision: Precision) async throws {
        let alone = try await EngineProbe.tiny { $0.precision = precision }.answer(
            prompt, 50, sampling: Sampling(temperature: 1, topP: 0.95, seed: 11))
        let probe = try EngineProbe.tiny { $0.precision = precision }
        let all = try (0..<8).map { index in
            try probe.submit(
                index == 3 ? prompt : Array(prompt.shuffled()), index == 3 ? 50 : 20 + index,
                sampling: Sampling(temperature: 1, topP: 0.95, seed: index == 3 ? 11 : nil))
        }
        #expect(await all[3].tokens() == alone)
        for heard in all { #expect(await heard.last()?.reason == .length) }
    }

    @Test("logits that are not numbers fail their own request only")
    func damagedModel() async throws {
        var file = try PatchedFile(.named("llama"))
        // Row 7 of the embedding, 8 blocks of 34 bytes: every scale becomes NaN, so that only prompts with token 7
        // suffer.
        let embedding = try #require(try file.open().tensor(named: "token_embd.weight"))
        for block in 0..<8 {
            let start = embedding.byteRange.lowerBound + 7 * 8 * 34 + block * 34
            file.set(start..<start + 2, to: 0x7f)
        }
        let probe = try EngineProbe(file.load())
        let bad = try probe.submit([1, 7, 2], 10)
        let good = try probe.submit([1, 6, 2], 3)
        #expect(await bad.all() == [.failed(.invalidLogits(position: 2))])
        #expect(await good.all().count == 4)
    }

    @Test("memory for keys and values grows with the sequence and goes back at its end")
    func cacheMemory() async throws {
        let probe = try EngineProbe.tiny()
        let most = Mutex(0)
        let heard = try probe.submit(prompt, 150) { tokens in
            if tokens > 130 { most.withLock { $0 = max($0, probe.engine.load.cacheBytes) } }
            return .more
        }
        _ = await heard.all()
        let page = 2 * 2 * 2 * 128 * 64 * 4
        #expect(most.withLock { $0 } == 2 * page)
        #expect(probe.engine.load.cacheBytes == 0)
    }
}

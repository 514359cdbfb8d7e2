import Synchronization
import Testing

@testable import LlamaEngine

@Suite(.timeLimit(.minutes(60))) struct PrefixSharingTests {
    private static let page = 2 * 2 * 2 * 128 * 64 * 4
    private let prompt: [Int32] = {
        var random = LlamaEngine.SplitMix64(seed: 3)
        return (0..<230).map { _ in Int32.random(in: 0..<320, using: &random) }
    }()

    private func alone(_ prompt: [Int32], _ precision: Precision = .exact) async throws -> [Int32] {
        try await EngineProbe.tiny {
            $0.prefixSharing = false
            $0.precision = precision
        }.answer(prompt, 12)
    }

    @Test(
        "a prompt that begins like another's is answered as without it, whatever the length",
        arguments: Precision.allCases)
    func lengths(_ precision: Precision) async throws {
        for known in [0, 1, 15, 16, 17, 100, 127, 128, 129, 143, 144, 145, 200, 229] {
            let probe = try EngineProbe.tiny { $0.precision = precision }
            _ = try await probe.answer(Array(prompt[..<max(1, known)]), 3)
            let second = Array(prompt[..<known]) + [5, 6, 7]
            #expect(try await probe.answer(second, 12) == alone(second, precision), "\(known) tokens in common")
            let copied = known % 128 >= 16 ? known % 128 : 0
            #expect(probe.engine.load.tokensShared == known / 128 * 128 + copied, "\(known) tokens in common")
        }
    }

    @Test("the same prompt again computes its last token alone", arguments: [17, 128, 129, 200])
    func again(_ count: Int) async throws {
        let probe = try EngineProbe.tiny()
        let prompt = Array(prompt[..<count])
        let first = try await probe.answer(prompt, 5)
        let computed = probe.engine.load.tokensComputed
        #expect(try await probe.answer(prompt, 5) == first)
        #expect(probe.engine.load.tokensShared == count - 1)
        #expect(probe.engine.load.tokensComputed - computed == 1 + 4)
    }

    @Test("an answer is part of what the next turn shares")
    func turns() async throws {
        let probe = try EngineProbe.tiny()
        let first = Array(prompt[..<100])
        let answer = try await probe.answer(first, 60)
        let next = first + answer + [1, 2, 3]
        #expect(try await probe.answer(next, 12) == alone(next))
        // The answer's last token was never computed.
        #expect(probe.engine.load.tokensShared == 128 + 31)
    }

    @Test("requests that come together read what they have in common once", arguments: [20, 100, 200])
    func together(_ common: Int) async throws {
        let probe = try EngineProbe.tiny()
        // Holds the engine's thread until all are in.
        let areIn = Mutex(false)
        let holder = try probe.submit([1], 2) { _ in
            while !areIn.withLock({ $0 }) {}
            return .more
        }
        let all = try (0..<6).map { index in
            let prompt = Array(prompt[..<common]) + [Int32(index), 9, 9]
            return (prompt, try probe.submit(prompt, 12))
        }
        areIn.withLock { $0 = true }
        _ = await holder.all()
        for (prompt, heard) in all { #expect(await heard.tokens() == (try await alone(prompt))) }
        #expect(probe.engine.load.tokensShared == 5 * common)
    }

    @Test("nothing is shared between owners, nor between adapters and the model alone")
    func owners() async throws {
        let model = try TinyModel.named("llama").load()
        let adapters = try ["llama-all", "llama-qv"].map { try TinyAdapter.named($0).load(for: model) }
        let requests = [
            Generation.Request(prompt: prompt, tokensMax: 2, owner: "a"),
            Generation.Request(prompt: prompt, tokensMax: 2, owner: "b"),
            Generation.Request(prompt: prompt, tokensMax: 2, owner: "a", adapter: adapters[0]),
            Generation.Request(prompt: prompt, tokensMax: 2, owner: "a", adapter: adapters[1]),
        ]
        let probe = try EngineProbe(model)
        for request in requests { _ = await (try probe.submit(request)).all() }
        #expect(probe.engine.load.tokensShared == 0)
        for request in requests { _ = await (try probe.submit(request)).all() }
        #expect(probe.engine.load.tokensShared == requests.count * (prompt.count - 1))
    }

    @Test("switched off, nothing is shared")
    func off() async throws {
        let probe = try EngineProbe.tiny { $0.prefixSharing = false }
        for _ in 0..<2 { _ = try await probe.answer(prompt, 2) }
        #expect(probe.engine.load.tokensShared == 0)
    }

    @Test("what is kept stays within its bound, and the least recently used goes first")
    func bound() async throws {
        let probe = try EngineProbe.tiny { $0.idleCacheBytesMax = 3 * Self.page }
        for first in 0..<3 { _ = try await probe.answer([Int32(first)] + prompt[..<50], 2) }
        #expect(probe.engine.load.idleCacheBytes == 3 * Self.page)
        _ = try await probe.answer([0] + prompt[..<50], 2)
        let shared = probe.engine.load.tokensShared
        #expect(shared == 50)
        // Takes the place of the prompt that begins with 1.
        _ = try await probe.answer([3] + prompt[..<50], 2)
        #expect(probe.engine.load.idleCacheBytes == 3 * Self.page)
        _ = try await probe.answer([0] + prompt[..<50], 2)
        #expect(probe.engine.load.tokensShared == 2 * shared)
        _ = try await probe.answer([1] + prompt[..<50], 2)
        #expect(probe.engine.load.tokensShared == 2 * shared)
    }

    @Test("all of a long sequence is kept, beyond the bound, until sixteen shorter ones have ended after it")
    func recent() throws {
        let layout = try KVLayout(TinyModel.named("llama31").load().configuration, element: .f32)
        for keepsRecent in [true, false] {
            let pool = KVPagePool(layout: layout, pagesMax: .max, idlePagesMax: 2, keepsRecent: keepsRecent)
            let tree = PrefixTree(pool: pool)
            let key = PrefixKey(owner: "", adapter: nil)
            /// Runs a sequence to its end; the tokens of it that were known.
            func run(_ first: Int32, _ count: Int) throws -> Int {
                let tokens = [first] + Array(repeating: 7, count: count - 1)
                let cache = KVCache(pool: pool)
                let known = tree.extend(cache, with: tokens, key)
                try cache.reserve(count - cache.count)
                cache.advance(by: count - cache.count)
                tree.leave(cache, tokens, key)
                pool.noteEnd(pages: cache.pages.count)
                return known
            }
            let (count, pages) = (5 * KVLayout.positions, keepsRecent ? 5 : 2)
            #expect(try run(1, count) == 0)
            #expect(pool.pagesIdle == pages)
            #expect(try run(1, count) == (keepsRecent ? count - 1 : 2 * KVLayout.positions))
            // One page each: two of them have room beside the long one.
            for other in 0..<2 as Range<Int32> { _ = try run(100 + other, 20) }
            #expect(try run(1, count) == (keepsRecent ? count - 1 : 0))
            for other in 0..<15 as Range<Int32> { _ = try run(200 + other, 20) }
            #expect(pool.pagesIdle == (keepsRecent ? 7 : 2))
            _ = try run(300, 20)
            #expect(pool.pagesIdle == 2)
        }
    }

    @Test("idle pages make way when memory is short")
    func makeWay() async throws {
        let probe = try EngineProbe.tiny { $0.cacheBytesMax = 2 * Self.page }
        for first in 0..<4 {
            let prompt = [Int32(first)] + prompt[..<150]
            #expect(try await probe.answer(prompt, 12) == alone(prompt))
        }
        #expect(probe.engine.load.preemptions == 0)
        #expect(probe.engine.load.idleCacheBytes <= 2 * Self.page)
    }

    @Test("many that begin alike, in memory for a few, say what each says alone")
    func crowd() async throws {
        let probe = try EngineProbe.tiny { $0.cacheBytesMax = 5 * Self.page }
        let all = try (0..<24).map { index in
            let prompt = Array(prompt[..<(index * 37 % 190 + 1)]) + [Int32(index % 7)]
            return (prompt, try probe.submit(prompt, 12))
        }
        for (prompt, heard) in all { #expect(await heard.tokens() == (try await alone(prompt))) }
        #expect(probe.engine.load.cacheBytes == 0)
    }
}

import Testing

@testable import LlamaEngine
@testable import Parallel

/// Keys and values at eight bits, in everything that rests on pages of them.
@Suite(.timeLimit(.minutes(60))) struct CachePrecisionTests {
    private static let names = ["llama31", "qwen3"] + TinyModel.families.map(\.name)

    private func tokens(_ count: Int, seed: UInt64 = 5) -> [Int32] {
        var random = LlamaEngine.SplitMix64(seed: seed)
        return (0..<count).map { _ in Int32.random(in: 3..<320, using: &random) }
    }

    private func makeDecoder(_ model: Model, _ precision: Precision, threads: Int = 2) throws -> Decoder {
        Decoder(model: model, precision: precision, cachePrecision: .int8, pool: try ThreadPool(threads: threads))
    }

    private func makeProbe(
        _ model: Model, _ change: (inout Generation.Options) -> Void = { _ in }
    ) throws -> EngineProbe {
        try EngineProbe(model) {
            $0.cachePrecision = .int8
            change(&$0)
        }
    }

    /// The answer to a request with nothing shared, guessed or computed beside it.
    private func alone(_ model: Model, _ prompt: [Int32], _ tokensMax: Int) async throws -> [Int32] {
        try await makeProbe(model) { ($0.prefixSharing, $0.speculation) = (false, .none) }.answer(prompt, tokensMax)
    }

    @Test("a page of int8 takes a byte for each number and four for each scale")
    func bytes() throws {
        let configuration = try TinyModel.named("llama31").load().configuration
        let vectors = 2 * configuration.layers * configuration.keyValueHeads * KVLayout.positions
        let dimension = configuration.headDimension
        #expect(KVLayout(configuration, element: .int8).pageBytes == vectors * (dimension + 4))
        #expect(KVLayout(configuration, element: .bf16).pageBytes == vectors * 2 * dimension)
        #expect(KVLayout(configuration, element: .f32).pageBytes == vectors * 4 * dimension)
    }

    @Test("left open, keys and values are f32 where the precision is exact and otherwise bf16")
    func byDefault() throws {
        let model = try TinyModel.named("llama31").load()
        let pool = try ThreadPool(threads: 1)
        #expect(Decoder(model: model, precision: .exact, pool: pool).cacheLayout.element == .f32)
        #expect(Decoder(model: model, precision: .quantized, pool: pool).cacheLayout.element == .bf16)
    }

    @Test("what it rounds off shows, and is a small thing", arguments: names)
    func rounding(_ name: String) throws {
        let model = try TinyModel.named(name).load()
        let prompt = tokens(150)
        let (exact, cache) = try Decoder.make(model, .exact)
        let wanted = try exact.allLogits(prompt, chunk: 64, cache: cache)
        let own = try makeDecoder(model, .exact)
        let difference = largestDifference(
            try own.allLogits(prompt, chunk: 64, cache: own.makeCache()), wanted)
        let range = (wanted.max() ?? 0) - (wanted.min() ?? 0)
        #expect(difference > 0 && difference < 0.1 * range, "\(difference) of \(range)")
    }

    @Test(
        "a prompt over several spans has the same bits in chunks of any size and on 1, 2 and 3 threads",
        arguments: names, Precision.allCases)
    func spans(_ name: String, _ precision: Precision) throws {
        let model = try TinyModel.named(name).load(precision)
        let prompt = tokens(2 * KernelBackend.spanPositions + 45)
        var whole: [Float] = []
        for threads in 1...3 {
            let decoder = try makeDecoder(model, precision, threads: threads)
            for chunk in threads == 1 ? [prompt.count, 1, 13, 64, 257] : [prompt.count, 77] {
                let last = Array(try decoder.allLogits(prompt, chunk: chunk, cache: decoder.makeCache()).suffix(2000))
                if whole.isEmpty { whole = last }
                let isSame = last == whole
                #expect(isSame, "chunks of \(chunk), \(threads) threads")
            }
        }
    }

    @Test("a row is the same among 1 to 48 rows", arguments: ["llama31", "type-Q4_1", "gemma2", "gemma3"])
    func rows(_ name: String) throws {
        let model = try TinyModel.named(name).load(.quantized)
        let decoder = try makeDecoder(model, .quantized)
        let (cache, prompt) = (decoder.makeCache(), tokens(30))
        _ = try decoder.allLogits(Array(prompt.dropLast()), chunk: 29, cache: cache)
        var reference: [Float] = []
        for rows in 1...48 {
            let others = tokens(rows, seed: UInt64(rows))
            let logits = try decoder.run([
                Decoder.Segment(tokens: others[...], cache: decoder.makeCache(), logits: .none),
                Decoder.Segment(tokens: prompt.suffix(1), cache: cache, logits: .last),
            ])
            if reference.isEmpty { reference = Array(logits) }
            let isSame = Array(logits) == reference
            #expect(isSame, "\(rows) rows")
            cache.truncate(to: 29)
        }
    }

    @Test("a prompt that begins like another's is answered as without it", arguments: names)
    func sharing(_ name: String) async throws {
        let model = try TinyModel.named(name).load()
        let prompt = tokens(200)
        for known in [17, 128, 150, 170] {
            let probe = try makeProbe(model)
            _ = try await probe.answer(Array(prompt[..<known]), 3)
            let second = Array(prompt[..<known]) + [5, 6, 7]
            #expect(try await probe.answer(second, 12) == (try await alone(model, second, 12)), "\(known) in common")
            #expect(probe.engine.load.tokensShared >= known / 16 * 16)
        }
    }

    @Test("streams in memory for two say what each says alone", arguments: ["llama31", "gemma3", "gemma2"], [1, 3])
    func preemption(_ name: String, _ threads: Int) async throws {
        let model = try TinyModel.named(name).load()
        let page = KVLayout(model.configuration, element: .int8).pageBytes
        let prompts = (0..<6).map { tokens(110 + 9 * $0, seed: UInt64(20 + $0)) }
        var wanted: [[Int32]] = []
        for prompt in prompts { wanted.append(try await alone(model, prompt, 60)) }
        let probe = try makeProbe(model) { ($0.cacheBytesMax, $0.threads) = (4 * page, threads) }
        let heard = try prompts.map { try probe.submit($0, 60) }
        for (heard, wanted) in zip(heard, wanted) { #expect(await heard.tokens() == wanted) }
        #expect(probe.engine.load.preemptions > 0)
        #expect(probe.engine.load.cacheBytes == 0)
    }

    @Test("guesses, from the text and from a smaller model, change no answer")
    func speculation() async throws {
        let model = try TinyModel.named("llama31").load()
        let prompt = (0..<60).map { Int32($0 % 12) * 7 + 3 }
        let wanted = try await alone(model, prompt, 120)
        let guessing = try makeProbe(model)
        #expect(try await guessing.answer(prompt, 120) == wanted)
        #expect(guessing.engine.load.tokensAccepted > 0)
        let drafted = try EngineProbe(model, draft: Generation.Draft(model: model, cost: 0.1)) {
            $0.cachePrecision = .int8
        }
        #expect(try await drafted.answer(prompt, 120) == wanted)
        #expect(drafted.engine.load.tokensAccepted > 0)
    }

    @Test("base and adapters in one batch answer as each alone")
    func adapters() async throws {
        let model = try TinyModel.named("llama").load()
        let adapters = [nil] + (try ["llama-all", "llama-dora"].map { try TinyAdapter.named($0).load(for: model) })
        let requests = adapters.map { Generation.Request(prompt: tokens(40), tokensMax: 30, adapter: $0) }
        var wanted: [[Int32]] = []
        for request in requests { wanted.append(await (try makeProbe(model).submit(request)).tokens()) }
        #expect(Set(wanted).count == 3)
        let probe = try makeProbe(model)
        let heard = try requests.map { try probe.submit($0) }
        for (heard, wanted) in zip(heard, wanted) { #expect(await heard.tokens() == wanted) }
    }
}

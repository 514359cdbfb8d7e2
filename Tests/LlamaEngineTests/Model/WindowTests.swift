import Synchronization
import Testing

@testable import Checkpoints
@testable import LlamaEngine
@testable import Parallel

/// Layers that see a window of positions, in everything that rests on pages of keys and values.
@Suite(.timeLimit(.minutes(60))) struct WindowTests {
    private static let names = TinyModel.families.map(\.name)

    private func tokens(_ count: Int, seed: UInt64 = 5) -> [Int32] {
        var random = LlamaEngine.SplitMix64(seed: seed)
        return (0..<count).map { _ in Int32.random(in: 3..<320, using: &random) }
    }

    @Test(
        "a prompt over several spans has the same bits in chunks of any size, and token by token", arguments: names,
        Precision.allCases)
    func spans(_ name: String, _ precision: Precision) throws {
        let model = try TinyModel.named(name).load(precision)
        let decoder = Decoder(model: model, precision: precision, pool: try ThreadPool(threads: 2))
        // Longer than the model's context, which is the engine's business.
        let prompt = tokens(2 * KernelBackend.spanPositions + 45)
        let last = { (chunk: Int) in
            Array(try decoder.allLogits(prompt, chunk: chunk, cache: decoder.makeCache()).suffix(2000))
        }
        let whole = try last(prompt.count)
        for chunk in [1, 13, 64, 257] {
            let isSame = try last(chunk) == whole
            #expect(isSame, "chunks of \(chunk)")
        }
    }

    /// In a single layer: the ones above it see what those below have seen.
    @Test("what a window has left behind does not count, and what it holds does", arguments: Precision.allCases)
    func reach(_ precision: Precision) throws {
        let folder = try FolderCopy("mistral")
        try folder.change("config.json", "\"sliding_window\": null", to: "\"sliding_window\": 40")
        let model = try Model(path: folder.url.path, precision: precision)
        let decoder = Decoder(model: model, precision: precision, pool: try ThreadPool(threads: 2))
        let prompt = tokens(200)
        let logits = { (tokens: [Int32]) in
            Array(try decoder.allLogits(tokens, chunk: 200, cache: decoder.makeCache()).suffix(320))
        }
        let own = try logits(prompt)
        for (place, counts) in [(0, false), (199 - 40, false), (199 - 39, true), (198, true)] {
            var changed = prompt
            changed[place] = changed[place] == 7 ? 8 : 7
            #expect(try (logits(changed) != own) == counts, "position \(place)")
        }
    }

    @Test("a prompt that begins like another's is answered as without it", arguments: names)
    func sharing(_ name: String) async throws {
        let model = try TinyModel.named(name).load()
        let prompt = tokens(200)
        for known in [17, 128, 150, 170] {
            let probe = try EngineProbe(model)
            _ = try await probe.answer(Array(prompt[..<known]), 3)
            let second = Array(prompt[..<known]) + [5, 6, 7]
            let alone = try await EngineProbe(model) { $0.prefixSharing = false }.answer(second, 12)
            #expect(try await probe.answer(second, 12) == alone, "\(known) tokens in common")
            #expect(probe.engine.load.tokensShared >= known / 16 * 16)
        }
    }

    @Test("answers computed together are those computed alone", arguments: names)
    func together(_ name: String) async throws {
        let model = try TinyModel.named(name).load(.quantized)
        let prompts = (0..<5).map { tokens(30 + 33 * $0, seed: UInt64($0)) }
        let alone = try EngineProbe(model) { ($0.precision, $0.prefixSharing) = (.quantized, false) }
        var wanted: [[Int32]] = []
        for prompt in prompts { wanted.append(try await alone.answer(prompt, 20)) }
        let probe = try EngineProbe(model) { $0.precision = .quantized }
        let heard = try prompts.map { try probe.submit($0, 20) }
        for (heard, wanted) in zip(heard, wanted) { #expect(await heard.tokens() == wanted) }
    }

    @Test("streams in memory for two say what each says alone", arguments: ["gemma3", "gemma2", "phi3"])
    func preemption(_ name: String) async throws {
        let model = try TinyModel.named(name).load()
        let page = KVLayout(model.configuration, element: .f32).pageBytes
        let prompts = (0..<6).map { tokens(110 + 9 * $0, seed: UInt64(20 + $0)) }
        var wanted: [[Int32]] = []
        for prompt in prompts {
            wanted.append(try await EngineProbe(model) { $0.prefixSharing = false }.answer(prompt, 60))
        }
        let probe = try EngineProbe(model) { $0.cacheBytesMax = 4 * page }
        let heard = try prompts.map { try probe.submit($0, 60) }
        for (heard, wanted) in zip(heard, wanted) { #expect(await heard.tokens() == wanted) }
        #expect(probe.engine.load.preemptions > 0)
    }
}

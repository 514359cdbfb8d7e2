import Testing

@testable import Checkpoints
@testable import LlamaEngine
@testable import Parallel

/// Adapters of mixtures of experts: attention is adapted as in any model, experts are not.
@Suite struct MixtureAdapterTests {
    @Test("a change of attention has the logits of PEFT")
    func attention() throws {
        let tiny = try TinyMixture.named("qwen3_moe")
        let model = try tiny.load()
        let adapter = try Adapter(
            peftFolder: TinyMixture.root.appending(path: "qwen3_moe-adapter").path, for: model)
        let (decoder, cache) = try Decoder.make(model, .exact)
        let wanted = try TinyModel.floats(TinyMixture.root.appending(path: "qwen3_moe-adapter.logits.bin"))
        let difference = largestDifference(
            try decoder.logits(tiny.prompt, chunk: 64, cache: cache, adapter).suffix(wanted.count), wanted)
        print("qwen3_moe with an adapter: largest difference \(difference)")
        #expect(difference < 1e-3)
    }

    @Test("rows with and without an adapter in one pass have the bits of each alone", arguments: Precision.allCases)
    func together(_ precision: Precision) throws {
        let tiny = try TinyMixture.named("qwen3_moe")
        let model = try tiny.load(precision)
        let adapter = try Adapter(
            peftFolder: TinyMixture.root.appending(path: "qwen3_moe-adapter").path, for: model)
        let (decoder, cache) = try Decoder.make(model, precision)
        let alone = try [adapter, nil].map {
            try decoder.logits(tiny.prompt, chunk: 64, cache: decoder.makeCache(), $0)
        }
        let both = try decoder.run([
            Decoder.Segment(tokens: tiny.prompt[...], cache: cache, logits: .all, adapter: adapter),
            Decoder.Segment(tokens: tiny.prompt[...], cache: decoder.makeCache(), logits: .all),
        ])
        #expect(Array(both) == alone.flatMap { $0 })
    }

    private func change(_ target: AdapterTarget, _ model: Model) -> Adapter.Change {
        let (inputs, outputs) = target.size(in: model.configuration)
        return Adapter.Change(
            rank: 1, scale: 1, a: [Float](repeating: 0.1, count: inputs), b: [Float](repeating: 0.1, count: outputs))
    }

    @Test("a change of a layer's experts is refused by name", arguments: [AdapterTarget.gate, .up, .down])
    func experts(_ target: AdapterTarget) throws {
        let model = try TinyMixture.named("qwen3_moe").load()
        let error = #expect(throws: AdapterError.self) {
            try Adapter([Adapter.Place(layer: 1, target: target): change(target, model)], for: model)
        }
        #expect(
            error?.description == "\(target.rawValue) of layer 1: found a change of a mixture of experts, wanted "
                + "changes of attention and the head: experts and their router are not adapted")
    }

    @Test("a change of a dense layer among layers of experts is served", arguments: [AdapterTarget.gate, .up, .down])
    func dense(_ target: AdapterTarget) throws {
        let tiny = try TinyMixture.named("qwen3_moe")
        let model = try tiny.load()
        let adapter = try Adapter([Adapter.Place(layer: 0, target: target): change(target, model)], for: model)
        let (decoder, cache) = try Decoder.make(model, .exact)
        let plain = try decoder.allLogits(tiny.prompt, chunk: 64, cache: cache)
        let adapted = try decoder.logits(tiny.prompt, chunk: 64, cache: decoder.makeCache(), adapter)
        #expect(largestDifference(plain, adapted) > 0.01)
    }

    @Test(
        "a PEFT folder that names experts is refused by the module's name",
        arguments: ["gate_proj", "mlp.experts.3.down_proj", "mlp.gate"])
    func folders(_ module: String) throws {
        // Every layer has experts here, so that no dense one can be meant.
        let model = try TinyMixture.named("qwen3moe").load()
        let folder = try FolderCopy("qwen3_moe-adapter", in: TinyMixture.root)
        try folder.set("adapter_config.json", "target_modules", "[\"\(module)\"]")
        let error = #expect(throws: CheckpointError.self) { try Adapter(peftFolder: folder.url.path, for: model) }
        #expect(error?.field == "'target_modules'" && error?.found == "'\(module)'")
        #expect(error?.wanted == AdapterTarget.expertsAreNot)
    }

    @Test("merging an adapter into a mixture is refused")
    func merging() throws {
        let checkpoint = try ModelCheckpoint.open(path: TinyMixture.named("qwen3_moe").path)
        let error = #expect(throws: CheckpointError.self) {
            try MergedModel(checkpoint, peftFolder: TinyMixture.root.appending(path: "qwen3_moe-adapter").path)
        }
        #expect(error?.found == "a mixture of 8 experts (qwen3moe)")
    }
}

import Testing

@testable import Checkpoints
@testable import LlamaEngine

@Suite struct AdapterEngineTests {
    private let prompt: [Int32] = [3, 141, 59, 26, 53]

    private func request(_ adapter: Adapter?, _ tokensMax: Int = 30) -> Generation.Request {
        Generation.Request(prompt: prompt, tokensMax: tokensMax, adapter: adapter)
    }

    @Test("base and adapters in one batch answer as each alone", arguments: Precision.allCases)
    func companions(_ precision: Precision) async throws {
        let model = try TinyModel.named("llama").load()
        let probe = try EngineProbe(model) {
            $0.precision = precision
            $0.prefillTokensMax = 3
        }
        let names = ["llama-all", "llama-qv", "llama-down", "llama-dora", "llama-head"]
        let adapters: [Adapter?] = [nil] + (try names.map { try TinyAdapter.named($0).load(for: model) })
        var alone: [[Int32]] = []
        for adapter in adapters { alone.append(try await probe.submit(request(adapter)).tokens()) }
        #expect(Set(alone).count == adapters.count)
        let order = [0, 1, 4, 2, 3, 1, 5, 0, 3, 2, 4, 2]
        let together = try order.map { try probe.submit(request(adapters[$0])) }
        for (index, heard) in zip(order, together) { #expect(await heard.tokens() == alone[index], "\(index)") }
    }

    @Test("an adapter of another model is refused when the request comes in")
    func stranger() async throws {
        let other = try TinyModel.named("qwen3").load()
        let adapter = try TinyAdapter.named("qwen3-patterns").load(for: other)
        let probe = try EngineProbe(TinyModel.named("llama").load())
        let error = #expect(throws: GenerationError.self) { try probe.submit(request(adapter)) }
        #expect(
            error
                == .invalidParameter(
                    name: "adapter", reason: "must have been made for this model, got one for another"))
    }

    @Test("an adapter can be taken in while others run, and is gone with its last request")
    func lifetime() async throws {
        let model = try TinyModel.named("llama").load()
        let probe = try EngineProbe(model)
        let base = try probe.submit(request(nil, 100))
        await base.first()
        var adapter: Adapter? = try TinyAdapter.named("llama-qv").load(for: model)
        weak let seen = adapter
        let own = try probe.submit(request(adapter, 20))
        adapter = nil
        #expect(await own.tokens().count == 20)
        #expect(await base.tokens().count == 100)
        // The engine's thread releases the last request when it takes up the next one.
        _ = try await probe.answer(prompt, 2)
        #expect(seen == nil)
    }

    @Test("an adapter made from numbers in memory gives the bits of the same one in a folder")
    func inMemory() throws {
        let base = try TinyModel.named("llama")
        let model = try base.load()
        let tiny = try TinyAdapter.named("llama-down")
        let file = try SafetensorsFile(path: tiny.path + "/adapter_model.safetensors")
        func floats(_ half: String) throws -> [Float] {
            try #require(file.tensors["base_model.model.model.layers.1.mlp.down_proj.lora_\(half).weight"]).floats()
        }
        let change = Adapter.Change(rank: 5, scale: 8.0 / 5, a: try floats("A"), b: try floats("B"))
        let made = try Adapter([Adapter.Place(layer: 1, target: .down): change], for: model)
        #expect(made.parameters == 5 * (320 + 256))
        let (decoder, _) = try Decoder.make(model, .quantized)
        let logits = try [made, tiny.load(for: model)].map {
            Array(
                try decoder.run([
                    Decoder.Segment(tokens: base.prompt[...], cache: decoder.makeCache(), logits: .all, adapter: $0)
                ]))
        }
        #expect(logits[0] == logits[1])
    }

    @Test("numbers that do not fit are refused with the product and the sizes")
    func sizes() throws {
        let model = try TinyModel.named("llama").load()
        func refusal(_ place: Adapter.Place, _ change: Adapter.Change) -> String? {
            do {
                _ = try Adapter([place: change], for: model)
                return nil
            } catch {
                return error.description
            }
        }
        let key = Adapter.Place(layer: 0, target: .key)
        let a = [Float](repeating: 1, count: 512)
        var b = [Float](repeating: 1, count: 256)
        #expect(refusal(key, Adapter.Change(rank: 2, scale: 1, a: a, b: b)) == nil)
        #expect(
            refusal(key, Adapter.Change(rank: 2, scale: 1, a: b, b: b))
                == "A of k_proj of layer 0: found 256 numbers, wanted [2, 256]")
        #expect(
            refusal(key, Adapter.Change(rank: 2, scale: 1, a: a, b: a))
                == "B of k_proj of layer 0: found 512 numbers, wanted [128, 2]")
        #expect(
            refusal(Adapter.Place(layer: 2, target: .key), Adapter.Change(rank: 2, scale: 1, a: a, b: b))
                == "the adapter: found layer 2, wanted 0 to 1")
        #expect(
            refusal(key, Adapter.Change(rank: 0, scale: 1, a: [], b: []))
                == "rank of k_proj of layer 0: found 0, wanted 1 to rankMax = 1024")
        #expect(
            refusal(key, Adapter.Change(rank: 2, scale: .infinity, a: a, b: b))
                == "scale of k_proj of layer 0: found inf, wanted a finite number")
        b[7] = .nan
        #expect(
            refusal(key, Adapter.Change(rank: 2, scale: 1, a: a, b: b))
                == "B of k_proj of layer 0: found a NaN at number 7, wanted finite numbers")
    }
}

extension EngineProbe {
    func submit(_ request: Generation.Request) throws -> Heard {
        let heard = Heard()
        heard.engine = engine
        heard.handle = try engine.submit(request) { event in
            _ = heard.hear(event)
            heard.end(after: event)
            return .more
        }
        return heard
    }
}

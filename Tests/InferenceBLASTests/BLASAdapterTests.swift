import Foundation
import Testing

@testable import InferenceBLAS
@testable import LlamaEngine
@testable import Parallel

/// Adapters beside a model whose products are OpenBLAS's, against PEFT in f32. Logits reach 30, and each adapter
/// changes some by 10 to 28.
@Suite struct BLASAdapterTests {
    /// An adapter of Tests/Fixtures/adapters, and the tiny model that it is for.
    struct TinyAdapter: Decodable, Sendable, CustomTestStringConvertible {
        let name: String
        let base: String

        var testDescription: String { name }

        private static let folder = TinyModel.folder.deletingLastPathComponent().appending(path: "adapters")

        static let all: [TinyAdapter] = {
            do {
                return try JSONDecoder().decode(
                    [TinyAdapter].self, from: Data(contentsOf: folder.appending(path: "manifest.json")))
            } catch {
                preconditionFailure("Tests/Fixtures/adapters/manifest.json: \(error)")
            }
        }()

        func load(for model: Model) throws -> Adapter {
            try Adapter(peftFolder: Self.folder.appending(path: name).path, for: model)
        }

        /// Logits of the prompt's last tokens: floats, little-endian.
        func referenceLogits() throws -> [Float] {
            let data = try Data(contentsOf: Self.folder.appending(path: "\(name).logits.bin"))
            return data.withUnsafeBytes { bytes in
                stride(from: 0, to: bytes.count, by: 4).map {
                    Float(bitPattern: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: $0, as: UInt32.self)))
                }
            }
        }
    }

    private func difference(_ a: some Collection<Float>, _ b: some Collection<Float>) -> Float {
        guard a.count == b.count else { return .infinity }
        return zip(a, b).reduce(0) { $1.0.isNaN || $1.1.isNaN ? .infinity : max($0, abs($1.0 - $1.1)) }
    }

    @Test("logits with an adapter are those of PEFT, for whole prompts and token by token", arguments: TinyAdapter.all)
    func logits(_ tiny: TinyAdapter) throws {
        let base = try #require(TinyModel.all.first { $0.name == tiny.base })
        let model = try Model(base.checkpoint(), products: CBLAS.openBLAS())
        let adapter = try tiny.load(for: model)
        let decoder = Decoder(model: model, precision: .exact, pool: try ThreadPool(threads: 2))
        let wanted = try tiny.referenceLogits()
        for chunk in [base.prompt.count, 1] {
            let cache = decoder.makeCache()
            let logits = try stride(from: 0, to: base.prompt.count, by: chunk).flatMap { start in
                Array(
                    try decoder.run([
                        Decoder.Segment(
                            tokens: base.prompt[start..<min(base.prompt.count, start + chunk)], cache: cache,
                            logits: .all, adapter: adapter)
                    ]))
            }
            let first = base.firstRow * model.configuration.vocabulary
            let difference = difference(logits.dropFirst(first), wanted)
            print("\(tiny.name) through OpenBLAS, \(chunk) at once: largest difference \(difference)")
            #expect(difference < 1e-3)
        }
    }

    @Test("in one pass, a sequence without an adapter is untouched by its neighbours' adapters")
    func together() throws {
        let base = try #require(TinyModel.all.first { $0.name == "llama" })
        let model = try Model(base.checkpoint(), products: CBLAS.openBLAS())
        let decoder = Decoder(model: model, precision: .exact, pool: try ThreadPool(threads: 2))
        let adapters: [Adapter?] =
            [nil] + (try TinyAdapter.all.filter { $0.base == "llama" }.map { try $0.load(for: model) })
        let segment = { (adapter: Adapter?) in
            Decoder.Segment(tokens: base.prompt[...], cache: decoder.makeCache(), logits: .all, adapter: adapter)
        }
        let alone = try adapters.flatMap { Array(try decoder.run([segment($0)])) }
        let together = Array(try decoder.run(adapters.map(segment)))
        #expect(difference(together, alone) < 1e-3)
    }
}

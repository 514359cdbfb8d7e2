import DurableFiles
import Foundation
import Testing

@testable import Checkpoints
@testable import LlamaEngine

/// Folders that are written here, read back here; `Scripts/reference/check_written_adapters.py` has PEFT read them.
@Suite struct PEFTWritingTests {
    /// An adapter's folder as PEFT saved it, as changes of one rank, and the settings beside it.
    private func saved(_ name: String) throws -> (
        changes: [Adapter.Place: Adapter.Change], settings: PEFTFolder.Settings, model: Model
    ) {
        let tiny = try TinyAdapter.named(name)
        let model = try TinyModel.named(tiny.base).load()
        let configuration = try PEFTConfiguration(path: tiny.path + "/" + PEFTFolder.configurationName)
        let file = try SafetensorsFile(path: tiny.path + "/" + PEFTFolder.weightsName)
        var changes: [Adapter.Place: Adapter.Change] = [:]
        let places = (0..<2).flatMap { layer in
            AdapterTarget.ofLayer.map { Adapter.Place(layer: layer, target: $0) }
        }
        for place in places + [.head] {
            guard let a = file.tensors[place.tensor(.a)], let b = file.tensors[place.tensor(.b)] else { continue }
            changes[place] = Adapter.Change(
                rank: configuration.rank, scale: configuration.scale(of: place.module), a: try a.floats(),
                b: try b.floats(), magnitude: try file.tensors[place.tensor(.magnitude)]?.floats())
        }
        let settings = PEFTFolder.Settings(
            alpha: configuration.alpha, isRankStabilised: configuration.isRankStabilised)
        return (changes, settings, model)
    }

    private func logits(_ adapter: Adapter, _ model: Model) throws -> [Float] {
        let (decoder, cache) = try Decoder.make(model, .exact)
        let tokens: [Int32] = [3, 141, 59, 26, 53]
        return Array(
            try decoder.run([
                Decoder.Segment(tokens: tokens[...], cache: cache, logits: .all, adapter: adapter)
            ]))
    }

    @Test(
        "an adapter that is written and read again gives the bits of the one that PEFT saved",
        arguments: ["llama-all", "llama-qv", "llama-down", "llama-dora", "llama-head", "qwen2-dora-tied"])
    func roundTrip(_ name: String) throws {
        let (changes, settings, model) = try saved(name)
        let folder = try EmptyFolder()
        try PEFTFolder.write(changes, settings, layers: 2, to: folder.path)
        let own = try Adapter(peftFolder: folder.path, for: model)
        let tiny = try TinyAdapter.named(name)
        #expect(try logits(own, model) == logits(try tiny.load(for: model), model))
    }

    @Test(
        "the configuration is the one that PEFT writes, but for the order of its modules",
        arguments: ["llama-qv", "llama-dora", "llama-head", "qwen2-dora-tied"])
    func configuration(_ name: String) throws {
        let (changes, settings, _) = try saved(name)
        let folder = try EmptyFolder()
        try PEFTFolder.write(changes, settings, layers: 2, to: folder.path)
        func lines(_ path: String) throws -> [String] {
            let text = try String(contentsOfFile: path + "/" + PEFTFolder.configurationName, encoding: .utf8)
            var lines = text.split(separator: "\n").map(String.init)
            if let first = lines.firstIndex(of: "  \"target_modules\": ["),
                let end = lines[first...].firstIndex(of: "  ],")
            {
                let modules = lines[first + 1..<end].map { $0.filter { $0 != "," } }.sorted()
                lines.replaceSubrange(first + 1..<end, with: modules)
            }
            return lines
        }
        #expect(try lines(folder.path) == lines(try TinyAdapter.named(name).path))
    }

    @Test("where some layers alone are changed their modules are named one by one")
    func layers() throws {
        let (changes, settings, _) = try saved("llama-down")
        let folder = try EmptyFolder()
        try PEFTFolder.write(changes, settings, layers: 2, to: folder.path)
        let text = try String(contentsOfFile: folder.path + "/adapter_config.json", encoding: .utf8)
        #expect(text.contains("\"target_modules\": [\n    \"model.layers.1.mlp.down_proj\"\n  ]"))
    }

    @Test("the base's own embedding and head, which PEFT saves beside a change of the head, are read past")
    func savedBase() throws {
        let (changes, settings, model) = try saved("llama-head")
        let folder = try EmptyFolder()
        try PEFTFolder.write(changes, settings, layers: 2, to: folder.path)
        func add(_ shape: [Int]) throws {
            let file = try SafetensorsFile(path: folder.path + "/adapter_model.safetensors")
            var tensors = file.tensors.values.map { tensor in
                SafetensorsWriter.Tensor(tensor.name, tensor.dtype, tensor.shape) { output throws(FileError) in
                    try output.write(tensor.bytes)
                }
            }
            tensors.removeAll { PEFTFolder.savedWithHead.contains($0.name) }
            tensors += PEFTFolder.savedWithHead.map {
                .init($0, shape: shape, [Float](repeating: 0, count: shape[0] * shape[1]))
            }
            let path = folder.path + "/new"
            try FileOutput.create(path) { output throws(FileError) in
                try SafetensorsWriter.write(tensors, to: output)
            }
            try #require(rename(path, folder.path + "/adapter_model.safetensors") == 0)
        }
        try add([320, 256])
        let own = try Adapter(peftFolder: folder.path, for: model)
        #expect(try logits(own, model) == logits(try TinyAdapter.named("llama-head").load(for: model), model))
        try add([321, 256])
        let error = #expect(throws: CheckpointError.self) { try Adapter(peftFolder: folder.path, for: model) }
        #expect(error?.found == "[321, 256]")
        #expect(error?.wanted == "[320, 256], the base's own: a vocabulary of another size is not served")
    }

    @Test("magnitudes of a number that does not fit, or that are not finite, are refused")
    func magnitudes() throws {
        let model = try TinyModel.named("llama").load()
        func refusal(_ magnitude: [Float]) -> String? {
            let change = Adapter.Change(
                rank: 1, scale: 1, a: .init(repeating: 1, count: 256), b: .init(repeating: 0, count: 320),
                magnitude: magnitude)
            do {
                _ = try Adapter([.head: change], for: model)
                return nil
            } catch {
                return error.description
            }
        }
        #expect(refusal([Float](repeating: 1, count: 320)) == nil)
        #expect(refusal([1]) == "magnitude of lm_head: found 1 numbers, wanted [320]")
        #expect(
            refusal([Float](repeating: .infinity, count: 320))
                == "magnitude of lm_head: found inf at number 0, wanted finite numbers")
    }
}

/// A folder for one test, gone with this object.
final class EmptyFolder {
    let path = FileManager.default.temporaryDirectory.appending(path: "written-\(UUID().uuidString)").path

    init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

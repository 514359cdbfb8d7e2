import Foundation
import ModelFixtures
import Testing

@testable import Checkpoints
@testable import LlamaEngine

/// Tensors that the architecture does not read.
@Suite struct UnusedTensorsTests {
    /// The tiny model's folder with one tensor more in a shard of its own.
    private func folder(adding name: String, _ dtype: String, bytes: Int) throws -> FolderCopy {
        let folder = try FolderCopy("qwen2")
        let header = "{\"\(name)\":{\"dtype\":\"\(dtype)\",\"shape\":[2],\"data_offsets\":[0,\(bytes)]}}"
        let length = withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Array($0) }
        try Data(length + Array(header.utf8) + [UInt8](repeating: 0, count: bytes)).write(
            to: folder.url.appending(path: "more.safetensors"))
        let names = try ModelCheckpoint.open(path: folder.url.path).tensors.keys
        try FileManager.default.moveItem(
            at: folder.url.appending(path: "model.safetensors"), to: folder.url.appending(path: "whole.safetensors"))
        let map = names.map { "\"\($0)\": \"whole.safetensors\"" } + ["\"\(name)\": \"more.safetensors\""]
        try folder.write("model.safetensors.index.json", "{\"weight_map\": {\(map.joined(separator: ", "))}}")
        return folder
    }

    @Test(
        "do no harm and are named, of whatever type", arguments: [("I32", 8), ("F8_E4M3", 2), ("F32", 8), ("BOOL", 2)])
    func harmless(_ dtype: String, _ bytes: Int) throws {
        let folder = try folder(adding: "model.layers.0.position_ids", dtype, bytes: bytes)
        let checkpoint = try ModelCheckpoint.open(path: folder.url.path)
        #expect(checkpoint.unusedTensors == ["model.layers.0.position_ids"])
        _ = try Model(checkpoint)
    }

    @Test("that follow from the configuration are not worth a word")
    func derived() throws {
        let folder = try folder(adding: "model.layers.0.self_attn.rotary_emb.inv_freq", "F32", bytes: 8)
        #expect(try ModelCheckpoint.open(path: folder.url.path).unusedTensors.isEmpty)
    }

    @Test(
        "that the model would compute with are refused by name",
        arguments: [
            ("model.layers.0.self_attn.q_norm.weight", "a norm of queries"),
            ("model.layers.0.mlp.experts.3.down_proj.weight", "experts"),
        ])
    func meaningful(_ name: String, _ what: String) throws {
        let folder = try folder(adding: name, "F32", bytes: 8)
        #expect(folder.refusal.contains("tensor '\(name)': found \(what), wanted a model of the architecture qwen2"))
    }

    @Test("none of the tiny models has one", arguments: TinyModel.all)
    func none(_ tiny: TinyModel) throws {
        #expect(try ModelCheckpoint.open(path: tiny.path).unusedTensors.isEmpty)
    }

    @Test(
        "of a type that is not computed are read over in a GGUF file, and refused by type where they are needed",
        arguments: [(UInt32(26), "I32", 128), (24, "I8", 32), (25, "I16", 64), (28, "F64", 256)])
    func ggufTypes(_ number: UInt32, _ name: String, _ bytes: Int) throws {
        var file = GGUFWriter()
        file.add("general.architecture", "llama")
        file.add(
            GGUFWriter.Tensor(
                name: "extra", type: number, dimensions: [32], data: [UInt8](repeating: 0, count: bytes)))
        let tensor = try #require(try GGUFFile(file: guardedFile(file.encoded().bytes)).tensors.first)
        #expect(tensor.byteRange.count == bytes && tensor.typeName == name && tensor.computedType == nil)
    }
}

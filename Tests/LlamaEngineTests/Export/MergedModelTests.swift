import Foundation
import Testing

@testable import Checkpoints
@testable import LlamaEngine

/// Models that are written with an adapter merged in, against the adapter beside its base.
@Suite struct MergedModelTests {
    private func logits(_ model: Model, _ tokens: [Int32], _ adapter: Adapter? = nil) throws -> [Float] {
        let (decoder, cache) = try Decoder.make(model, .exact)
        return Array(
            try decoder.run([Decoder.Segment(tokens: tokens[...], cache: cache, logits: .all, adapter: adapter)]))
    }

    private func merged(_ tiny: TinyAdapter) throws -> (merged: MergedModel, wanted: [Float], prompt: [Int32]) {
        let base = try TinyModel.named(tiny.base)
        let path = TinyModel.folder.appending(path: "\(tiny.base).gguf").path
        let model = try Model(path: path)
        let wanted = try logits(model, base.prompt, try Adapter(peftFolder: tiny.path, for: model))
        return (try MergedModel(ModelCheckpoint.open(path: path), peftFolder: tiny.path), wanted, base.prompt)
    }

    @Test(
        "a merged GGUF file in F32 has the logits of the adapter, and the metadata of its base",
        arguments: TinyAdapter.all.filter { $0.base != "phi3" })
    func gguf(_ tiny: TinyAdapter) throws {
        let (merged, wanted, prompt) = try merged(tiny)
        let folder = try EmptyFolder()
        let path = folder.path + "/merged.gguf"
        try merged.writeGGUF(.f32, to: path)
        let difference = largestDifference(try logits(try Model(path: path), prompt), wanted)
        print("\(tiny.name) merged as GGUF: largest difference \(difference)")
        #expect(difference < 1e-3)
        let (file, source) = (try GGUFFile.open(path: path), merged.checkpoint)
        guard case .gguf(let base) = source.vocabulary else {
            Issue.record("\(tiny.name) is no GGUF file")
            return
        }
        #expect(Set(base.keys).union(["general.file_type", "general.quantization_version"]) == Set(file.keys))
        #expect(file.tensors.map(\.name).starts(with: base.tensors.map(\.name)))
        #expect(file.alignment == base.alignment)
    }

    @Test(
        "a merged folder of safetensors in F32 has the logits of the adapter",
        arguments: ["llama-dora", "llama-head", "qwen2-dora-tied", "qwen2-head-tied", "qwen3-patterns"])
    func safetensors(_ name: String) throws {
        let (merged, wanted, prompt) = try merged(.named(name))
        let folder = try EmptyFolder()
        try merged.writeHuggingFace(.f32, to: folder.path)
        let difference = largestDifference(try logits(try Model(path: folder.path), prompt), wanted)
        print("\(name) merged as safetensors: largest difference \(difference)")
        #expect(difference < 1e-3)
    }

    @Test("a folder's templates are written with it, those by name too")
    func templates() throws {
        let (base, folder) = (try FolderCopy("olmo2"), try EmptyFolder())
        try base.write("chat_template.jinja", "plain")
        try base.write("additional_chat_templates/tool_use.jinja", "for tools")
        let checkpoint = try ModelCheckpoint.open(path: base.url.path)
        let merged = try MergedModel(checkpoint, peftFolder: TinyAdapter.named("olmo2-dora").path)
        try merged.writeHuggingFace(.f32, to: folder.path)
        let wanted = ChatTemplateSources(plain: "plain", tools: "for tools")
        #expect(try ModelCheckpoint.open(path: folder.path).chatTemplates == wanted)
        #expect(wanted.files.map(\.name) == ["chat_template.jinja", "additional_chat_templates/tool_use.jinja"])
    }

    @Test("a base whose files hold several products in one tensor is refused")
    func fused() throws {
        let tiny = try TinyAdapter.named("phi3-fused")
        let error = #expect(throws: CheckpointError.self) {
            _ = try MergedModel(
                ModelCheckpoint.open(path: TinyModel.named(tiny.base).path), peftFolder: tiny.path)
        }
        #expect(error?.field == "architecture" && error?.found == "phi3")
    }

    @Test("every type is written and read again", arguments: ExportType.allCases)
    func types(_ type: ExportType) throws {
        let (merged, wanted, prompt) = try merged(.named("llama-qv"))
        let folder = try EmptyFolder()
        let path = folder.path + "/merged.gguf"
        try merged.writeGGUF(type, to: path)
        let difference = largestDifference(try logits(try Model(path: path), prompt), wanted)
        print("\(type.rawValue): largest difference \(difference)")
        // Random weights, whose rounding nothing averages out.
        #expect(difference < (type == .f32 ? 1e-3 : type == .f16 ? 0.5 : type == .bf16 || type == .q8 ? 2 : 30))
        #expect(try GGUFFile.open(path: path).int("general.file_type") == Int(type.fileType))
    }
}

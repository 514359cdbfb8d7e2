import Foundation
import ModelFixtures
import Testing

@testable import Checkpoints
@testable import LlamaEngine

/// Files and folders that people take for a model: the refusal says what they are and what to do.
@Suite struct ForeignFilesTests {
    @Test(
        "what lies in a file's place is named, whichever file it is",
        arguments: ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"],
        [
            (
                "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 535808\n",
                "found a Git LFS pointer, not the file, wanted the file itself: run 'git lfs pull' in its folder"
            ),
            ("<!DOCTYPE html>\n<html class=\"\">", "found an HTML page, not the file, wanted the file itself: fetch"),
            ("\n  <HTML><body>Sign in", "found an HTML page"),
            ("<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code>", "found an XML page"),
            ("Entry not found", "found the answer of a server, 'Entry not found', not the file"),
        ])
    func placeholders(_ name: String, _ content: (text: String, words: String)) throws {
        let folder = try FolderCopy("qwen3")
        try folder.write("tokenizer.json", "{}")
        try folder.write(name, content.text)
        #expect(folder.refusal.hasPrefix("FOLDER/\(name): file: \(content.words)"), "\(folder.refusal)")
    }

    @Test(
        "a file of another form is named where a GGUF file is wanted",
        arguments: [
            ([0x50, 0x4B, 3, 4, 0, 0, 0, 0], "a ZIP archive, as torch saves weights"),
            (Array("tjgg0000".utf8), "a GGML file from before GGUF"),
            ([0x1F, 0x8B, 8, 0, 0, 0, 0, 0], "packed (gzip)"),
            (Array(repeating: 0, count: 4096), "nothing but zero bytes (is it fetched to its end?)"),
            ([8, 0, 0, 0, 0, 0, 0, 0] + Array("{\"a\":{}}".utf8), "a safetensors file"),
            (Array("{\"model_type\": \"llama\"}".utf8), "JSON"),
            ([0x80, 2, 0x8A, 0x0A, 0, 0, 0, 0], "a Python pickle"),
            ([8, 7, 0x12, 7, 0x70, 0x79, 0x74, 0x6F], "an ONNX model"),
        ] as [([UInt8], String)])
    func forms(_ bytes: [UInt8], _ words: String) {
        let error = #expect(throws: CheckpointError.self) { try GGUFFile(file: guardedFile(bytes)) }
        #expect(error?.found.hasSuffix(": \(words)") == true, "\(error?.found ?? "")")
    }

    @Test(
        "a folder without a config.json is named for what it is",
        arguments: [
            (
                ["adapter_config.json", "adapter_model.safetensors"], "a PEFT adapter, which is no model of its own",
                "'base'"
            ),
            (["model_index.json", "unet"], "a diffusion pipeline", "writes text"),
            (["blobs", "refs", "snapshots"], "a folder of the cache of huggingface_hub", "snapshots/REVISION"),
            (["a-Q4_K_M.gguf"], "a folder with a GGUF file", "a-Q4_K_M.gguf'"),
            (
                ["a-00001-of-00002.gguf", "a-00002-of-00002.gguf"], "a folder with 2 GGUF files",
                "a-00001-of-00002.gguf'"
            ),
            (["model.onnx"], "weights for ONNX Runtime", "model.safetensors"),
            (["genai_config.json", "model.onnx"], "a model of ONNX Runtime", "GGUF"),
        ])
    func folders(_ names: [String], _ found: String, _ wanted: String) throws {
        let folder = try FolderCopy("qwen3")
        try folder.remove("config.json")
        try folder.remove("model.safetensors")
        for name in names { try folder.write(name, "x") }
        #expect(folder.refusal.contains(found) && folder.refusal.contains(wanted), "\(folder.refusal)")
    }

    @Test(
        "a folder without weights that are read is named for those that are there",
        arguments: [
            (["pytorch_model.bin"], "'pytorch_model.bin': weights as a Python pickle", "safe_serialization=True"),
            (
                ["pytorch_model-00001-of-00002.bin", "pytorch_model.bin.index.json"], "weights as a Python pickle",
                "save_pretrained"
            ),
            (["onnx"], "'onnx': weights for ONNX Runtime", "GGUF"),
            (["openvino_model.xml"], "weights for OpenVINO", "GGUF"),
            (["tf_model.h5"], "weights for TensorFlow", "GGUF"),
            (["flax_model.msgpack"], "weights for Flax", "GGUF"), (["weights.npz"], "an older MLX", "GGUF"),
            (["consolidated.safetensors"], "Mistral's own release", "in the form of Hugging Face"),
            (["adapter_config.json"], "a PEFT adapter", "'adapter'"), (["m.gguf"], "a GGUF file", "m.gguf'"),
            (["model-00001-of-00002.safetensors"], "-of-00002", "model.safetensors.index.json beside it"),
        ])
    func weights(_ names: [String], _ found: String, _ wanted: String) throws {
        let folder = try FolderCopy("qwen3")
        try folder.remove("model.safetensors")
        for name in names { try folder.write(name, "x") }
        #expect(folder.refusal.hasPrefix("FOLDER: weights: found "), "\(folder.refusal)")
        #expect(folder.refusal.contains(found) && folder.refusal.contains(wanted), "\(folder.refusal)")
    }

    @Test(
        "settings of a model that is not served name the cause",
        arguments: [
            (
                #""quantization": {"group_size": 64, "bits": 4}"#,
                "'quantization': found weights of 4 bits that MLX has quantised, wanted weights in F32, F16 or BF16"
            ),
            (#""quantization_config": {"group_size": 64, "bits": 8}"#, "weights of 8 bits that MLX has quantised"),
            (
                #""quantization_config": {"quant_method": "awq", "bits": 4}"#,
                "found 'awq': weights of 4 bits that AWQ has quantised"
            ),
            (#""quantization_config": {"quant_method": "gptq", "bits": 4}"#, "that GPTQ has quantised"),
            (#""quantization_config": {"load_in_4bit": true}"#, "that bitsandbytes has quantised"),
            (#""quantization_config": {"quant_method": "fp8"}"#, "that FP8 has quantised"),
            (
                #""num_local_experts": 8"#,
                "'num_local_experts': found 8: a mixture of experts of the type 'qwen3', wanted a dense model, or a "
                    + "mixture of qwen3_moe or qwen2_moe or mixtral"
            ),
            (#""num_experts": 64"#, "a mixture of experts"), (#""n_routed_experts": 64"#, "a mixture of experts"),
        ])
    func settings(_ more: String, _ words: String) throws {
        let folder = try FolderCopy("qwen3")
        try folder.change("config.json", #""model_type""#, to: "\(more), \"model_type\"")
        #expect(folder.refusal.contains(words), "\(folder.refusal)")
    }

    @Test(
        "a kind of model that is not served is named",
        arguments: [
            ("olmoe", "", "found 'olmoe': a mixture of experts, wanted one of llama"),
            ("granitemoe", "", "found 'granitemoe': a mixture of experts"),
            ("llava", #", "vision_config": {}"#, "found 'llava': a model of more than text"),
        ])
    func kinds(_ type: String, _ more: String, _ words: String) throws {
        let folder = try FolderCopy("qwen3")
        try folder.change("config.json", #""model_type": "qwen3""#, to: #""model_type": "\#(type)"\#(more)"#)
        #expect(folder.refusal.contains(words), "\(folder.refusal)")
    }

    @Test(
        "weights that a library has quantised are named by their tensors where the settings say nothing",
        arguments: [
            (["qweight": "I32", "qzeros": "I32", "scales": "F16"], "GPTQ or AWQ"),
            (["weight": "U32", "scales": "F16", "biases": "F16"], "MLX"),
            (["weight": "U8", "weight.absmax": "U8"], "bitsandbytes"),
            (["weight": "I8", "SCB": "F32"], "bitsandbytes"),
            (["weight": "F8_E4M3", "weight_scale": "F32"], "FP8"), (["weight_packed": "I32"], "compressed-tensors"),
        ])
    func tensors(_ parts: [String: String], _ maker: String) {
        var tensors: [String: CheckpointTensor] = [:]
        for (name, type) in parts {
            tensors["p." + name] = CheckpointTensor(
                name: "p." + name, type: SafetensorsFile.DType(rawValue: type)?.kernelType, typeName: type, shape: [1],
                parts: [])
        }
        let error = QuantisedWeights.refusal(tensors, product: "p", path: "folder")
        #expect(error?.found == "weights that \(maker) has quantised")
    }

    @Test(
        "JSON that is none names what was found and never doubles a word",
        arguments: [
            ("Infinity", "found Infinity, a number that JSON does not have, wanted JSON: write null, or a string"),
            ("-Infinity", "-Infinity, a number that JSON does not have"), ("NaN", "found NaN, a number"),
            ("True", "found Python's True, wanted JSON: write true"), ("None", "found Python's None"),
            ("'x'", "found a single quote, wanted JSON: write names and strings in double quotes"),
            ("1, // two", "found a comment"), ("1,", "found a comma before '}', wanted JSON: leave the last comma out"),
            ("[1, 2,]", "found a comma before ']'"), ("x", "found 'x', wanted JSON"),
        ])
    func json(_ value: String, _ words: String) throws {
        let folder = try FolderCopy("qwen3")
        try folder.write("generation_config.json", "{\"temperature\": \(value)\n}")
        #expect(folder.refusal.hasPrefix("FOLDER/generation_config.json: settings at byte "), "\(folder.refusal)")
        #expect(folder.refusal.contains(words) && !folder.refusal.contains("found found"), "\(folder.refusal)")
        try folder.write("generation_config.json", "{\"temperature\": ")
        #expect(folder.refusal.contains("found its end in the middle of a value, wanted JSON: is it cut short?"))
    }

    @Test(
        "a GGUF file that is no dense model of text is named",
        arguments: [
            ("general.type", "adapter", "metadata 'general.type': found 'adapter': a LoRA adapter"),
            ("general.type", "mmproj", "found 'mmproj': the part of a model that reads images"),
        ])
    func ggufKinds(_ key: String, _ value: String, _ words: String) {
        let error = #expect(throws: CheckpointError.self) {
            var file = GGUFWriter()
            file.add("general.architecture", "llama")
            file.add(key, value)
            _ = try ModelCheckpoint(GGUFFile(file: guardedFile(file.encoded().bytes)))
        }
        #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
    }

    @Test("a model's folder in an adapter's place is named")
    func modelAsAdapter() throws {
        let folder = try FolderCopy("llama")
        let model = try Model(path: folder.url.path)
        let error = #expect(throws: CheckpointError.self) { try Adapter(peftFolder: folder.url.path, for: model) }
        #expect(error?.found == "a model's folder, with config.json")
    }

    @Test(
        "templates that are none are shown",
        arguments: ["[]", "{}", "5", #"[{"name": "default", "template": null}]"#, #"[{"template": "a"}]"#])
    func noTemplates(_ value: String) throws {
        let folder = try FolderCopy("qwen3")
        try folder.write("tokenizer_config.json", "{\"chat_template\": \(value)}")
        #expect(
            folder.refusal.hasPrefix("FOLDER/tokenizer_config.json: 'chat_template': found ")
                && folder.refusal.hasSuffix(", wanted a template, or a list of named ones"), "\(folder.refusal)")
    }

    @Test("a GGUF file of experts that are not served is named by their number and its architecture")
    func ggufExperts() {
        let error = #expect(throws: CheckpointError.self) {
            var file = GGUFWriter()
            file.add("general.architecture", "deepseek2")
            file.add("deepseek2.expert_count", UInt32(64))
            _ = try ModelCheckpoint(GGUFFile(file: guardedFile(file.encoded().bytes)))
        }
        #expect(error?.field == "metadata 'deepseek2.expert_count'")
        #expect(error?.found == "64: a mixture of experts of the architecture 'deepseek2'")
    }

    @Test("several templates without a default are listed, in a folder and in a GGUF file")
    func templates() throws {
        let folder = try FolderCopy("qwen3")
        try folder.write("additional_chat_templates/rag.jinja", "a")
        try folder.write("additional_chat_templates/tool_use.jinja", "b")
        #expect(
            folder.refusal
                == "FOLDER/additional_chat_templates: chat template: found templates named 'rag', 'tool_use', wanted "
                + "one named 'default', or the one to use as chat_template.jinja beside this folder")
        for named in [
            #"[{"name": "rag", "template": "a"}, {"name": "tool_use", "template": "b"}]"#,
            #"{"rag": "a", "tool_use": "b"}"#,
        ] {
            for file in ["chat_template.json", "tokenizer_config.json"] {
                try folder.write(file, "{\"chat_template\": \(named)}")
                #expect(
                    folder.refusal
                        == "FOLDER/\(file): 'chat_template': found templates named 'rag', 'tool_use', wanted one "
                        + "named 'default', or the one to use as chat_template.jinja")
            }
            try folder.remove("tokenizer_config.json")
        }
        var file = GGUFWriter()
        file.add("general.architecture", "llama")
        file.add("tokenizer.chat_templates", ["rag", "tool_use"])
        file.add("tokenizer.chat_template.rag", "a")
        file.add("tokenizer.chat_template.tool_use", "b")
        let gguf = try GGUFFile(file: guardedFile(file.encoded().bytes))
        let error = #expect(throws: CheckpointError.self) { try ModelMetadata(gguf).chatTemplates() }
        #expect(error?.found == "none, and templates named 'rag', 'tool_use'")
        var empty = file
        empty.add("tokenizer.chat_template", "")
        #expect(throws: CheckpointError.self) {
            try ModelMetadata(GGUFFile(file: guardedFile(empty.encoded().bytes))).chatTemplates()
        }
        file.add("tokenizer.chat_template", "c")
        #expect(
            try ModelMetadata(GGUFFile(file: guardedFile(file.encoded().bytes))).chatTemplates()
                == ChatTemplateSources(plain: "c", tools: "b"))
    }
}

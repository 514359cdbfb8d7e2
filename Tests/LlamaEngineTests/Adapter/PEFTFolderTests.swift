import Foundation
import ModelFixtures
import Testing

@testable import Checkpoints
@testable import LlamaEngine

/// Folders with something wrong in them, each a copy of one that PEFT saved.
@Suite struct PEFTFolderTests {
    private static let llama = Result { try TinyModel.named("llama").load() }

    private func refusal(_ name: String, _ change: (AdapterFolder) throws -> Void) throws -> String? {
        let folder = try AdapterFolder(.named(name))
        try change(folder)
        return folder.refusal(for: try Self.llama.get())
    }

    @Test(
        "a setting that is neither LoRA nor DoRA is refused by its name",
        arguments: [
            ("peft_type", "\"IA3\"", "'peft_type': found 'IA3', wanted 'LORA'"),
            ("peft_type", "null", "'peft_type': found null, wanted 'LORA'"),
            ("bias", "\"lora_only\"", "'bias': found 'lora_only', wanted 'none': biases are not served"),
            ("use_qalora", "true", "setting 'use_qalora': found true, wanted off: only LoRA and DoRA are served"),
            (
                "modules_to_save", "[\"lm_head\"]",
                "setting 'modules_to_save': found an array, wanted off: whole modules beside the adapter are not served"
            ),
            ("lora_bias", "true", "setting 'lora_bias': found true, wanted off: biases are not served"),
            (
                "fan_in_fan_out", "true",
                "setting 'fan_in_fan_out': found true, wanted off: the weights of these models are [outputs, inputs]"
            ),
            (
                "not_invented_yet", "1",
                "setting 'not_invented_yet': found 1, wanted off: only LoRA and DoRA are served"
            ),
            (
                "init_lora_weights", "\"pissa_niter_4\"",
                "'init_lora_weights': found 'pissa_niter_4', wanted an adapter of the unchanged base "
                    + "(save it with path_initial_model_for_weight_conversion)"
            ),
        ])
    func settings(_ key: String, _ value: String, _ wanted: String) throws {
        #expect(try refusal("llama-qv") { try $0.set(key, value) } == "/adapter_config.json: " + wanted)
    }

    @Test(
        "a value that can't be is refused with what belongs there",
        arguments: [
            ("r", "0", "'r': found 0, wanted an integer from 1 to 1024"),
            ("r", "\"8\"", "'r': found '8', wanted an integer from 1 to 1024"),
            ("r", "1e300", "'r': found 1e+300, wanted an integer from 1 to 1024"),
            ("lora_alpha", "null", "'lora_alpha': found null, wanted a number of at most 1000000"),
            ("lora_alpha", "1e30", "'lora_alpha': found 1e+30, wanted a number of at most 1000000"),
            ("use_rslora", "\"yes\"", "'use_rslora': found 'yes', wanted true or false"),
            ("rank_pattern", "[]", "'rank_pattern': found an array, wanted an object"),
            (
                "rank_pattern", "{\"q_proj\": -1}",
                "'q_proj' of 'rank_pattern': found -1, wanted an integer from 1 to 1024"
            ),
            (
                "alpha_pattern", "{\"(a+)+$\": 4}",
                "'alpha_pattern': found '(a+)+$', wanted names of modules, not a regular expression"
            ),
            (
                "target_modules", "[\"q_proj\", \"v_porj\"]",
                "'target_modules': found 'v_porj', wanted modules of the base: q_proj, k_proj, v_proj, o_proj, "
                    + "gate_proj, up_proj, down_proj, lm_head (did you mean 'v_proj'?)"
            ),
            (
                "target_modules", "[\"q_proj\", \"v_proj\", \"embed_tokens\"]",
                "'target_modules': found 'embed_tokens', wanted only q_proj, k_proj, v_proj, o_proj, gate_proj, "
                    + "up_proj, down_proj, lm_head: the embedding is not adapted"
            ),
            ("target_modules", "[1]", "'target_modules': found 1, wanted names of modules"),
            ("layers_to_transform", "[-1]", "'layers_to_transform': found -1, wanted an integer from 0 to 1024"),
        ])
    func values(_ key: String, _ value: String, _ wanted: String) throws {
        #expect(try refusal("llama-qv") { try $0.set(key, value) } == "/adapter_config.json: " + wanted)
    }

    @Test(
        "tensors that do not fit the configuration or the model are refused by name and shape",
        arguments: [
            (
                "r", "8",
                "shape of tensor 'base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight': found [4, 256], "
                    + "wanted [8, 256], by the base model and the adapter's rank"
            ),
            (
                "rank_pattern", "{\"layers.1.self_attn.v_proj\": 3}",
                "shape of tensor 'base_model.model.model.layers.1.self_attn.v_proj.lora_A.weight': found [4, 256], "
                    + "wanted [3, 256], by the base model and the adapter's rank"
            ),
            (
                "target_modules", "[\"q_proj\", \"v_proj\", \"k_proj\"]",
                "tensor 'base_model.model.model.layers.0.self_attn.k_proj.lora_A.weight': found no such tensor, "
                    + "wanted one of shape [4, 256]"
            ),
            (
                "use_dora", "true",
                "tensor 'base_model.model.model.layers.0.self_attn.q_proj.lora_magnitude_vector': found no such "
                    + "tensor, wanted one of shape [256]"
            ),
            (
                "target_modules", "[\"q_proj\"]",
                "tensor 'base_model.model.model.layers.0.self_attn.v_proj.lora_A.weight': found one, "
                    + "wanted none: adapter_config.json does not name this module"
            ),
        ])
    func tensors(_ key: String, _ value: String, _ wanted: String) throws {
        #expect(try refusal("llama-qv") { try $0.set(key, value) } == "/adapter_model.safetensors: " + wanted)
    }

    @Test(
        "a tensor of something else is refused by name",
        arguments: [
            (
                "base_model.model.model.layers.1.self_attn.v_proj.lora_A.weight",
                "base_model.model.model.layers.2.self_attn.v_proj.lora_A.weight",
                "names like 'base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight', of 2 layers"
            ),
            (
                "base_model.model.model.layers.1.self_attn.v_proj.lora_A.weight",
                "base_model.model.lm_head.base_layer.weight____________________",
                "none: the head is changed by lora_A and lora_B alone"
            ),
            (
                "base_model.model.model.layers.1.self_attn.v_proj.lora_B.weight",
                "base_model.model.model.layers.1.v_proj.lora_magnitude_vector__",
                "no magnitudes: adapter_config.json does not say 'use_dora'"
            ),
        ])
    func strangers(_ name: String, _ other: String, _ wanted: String) throws {
        let message = try refusal("llama-qv") { try $0.replace(name, with: other) }
        #expect(message == "/adapter_model.safetensors: tensor '\(other)': found one, wanted \(wanted)")
    }

    @Test("an adapter of a model of other sizes is refused with both sizes")
    func otherModel() throws {
        let folder = try AdapterFolder(.named("qwen3-patterns"))
        let message = try #require(folder.refusal(for: try Self.llama.get()))
        #expect(
            message
                == "/adapter_model.safetensors: shape of tensor "
                + "'base_model.model.model.layers.0.self_attn.q_proj.lora_B.weight': found [384, 8], wanted [256, 8], "
                + "by the base model and the adapter's rank")
    }

    @Test("a number that is none is refused")
    func notANumber() throws {
        let message = try refusal("llama-qv") { folder in
            var data = try Data(contentsOf: folder.weights)
            data.replaceSubrange(data.count - 2..<data.count, with: [0xff, 0x7f])
            try data.write(to: folder.weights)
        }
        #expect(message?.contains("found a NaN at number") == true, "\(message ?? "")")
    }

    @Test("a path that leads to no such folder is refused with what belongs there")
    func paths() throws {
        let wanted = "wanted a folder with adapter_config.json and adapter_model.safetensors"
        func refusal(_ path: String) throws -> String? {
            do {
                _ = try Adapter(peftFolder: path, for: try Self.llama.get())
                return nil
            } catch let error as CheckpointError {
                return error.description
            }
        }
        #expect(
            try refusal("/no/such/adapter") == "/no/such/adapter: adapter: found No such file or directory, \(wanted)")
        #expect(try refusal("/dev/null") == "/dev/null: adapter: found something that is no folder, \(wanted)")
        let tiny = try TinyAdapter.named("llama-qv")
        #expect(
            try refusal(tiny.path + "/adapter_model.safetensors")?.contains("found something that is no folder") == true
        )
        #expect(try refusal(tiny.path + "\0/..")?.contains("found a path with a zero byte") == true)
        #expect(try refusal("")?.contains(wanted) == true)
    }

    @Test("a file that is missing, a folder, a pipe or a pickle is refused, and nothing waits for it")
    func files() throws {
        let manager = FileManager.default
        let empty = try refusal("llama-qv") { try manager.removeItem(at: $0.configuration) }
        #expect(empty?.hasPrefix("/adapter_config.json: ") == true)
        let directory = try refusal("llama-qv") { folder in
            try manager.removeItem(at: folder.configuration)
            try manager.createDirectory(at: folder.configuration, withIntermediateDirectories: false)
        }
        #expect(directory?.contains("not a regular file") == true)
        let pipe = try refusal("llama-qv") { folder in
            try manager.removeItem(at: folder.weights)
            #expect(mkfifo(folder.weights.path, 0o600) == 0)
        }
        #expect(pipe?.contains("not a regular file") == true)
        let pickle = try refusal("llama-qv") { folder in
            try manager.moveItem(at: folder.weights, to: folder.url.appending(path: "adapter_model.bin"))
        }
        #expect(
            pickle
                == ": adapter: found adapter_model.bin, wanted adapter_model.safetensors "
                + "(save the adapter again with safe_serialization=True)")
    }

    @Test("a configuration beyond the limit is refused before it is read")
    func large() throws {
        let message = try refusal("llama-qv") { folder in
            try Data(repeating: 0x20, count: PEFTConfiguration.bytesMax + 1).write(to: folder.configuration)
        }
        #expect(message == "/adapter_config.json: size: found 1048577 bytes, wanted at most bytesMax = 1048576")
    }

    @Test("weights that are cut short anywhere are refused")
    func truncated() throws {
        let folder = try AdapterFolder(.named("llama-down"))
        let whole = try Data(contentsOf: folder.weights)
        let model = try Self.llama.get()
        for count in Array(stride(from: 0, to: 900, by: 7)) + [whole.count - 1] {
            try whole.prefix(count).write(to: folder.weights)
            #expect(folder.refusal(for: model) != nil, "\(count) bytes")
        }
    }

    @Test("any byte of the configuration or of the weights' header may be wrong: refused or loaded, never a trap")
    func mutations() throws {
        let folder = try AdapterFolder(.named("llama-down"))
        let model = try Self.llama.get()
        var random = SplitMix(seed: 5)
        for file in [folder.configuration, folder.weights] {
            let whole = try Data(contentsOf: file)
            var refused = 0
            for _ in 0..<600 {
                var data = whole
                data[Int.random(in: 0..<min(whole.count, 900), using: &random)] = UInt8.random(
                    in: 0...255, using: &random)
                try data.write(to: file)
                if folder.refusal(for: model) != nil { refused += 1 }
            }
            #expect(refused > 100)
            try whole.write(to: file)
        }
        #expect(folder.refusal(for: model) == nil)
    }
}

@Suite struct ModulePatternTests {
    private let module = "model.layers.1.self_attn.q_proj"

    @Test(
        "a pattern names a module by its end, at a dot, or whole",
        arguments: [
            ("q_proj", true), ("self_attn.q_proj", true), ("1.self_attn.q_proj", true),
            ("^model.layers.1.self_attn.q_proj", true), ("model\\.layers\\.1\\.self_attn\\.q_proj", true),
            ("proj", false), ("_proj", false), ("^q_proj", false), ("k_proj", false), ("layers.1", false),
        ])
    func matching(_ pattern: String, _ wanted: Bool) throws {
        #expect(try #require(ModulePattern(pattern)).matches(module) == wanted)
    }

    @Test("a regular expression is no pattern", arguments: ["", "^", "^^a", ".*", "q_proj|v_proj", "[qv]_proj", "a b"])
    func expressions(_ pattern: String) {
        #expect(ModulePattern(pattern) == nil)
    }
}

import LlamaTraining
import ProviderKit

/// An adapter's numbers as PEFT saves them: `adapter_model.safetensors` and `adapter_config.json`.
enum AdapterFiles {
    static func write(
        _ changes: [TrainedChange], _ settings: TrainingSettings, base: String, to folder: String
    ) throws {
        try StateFile.write(to: "\(folder)/adapter_model.safetensors") { tensor in
            for change in changes {
                let name = "base_model.model." + path(of: change.module, layer: change.layer)
                try tensor(name + ".lora_A.weight", [change.rank, change.a.count / change.rank], change.a)
                try tensor(name + ".lora_B.weight", [change.b.count / change.rank, change.rank], change.b)
                if let magnitude = change.magnitude {
                    try tensor(name + ".lora_magnitude_vector", [magnitude.count], magnitude)
                }
            }
        }
        let config: JSON = [
            "peft_type": "LORA", "task_type": "CAUSAL_LM", "base_model_name_or_path": .string(base),
            "r": .integer(Int64(settings.rank)), "lora_alpha": number(settings.alpha), "lora_dropout": 0,
            "target_modules": .array(settings.modules.map { .string($0.rawValue) }),
            "bias": "none", "fan_in_fan_out": false, "inference_mode": true, "init_lora_weights": true,
            "use_rslora": false, "use_dora": .bool(settings.algorithm == .dora), "modules_to_save": .null,
        ]
        let file = try DurableFile("\(folder)/adapter_config.json")
        try file.append(config.bytes + [0x0A])
        try file.close()
    }

    static func path(of module: TrainedModule, layer: Int) -> String {
        switch module {
        case .query, .key, .value, .output: "model.layers.\(layer).self_attn.\(module.rawValue)"
        case .gate, .up, .down: "model.layers.\(layer).mlp.\(module.rawValue)"
        case .head: module.rawValue
        }
    }

    private static func number(_ alpha: Float) -> JSON {
        Int64(exactly: alpha).map { .integer($0) } ?? .number(Double(alpha))
    }
}

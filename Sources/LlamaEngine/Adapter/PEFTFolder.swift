/// A folder as PEFT saves adapters (huggingface.co/docs/peft, "Checkpoint format"): its two files, and what the tensors
/// are called.
package enum PEFTFolder {
    package static let configurationName = "adapter_config.json"
    package static let weightsName = "adapter_model.safetensors"

    /// The base's own weights, which PEFT saves beside a change of the head.
    static let savedWithHead = [
        "base_model.model.lm_head.base_layer.weight", "base_model.model.model.embed_tokens.weight",
    ]

    /// The tensors of one product.
    enum Part: String, CaseIterable {
        case a = "lora_A.weight"
        case b = "lora_B.weight"
        case magnitude = "lora_magnitude_vector"
    }
}

extension Adapter.Place {
    /// The name in released weights.
    var module: String { target.module(layer: layer) }

    func tensor(_ part: PEFTFolder.Part) -> String { "base_model.model.\(module).\(part.rawValue)" }
}

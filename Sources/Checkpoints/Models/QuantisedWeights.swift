import LlamaStackAPI

/// Weights of a Hugging Face folder that another library has quantised: which, by what the settings say or by the
/// tensors' names and types.
enum QuantisedWeights {
    static let wanted =
        "weights in F32, F16 or BF16: the model that it was made from (a GGUF file serves quantised ones)"

    /// nil when the settings say nothing of the kind.
    static func refusal(_ settings: JSON, path: String) -> CheckpointError? {
        func refuse(_ key: String, _ found: String) -> CheckpointError {
            CheckpointError(path: path, field: "'\(key)'", offset: nil, found: found, wanted: wanted)
        }
        for key in ["quantization", "quantization_config"] {
            guard let quantised = settings[key], quantised != .null else { continue }
            let bits = quantised["bits"].flatMap { $0.numberOfThings }.map { " of \($0) bits" } ?? ""
            if let method = quantised["quant_method"]?.stringValue {
                return refuse(
                    key,
                    "\(method.quotedForMessage()): weights\(bits) that \(libraries[method] ?? method) has quantised")
            }
            if quantised["load_in_4bit"] != nil || quantised["load_in_8bit"] != nil {
                return refuse(key, "weights that bitsandbytes has quantised")
            }
            if quantised["group_size"] != nil { return refuse(key, "weights\(bits) that MLX has quantised") }
            return refuse(key, quantised.kind)
        }
        return nil
    }

    /// nil when `product`'s weight is there as it was released.
    static func refusal(
        _ tensors: [String: CheckpointTensor], product: String, path: String
    ) -> CheckpointError? {
        let weight = tensors[product + ".weight"]
        func has(_ suffix: String) -> Bool { tensors[product + suffix] != nil }
        let maker: String? =
            if has(".qweight") {
                "GPTQ or AWQ"
            } else if has(".weight_packed") {
                "compressed-tensors"
            } else if has(".weight.absmax") || has(".SCB") || has(".weight.SCB") {
                "bitsandbytes"
            } else if weight != nil, weight?.type == nil, has(".scales") {
                "MLX"
            } else if let weight, weight.typeName.hasPrefix("F8") {
                "FP8"
            } else {
                nil
            }
        guard let maker else { return nil }
        return CheckpointError(
            path: path, field: "tensor '\(product)'", offset: nil, found: "weights that \(maker) has quantised",
            wanted: wanted)
    }

    private static let libraries = [
        "awq": "AWQ", "gptq": "GPTQ", "bitsandbytes": "bitsandbytes", "fp8": "FP8", "fbgemm_fp8": "FP8",
        "mxfp4": "MXFP4", "aqlm": "AQLM", "hqq": "HQQ", "eetq": "EETQ", "exl2": "ExLlamaV2", "exl3": "ExLlamaV3",
        "quanto": "Quanto", "torchao": "torchao", "higgs": "HIGGS", "vptq": "VPTQ", "spqr": "SpQR",
        "bitnet": "BitNet", "quark": "Quark", "auto-round": "AutoRound", "intel/auto-round": "AutoRound",
    ]
}

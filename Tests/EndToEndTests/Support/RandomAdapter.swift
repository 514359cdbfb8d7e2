import Foundation

/// A PEFT folder of random numbers for the default model, SmolLM2 135M: every product of every layer, or some of them.
struct RandomAdapter {
    var seed: UInt64
    var rank = 2
    var targets = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
    var isRankStabilised = false

    private static let layers = 30
    /// Inputs and outputs.
    private static let sizes: [String: (Int, Int)] = [
        "q_proj": (576, 576), "k_proj": (576, 192), "v_proj": (576, 192), "o_proj": (576, 576),
        "gate_proj": (576, 1536), "up_proj": (576, 1536), "down_proj": (1536, 576),
    ]

    /// Writes it as `name` into the folder.
    /// - Returns: its path.
    func write(_ name: String, in folder: TemporaryFolder) throws -> String {
        let path = folder.path + "/" + name
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        let names = targets.map { "\"\($0)\"" }.joined(separator: ", ")
        let config = """
            {"peft_type": "LORA", "r": \(rank), "lora_alpha": \(2 * rank), "use_rslora": \(isRankStabilised), \
            "bias": "none", "target_modules": [\(names)]}
            """
        _ = try folder.write(config, name + "/adapter_config.json")
        _ = try folder.write(encoded(), name + "/adapter_model.safetensors")
        return path
    }

    private func encoded() -> [UInt8] {
        var random = SplitMix(state: seed)
        var entries: [String] = []
        var data: [UInt8] = []
        func add(_ module: String, _ half: String, _ shape: [Int], _ largest: Float) {
            let begin = data.count
            for _ in 0..<shape[0] * shape[1] {
                let value = Float.random(in: -largest...largest, using: &random)
                withUnsafeBytes(of: value) { data += $0 }
            }
            entries.append(
                """
                "base_model.model.model.layers.\(module).lora_\(half).weight": \
                {"dtype": "F32", "shape": \(shape), "data_offsets": [\(begin), \(data.count)]}
                """)
        }
        for layer in 0..<Self.layers {
            for target in targets {
                guard let (inputs, outputs) = Self.sizes[target] else { continue }
                let part = ["gate_proj", "up_proj", "down_proj"].contains(target) ? "mlp" : "self_attn"
                add("\(layer).\(part).\(target)", "A", [rank, inputs], 0.04)
                add("\(layer).\(part).\(target)", "B", [outputs, rank], 0.1)
            }
        }
        let header = Array("{\(entries.joined(separator: ", "))}".utf8)
        return withUnsafeBytes(of: UInt64(header.count).littleEndian) { Array($0) } + header + data
    }
}

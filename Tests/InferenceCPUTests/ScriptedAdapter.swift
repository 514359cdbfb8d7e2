import Foundation

/// A real PEFT folder for a `ScriptedModel`: whatever the last token was, the model goes on as after `token`.
///
/// One rank through attention: the values' change sums up the normed input, which is the same for every token; the
/// output's change puts it where `token` has its embedding, far above what is there.
struct ScriptedAdapter {
    var token: UInt8
    var strength: Float = 10
    /// Replaces members of `adapter_config.json`, each a whole line.
    var setting = ""

    private static let hidden = ScriptedModel.hidden
    private static let width = 32

    /// Writes the folder into a folder for temporary files.
    func write() throws -> URL {
        let folder = FileManager.default.temporaryDirectory.appending(path: "adapter-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let more = setting.isEmpty ? "" : ", " + setting
        let config = """
            {"peft_type": "LORA", "r": 1, "lora_alpha": 1, "bias": "none", "target_modules": ["v_proj", "o_proj"]\(more)}
            """
        try Data(config.utf8).write(to: folder.appending(path: "adapter_config.json"))
        try Data(encoded()).write(to: folder.appending(path: "adapter_model.safetensors"))
        return folder
    }

    private func encoded() -> [UInt8] {
        var first = [Float](repeating: 0, count: Self.width)
        first[0] = 1
        var target = [Float](repeating: 0, count: Self.hidden)
        target[Int(token)] = strength
        let tensors: [(name: String, shape: [Int], values: [Float])] = [
            ("v_proj.lora_A", [1, Self.hidden], [Float](repeating: 1, count: Self.hidden)),
            ("v_proj.lora_B", [Self.width, 1], first),
            ("o_proj.lora_A", [1, Self.width], first),
            ("o_proj.lora_B", [Self.hidden, 1], target),
        ]
        var entries: [String] = []
        var data: [UInt8] = []
        for tensor in tensors {
            let begin = data.count
            tensor.values.withUnsafeBytes { data += $0 }
            entries.append(
                """
                "base_model.model.model.layers.0.self_attn.\(tensor.name).weight": \
                {"dtype": "F32", "shape": \(tensor.shape), "data_offsets": [\(begin), \(data.count)]}
                """)
        }
        let header = Array("{\(entries.joined(separator: ", "))}".utf8)
        return withUnsafeBytes(of: UInt64(header.count).littleEndian) { Array($0) } + header + data
    }
}

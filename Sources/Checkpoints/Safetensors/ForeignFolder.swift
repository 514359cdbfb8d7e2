/// A folder that holds a model in a form that is not served, or none: what it is, and what to do.
struct ForeignFolder {
    private let folder: CheckpointFolder
    private let names: [String]

    init(_ folder: CheckpointFolder) {
        self.folder = folder
        names = folder.names
    }

    /// For a folder without the files that say what a model is.
    var refusal: CheckpointError {
        if let known = first(Self.kinds) ?? ggufFiles { return refuse("model folder", known) }
        return refuse(
            "model folder",
            (folder.listing, "config.json (as Hugging Face lays models out) or params.json (as Meta does)"))
    }

    /// For a folder whose `config.json` is there, and no weights that are read.
    var weightsRefusal: CheckpointError {
        if let known = first(Self.weights) ?? ggufFiles { return refuse("weights", known) }
        let shards = names.filter { $0.hasSuffix(".safetensors") }
        if let shard = shards.first {
            return refuse(
                "weights",
                (
                    shard.quotedForMessage(charactersMax: 40),
                    shard.contains("-of-")
                        ? "\(SafetensorsShards.index) beside it (was all of the model fetched?)"
                        : "\(SafetensorsShards.whole) or \(SafetensorsShards.index)"
                ))
        }
        return refuse("weights", (folder.listing, "\(SafetensorsShards.whole) or \(SafetensorsShards.index)"))
    }

    private typealias Words = (found: String, wanted: String)

    private func refuse(_ field: String, _ words: Words) -> CheckpointError {
        CheckpointError(path: folder.path, field: field, offset: nil, found: words.found, wanted: words.wanted)
    }

    /// The first row one of whose names, or ends of names, is in the folder.
    private func first(_ rows: [(marks: [String], kind: String, wanted: String)]) -> Words? {
        for row in rows {
            let found = names.first { name in
                row.marks.contains { $0.hasPrefix("*") ? name.hasSuffix($0.dropFirst()) : name == $0 }
            }
            if let found { return ("\(found.quotedForMessage(charactersMax: 40)): \(row.kind)", row.wanted) }
        }
        return nil
    }

    private var ggufFiles: Words? {
        let files = names.filter { $0.hasSuffix(".gguf") }
        guard let file = files.first else { return nil }
        return (
            files.count == 1 ? "a folder with a GGUF file" : "a folder with \(files.count) GGUF files",
            "the path of \(files.count == 1 ? "the file" : "one of them"), such as "
                + folder.path(of: file).quotedForMessage(charactersMax: 200)
        )
    }

    private static let adapter = (
        marks: ["adapter_config.json", "adapter_model.safetensors", "adapter_model.bin"],
        kind: "a PEFT adapter, which is no model of its own",
        wanted: "a model's folder; an adapter is a model with 'base' and 'adapter'"
    )

    /// By files that say what the folder is.
    private static let kinds: [(marks: [String], kind: String, wanted: String)] =
        [
            adapter,
            (["model_index.json"], "a diffusion pipeline, which makes images", "a model that writes text"),
            (["genai_config.json"], "a model of ONNX Runtime", released),
            (
                ["snapshots"], "a folder of the cache of huggingface_hub",
                "the folder in it that holds config.json: snapshots/REVISION"
            ),
        ] + weights.dropFirst()

    private static let released = "the model as released (config.json and model.safetensors), or a GGUF file of it"

    private static let pickle =
        "model.safetensors: python3 -c \"from transformers import AutoModelForCausalLM as M; "
        + "M.from_pretrained('.').save_pretrained('converted', safe_serialization=True)\" makes it in another folder"

    /// By weights that are not read.
    private static let weights: [(marks: [String], kind: String, wanted: String)] = [
        adapter,
        (
            ["pytorch_model.bin", "pytorch_model.bin.index.json", "*-of-00001.bin", "*.ckpt"],
            "weights as a Python pickle", pickle
        ),
        (
            ["consolidated.safetensors", "consolidated.safetensors.index.json"],
            "weights under the names of Mistral's own release",
            "\(SafetensorsShards.whole) or \(SafetensorsShards.index), the same model in the form of Hugging Face"
        ),
        (["onnx", "*.onnx", "*.onnx_data"], "weights for ONNX Runtime", released),
        (["openvino_model.xml", "openvino_model.bin"], "weights for OpenVINO", released),
        (["tf_model.h5", "*.h5", "*.tflite", "saved_model.pb"], "weights for TensorFlow", released),
        (["flax_model.msgpack", "*.msgpack"], "weights for Flax", released),
        (["rust_model.ot"], "weights for rust-bert", released),
        (["weights.npz", "*.npz"], "weights as NumPy arrays (an older MLX)", released),
        (["*.mlpackage", "*.mlmodel", "*.mlmodelc"], "a model for Core ML", released),
        (["*.engine", "rank0.engine"], "a model for TensorRT", released),
        (["*.pt", "*.bin"], "weights as a Python pickle", pickle),
    ]
}

import Checkpoints
import DurableFiles
import Foundation
import LlamaTraining
import ProviderKit

/// The model in a checkpoint of `full`, in the form of its base: a GGUF file with all of its metadata, or the files of
/// a Hugging Face folder. Weights are 32-bit floats: what is served is what was trained, and a run goes on from them.
enum WholeModelFiles {
    private static let ggufName = "model.gguf"
    private static let safetensorsName = "model.safetensors"

    /// The path that such a checkpoint's model is served from.
    static func path(in folder: String) -> String {
        let file = "\(folder)/\(ggufName)"
        return FileManager.default.fileExists(atPath: file) ? file : folder
    }

    /// Throws for a base whose form is not written.
    static func require(_ base: ModelCheckpoint, model: String) throws {
        guard base.format == .meta else { return }
        throw ProviderError(
            .invalidRequest,
            "algorithm 'full' writes checkpoints in the form of their base, and '\(model)' is a folder as Meta lays it out, "
                + "which is not written: convert it to GGUF or to a Hugging Face folder, or train an adapter",
            field: "algorithm")
    }

    static func write(_ trainer: Trainer, _ base: ModelCheckpoint, to folder: String) throws {
        let weights = trainer.weights(named: base.names)
        if case .gguf(let first) = base.vocabulary {
            try write(weights, after: first, to: "\(folder)/\(ggufName)")
        } else {
            try write(weights, beside: base, to: folder)
        }
    }

    /// Tensors that are not trained, such as the divisors of frequencies, are copied as they are.
    private static func write(_ weights: [TrainedTensor], after first: GGUFFile, to path: String) throws {
        let trained = Dictionary(uniqueKeysWithValues: weights.map { ($0.name, $0) })
        let tensors = try GGUFFile.allTensors(of: first).map { tensor in
            trained[tensor.name].map { GGUFOutput.Tensor($0.name, shape: $0.shape, floats: $0.numbers) }
                ?? GGUFOutput.Tensor(copying: tensor)
        }
        try FileOutput.create(path) { output throws(FileError) in
            try GGUFOutput.write(tensors, metadataOf: first, setting: ["general.file_type": 0], to: output)
        }
    }

    private static func write(_ weights: [TrainedTensor], beside base: ModelCheckpoint, to folder: String) throws {
        let others = try HuggingFaceFolder.otherFiles(of: base) { config in
            config["dtype"] = "float32"
            config["torch_dtype"] = nil
            config["quantization_config"] = nil
        }
        for (name, bytes) in others {
            try FileOutput.create("\(folder)/\(name)") { output throws(FileError) in try output.write(bytes) }
        }
        try SavedNumbers.write(weights, to: "\(folder)/\(safetensorsName)", metadata: ["format": "pt"])
    }

    /// Reads the weights of such a checkpoint back by their names in a run.
    static func reader(of folder: String, for trainer: Trainer) throws -> (_ name: String) -> [Float]? {
        let model = try ModelCheckpoint.open(path: path(in: folder))
        return { name in
            guard let weight = trainer.weightName(of: name, in: model.names), let tensor = model.tensors[weight],
                tensor.typeName == "F32", let bytes = tensor.contiguous
            else { return nil }
            let size = tensor.byteCount
            return [Float](unsafeUninitializedCapacity: size / MemoryLayout<Float>.stride) { numbers, count in
                count = size / MemoryLayout<Float>.stride
                UnsafeMutableRawBufferPointer(numbers).copyMemory(
                    from: UnsafeRawBufferPointer(rebasing: bytes.prefix(size)))
            }
        }
    }
}

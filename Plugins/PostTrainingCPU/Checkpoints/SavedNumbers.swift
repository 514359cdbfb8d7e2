import Checkpoints
import DurableFiles
import Foundation
import LlamaTraining

/// The float tensors of a safetensors file, by name.
struct SavedNumbers {
    private let file: SafetensorsFile

    init(_ path: String) throws { file = try SafetensorsFile(path: path) }

    /// Makes the file, which is on disk afterwards. One tensor at a time is in memory.
    static func write(
        _ tensors: [TrainedTensor], to path: String, metadata: [String: String] = [:]
    ) throws(FileError) {
        let written = tensors.map { tensor in
            SafetensorsWriter.Tensor(tensor.name, .f32, tensor.shape) { output throws(FileError) in
                try output.write(tensor.numbers())
            }
        }
        try FileOutput.create(path) { output throws(FileError) in
            try SafetensorsWriter.write(written, metadata: metadata, to: output)
        }
    }

    /// nil where there is none of this name, or it holds other values.
    func numbers(_ name: String) -> [Float]? {
        guard let tensor = file.tensors[name], tensor.dtype == .f32 else { return nil }
        let bytes = tensor.bytes
        return [Float](unsafeUninitializedCapacity: bytes.count / 4) { numbers, count in
            UnsafeMutableRawBufferPointer(numbers).copyMemory(from: bytes)
            count = bytes.count / 4
        }
    }
}

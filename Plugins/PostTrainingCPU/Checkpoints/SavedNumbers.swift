import Checkpoints
import Foundation

/// The float tensors of a safetensors file, by name.
struct SavedNumbers {
    private let file: SafetensorsFile

    init(_ path: String) throws { file = try SafetensorsFile(path: path) }

    /// Makes the file, which is on disk afterwards.
    /// - Parameter source: hands out the tensors.
    static func write(
        to path: String, _ source: ((_ name: String, _ shape: [Int], _ numbers: [Float]) -> Void) -> Void
    ) throws(FileWriteError) {
        var tensors: [SafetensorsWriter.Tensor] = []
        source { tensors.append(SafetensorsWriter.Tensor($0, shape: $1, $2)) }
        try FileOutput.create(path) { output throws(FileWriteError) in
            try SafetensorsWriter.write(tensors, to: output)
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

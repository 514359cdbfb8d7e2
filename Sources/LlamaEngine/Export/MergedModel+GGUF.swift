import CKernels
import Checkpoints
import DurableFiles

extension MergedModel {
    /// Writes the merged model as a GGUF file: all metadata of its base, which must be one too; every matrix as `type`,
    /// everything else as it is there, in the same order.
    /// - Throws: `CheckpointError` when the base is no GGUF file, or a number is too large for `type`;
    ///   `FileError`. Then there is no file.
    package func writeGGUF(_ type: ExportType, to path: String) throws {
        guard case .gguf(let first) = checkpoint.vocabulary else {
            throw CheckpointError(
                path: checkpoint.path, field: "base", offset: nil, found: "a folder (\(checkpoint.format.rawValue))",
                wanted: "a GGUF file, whose metadata a GGUF export copies (--to safetensors writes a folder)")
        }
        let places = places()
        var tensors: [GGUFOutput.Tensor] = []
        for tensor in try GGUFFile.allTensors(of: first) {
            guard tensor.dimensions.count == 2, let source = checkpoint.tensors[tensor.name], source.type != nil else {
                tensors.append(GGUFOutput.Tensor(copying: tensor))
                continue
            }
            tensors.append(matrix(tensor.name, source, places[tensor.name], type.type))
        }
        if untiesHead, let source = source(of: .head) {
            tensors.append(matrix(checkpoint.names.head, source, .head, type.type))
        }
        let order = tensors
        try FileOutput.create(path) { output throws(FileError) in
            try GGUFOutput.write(
                order, metadataOf: first,
                setting: ["general.file_type": type.fileType, "general.quantization_version": 2], to: output)
        }
        do {
            try requireNoOverflow(type.type, path: checkpoint.path)
        } catch {
            FileOutput.remove(path)
            throw error
        }
    }

    private func matrix(
        _ name: String, _ source: CheckpointTensor, _ place: Adapter.Place?, _ wanted: lk_type
    ) -> GGUFOutput.Tensor {
        let type = Self.type(wanted, inputs: source.shape[1])
        return GGUFOutput.Tensor(
            name, type, source.shape, byteCount: source.shape[0] * lk_row_bytes(type, source.shape[1])
        ) { [self] output throws(FileError) in try write(source, place, as: type, to: output) }
    }
}

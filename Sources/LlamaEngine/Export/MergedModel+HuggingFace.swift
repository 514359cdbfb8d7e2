import CKernels
import Checkpoints
import DurableFiles
import LlamaStackAPI

extension MergedModel {
    /// Writes the merged model as a folder that transformers reads, which must exist and be empty: every matrix as
    /// `type` (F32, F16 or BF16), norms and biases as F32, rows in the released order. Settings and vocabulary are the
    /// base folder's own files, or are made of a GGUF file's metadata.
    /// - Throws: `CheckpointError` and `TokenizerError` when the base has something that such a folder has no words
    ///   for, or a number is too large for `type`; `FileError`.
    package func writeHuggingFace(_ type: ExportType, to folder: String) throws {
        guard let dtype = type.safetensors else { preconditionFailure("safetensors hold no quantised types") }
        for (name, bytes) in try settings(type) {
            if let slash = name.firstIndex(of: "/") { try DurableFolder.make("\(folder)/\(name[..<slash])", in: folder) }
            try FileOutput.create(folder + "/" + name) { output throws(FileError) in try output.write(bytes) }
        }
        let tensors = try released(type.type, dtype)
        let path = folder + "/model.safetensors"
        try FileOutput.create(path) { output throws(FileError) in
            try SafetensorsWriter.write(tensors, metadata: ["format": "pt"], to: output)
        }
        try requireNoOverflow(type.type, path: checkpoint.path)
    }

    // MARK: Weights

    private func released(_ type: lk_type, _ dtype: SafetensorsFile.DType) throws -> [SafetensorsWriter.Tensor] {
        let names = checkpoint.names
        let other = checkpoint.format == .huggingFace ? names : .huggingFace
        var tensors: [SafetensorsWriter.Tensor] = []
        func add(_ name: String, _ otherName: String, _ place: Adapter.Place? = nil, target: AdapterTarget? = nil)
            throws
        {
            guard let tensor = checkpoint.tensors[name] else { return }
            tensors.append(try released(tensor, as: otherName, place, target: target ?? place?.target, type, dtype))
        }
        try add(names.embedding, other.embedding)
        try add(names.finalNorm, other.finalNorm)
        if untiesHead, let source = source(of: .head) {
            tensors.append(try released(source, as: other.head, .head, target: .head, type, dtype))
        } else if !tiesHead {
            try add(names.head, other.head, .head)
        }
        let norms = [
            (names.attentionNorm, other.attentionNorm), (names.feedForwardNorm, other.feedForwardNorm),
            (names.queryNorm, other.queryNorm), (names.keyNorm, other.keyNorm),
            (names.attentionPostNorm, other.attentionPostNorm),
            (names.feedForwardPostNorm, other.feedForwardPostNorm),
        ]
        for layer in 0..<configuration.layers {
            for (name, otherName) in norms { try add(names.layer(layer, name), other.layer(layer, otherName)) }
            for target in AdapterTarget.ofLayer {
                let (name, otherName) = (names.product(target), other.product(target))
                try add(
                    names.layer(layer, name + ".weight"), other.layer(layer, otherName + ".weight"),
                    Adapter.Place(layer: layer, target: target))
                try add(
                    names.layer(layer, name + ".bias"), other.layer(layer, otherName + ".bias"), nil, target: target)
            }
        }
        return tensors
    }

    private func released(
        _ tensor: CheckpointTensor, as name: String, _ place: Adapter.Place?, target: AdapterTarget?, _ type: lk_type,
        _ dtype: SafetensorsFile.DType
    ) throws -> SafetensorsWriter.Tensor {
        guard let own = tensor.type, let outputs = tensor.shape.first, (1...2).contains(tensor.shape.count) else {
            throw CheckpointError(
                path: tensor.path, field: "tensor '\(tensor.name)'", offset: nil, found: tensor.typeName,
                wanted: "a type that is computed")
        }
        let order = target.flatMap { sourceRows($0, outputs: outputs) }
        if tensor.shape.count == 1 {
            guard let base = tensor.contiguous?.baseAddress else {
                throw CheckpointError(
                    path: tensor.path, field: "tensor '\(tensor.name)'", offset: nil, found: "it in parts",
                    wanted: "a vector in one piece")
            }
            var values = [Float](repeating: 0, count: outputs)
            lk_dequantize_row(own, base, &values, outputs)
            let released: [Float] = order?.map { values[$0] } ?? values
            return SafetensorsWriter.Tensor(name, shape: tensor.shape, released)
        }
        return SafetensorsWriter.Tensor(name, dtype, tensor.shape) {
            [self] (output: FileOutput) throws(FileError) -> Void in
            try self.write(tensor, place, as: type, order: order, to: output)
        }
    }

    /// The file's row for each released one; nil: the same.
    private func sourceRows(_ target: AdapterTarget, outputs: Int) -> [Int]? {
        guard target == .query || target == .key, configuration.rope.order == .interleaved else { return nil }
        var order = [Int](repeating: 0, count: outputs)
        for row in 0..<outputs { order[target.releasedRow(row, in: configuration)] = row }
        return order
    }

    // MARK: Settings

    private func settings(_ type: ExportType) throws -> [(name: String, bytes: [UInt8])] {
        switch checkpoint.vocabulary {
        case .gguf(let file): try HuggingFaceSettings(self, file, type).files()
        default:
            try HuggingFaceFolder.otherFiles(of: checkpoint) { config in
                config["dtype"] = type.torchName.map { .string($0) }
                config["torch_dtype"] = nil
                if untiesHead { config["tie_word_embeddings"] = false }
            }
        }
    }
}

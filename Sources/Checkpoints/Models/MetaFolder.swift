import LlamaStackAPI

/// A folder as Meta releases Llama: `params.json`, the weights in `consolidated.00.pth` and so on, one file for each
/// part that model parallelism cut them into, and the vocabulary in `tokenizer.model`. Rows of queries and keys have
/// rotary pairs as neighbours.
enum MetaFolder {
    static let partsMax = 64

    static func open(_ folder: CheckpointFolder) throws -> ModelCheckpoint {
        let settings = try HuggingFaceFolder.settings(folder, "params.json")
        let (tensors, files) = try weights(folder)
        let names = WeightNames.meta
        let params = MetaParameters(path: folder.path(of: "params.json"), json: settings)
        let gate = names.layer(0, names.gate + ".weight")
        guard let feedForward = tensors[gate]?.shape.first else {
            throw CheckpointError(
                path: folder.path, field: "tensor '\(gate)'", offset: nil, found: "no such tensor",
                wanted: "a Llama's weights")
        }
        return ModelCheckpoint(
            path: folder.path, format: .meta, name: folder.name, chatTemplates: nil, family: .llama,
            configuration: try params.configuration(feedForward: feedForward), names: names, tiesHead: nil,
            tensors: tensors, vocabulary: try vocabulary(folder), files: files)
    }

    private static func vocabulary(_ folder: CheckpointFolder) throws -> ModelCheckpoint.VocabularyPlace {
        if let file = try folder.optionalFile("tokenizer.model") { return .tokenizerModel(file) }
        return .none(
            CheckpointError(
                path: folder.path, field: "vocabulary", offset: nil, found: folder.listing, wanted: "tokenizer.model"))
    }

    static func partName(_ part: Int) -> String { "consolidated.\(part < 10 ? "0" : "")\(part).pth" }

    private static func weights(
        _ folder: CheckpointFolder
    ) throws(CheckpointError) -> (tensors: [String: CheckpointTensor], files: [MappedFile]) {
        var parts: [TorchFile] = []
        while folder.has(partName(parts.count)) {
            guard parts.count < partsMax else {
                throw CheckpointError(
                    path: folder.path, field: "weights", offset: nil, found: "more than \(partsMax) parts",
                    wanted: "at most partsMax = \(partsMax)")
            }
            parts.append(try TorchFile(folder.file(partName(parts.count))))
        }
        guard let first = parts.first else {
            throw CheckpointError(
                path: folder.path, field: "weights", offset: nil, found: folder.listing, wanted: partName(0))
        }
        if parts.count == 1 { return (first.tensors, [first.file]) }
        var joined: [String: CheckpointTensor] = [:]
        let width = first.tensors[WeightNames.meta.finalNorm]?.shape.first ?? 0
        for (name, tensor) in first.tensors { joined[name] = try join(tensor, parts, width: width) }
        return (joined, parts.map(\.file))
    }

    /// The whole of a tensor that every part has a piece of.
    private static func join(
        _ tensor: CheckpointTensor, _ parts: [TorchFile], width: Int
    ) throws(CheckpointError) -> CheckpointTensor {
        guard let axis = axis(of: tensor, width: width) else { return tensor }
        var whole = tensor
        whole.axis = axis
        whole.parts = []
        for part in parts {
            guard let piece = part.tensors[tensor.name], piece.shape == tensor.shape, piece.typeName == tensor.typeName
            else {
                throw CheckpointError(
                    path: part.file.path, field: "tensor \(tensor.name.quotedForMessage())", offset: nil,
                    found: part.tensors[tensor.name].map { "\($0.typeName) \($0.shape)" } ?? "no such tensor",
                    wanted: "\(tensor.typeName) \(tensor.shape), as in \(tensor.path)")
            }
            whole.parts += piece.parts
        }
        // Cannot overflow: the parts lie in files of their own.
        whole.shape[axis] *= parts.count
        return whole
    }

    /// Along which axis a tensor is cut; nil: every part has the whole. Products whose outputs are shared out are cut
    /// by rows, those that take such outputs by columns. Llama 2 cuts the embedding by columns, Llama 3 by rows; the
    /// norms' `width` tells which.
    private static func axis(of tensor: CheckpointTensor, width: Int) -> Int? {
        guard tensor.shape.count == 2 else { return nil }
        let kind = tensor.name.split(separator: ".").dropLast().last
        return switch kind {
        case "wq", "wk", "wv", "w1", "w3", "output": 0
        case "wo", "w2": 1
        case "tok_embeddings": tensor.shape[1] == width ? 0 : 1
        default: nil
        }
    }
}

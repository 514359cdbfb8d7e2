/// A model on disk in any of the forms that are served, opened and checked: its dimensions, its weights by name, and
/// where its vocabulary and chat template stand. Weights stay in the files. Immutable, any thread.
package struct ModelCheckpoint: Sendable {
    package enum Format: String, Sendable {
        case gguf = "GGUF"
        case huggingFace = "Hugging Face"
        case meta = "Meta"
    }

    /// Where a tokenizer is made from.
    package enum VocabularyPlace: Sendable {
        case gguf(GGUFFile)
        /// `tokenizer.json` of a Hugging Face folder.
        case tokenizerJSON(MappedFile, HuggingFaceFolder.Marks)
        /// SentencePiece's or tiktoken's own file.
        case tokenizerModel(MappedFile)
        /// The error that says what is missing; a model without a vocabulary can still be measured.
        case none(CheckpointError)
    }

    /// The file or the folder, as the user wrote it.
    package let path: String
    package let format: Format
    /// The name in a GGUF file, empty when there is none; a folder's name.
    package let name: String
    /// nil: the model has none.
    package let chatTemplates: ChatTemplateSources?
    package let family: ModelFamily
    /// `vocabulary` is 0: the embedding's shape says it.
    package let configuration: ModelConfiguration
    package let names: WeightNames
    /// Whether the head is the embedding; nil: when there is no head.
    package let tiesHead: Bool?
    package let tensors: [String: CheckpointTensor]
    package let vocabulary: VocabularyPlace
    /// Those that hold weights.
    package let files: [MappedFile]

    /// Opens a GGUF file, a folder as Hugging Face lays it out, or a folder as Meta does.
    /// - Throws: `CheckpointError` when the format is not known, or something in it can't be believed.
    package static func open(path: String) throws -> ModelCheckpoint {
        let folder = CheckpointFolder(path: path)
        guard folder.exists else {
            guard let suffix = [".safetensors", ".json", ".pth"].first(where: path.hasSuffix) else {
                return try ModelCheckpoint(GGUFParts.open(path: path))
            }
            throw CheckpointError(
                path: path, field: "model", offset: nil, found: "a \(suffix) file",
                wanted: "the folder that holds it, or a GGUF file")
        }
        let open = [("config.json", HuggingFaceFolder.open), ("params.json", MetaFolder.open)].first {
            folder.has($0.0)
        }?.1
        if let open {
            let checkpoint = try open(folder)
            try checkpoint.requireServedTensors()
            return checkpoint
        }
        throw ForeignFolder(folder).refusal
    }

    /// The same with other tensors in the place of those of their names.
    package func replacing(_ others: [String: CheckpointTensor]) -> ModelCheckpoint {
        ModelCheckpoint(
            path: path, format: format, name: name, chatTemplates: chatTemplates, family: family,
            configuration: configuration, names: names, tiesHead: tiesHead,
            tensors: tensors.merging(others) { $1 }, vocabulary: vocabulary, files: files)
    }

    /// Whether each product is a tensor of its own, under the name that it has where a model is text alone.
    package var hasReleasedTensors: Bool {
        !family.hasFusedProducts
            && (format != .huggingFace || names.embedding == WeightNames.huggingFace(of: family).embedding)
    }

    /// Added to weights of norms as the tensors have them.
    package var normOffset: Float { format == .gguf ? 0 : family.normOffset }

    /// Bytes of all files that hold weights.
    package var weightBytes: Int { files.reduce(0) { $0 + $1.bytes.count } }

    /// Starts reading all weights ahead.
    package func willNeedWeights() {
        for file in files { file.willNeed(0..<file.bytes.count) }
    }

    /// Reads all weights and maps their pages, so that the first pass over them is as fast as every later one.
    package func populateWeights() {
        for file in files { file.populate(0..<file.bytes.count) }
    }

    /// Weights of all tensors.
    package var parameters: Int {
        // Cannot overflow: the tensors lie in files side by side, at more than an eighth of a byte each.
        tensors.values.reduce(0) { $0 + $1.elementCount }
    }

    /// The type of a checkpoint in a log line: the one that holds the most weights, such as `Q4_1`.
    package var commonestType: String {
        var elements: [String: Int] = [:]
        for tensor in tensors.values { elements[tensor.typeName, default: 0] += tensor.elementCount }
        // Of equals the first by name, so that one file always says the same.
        return elements.max { $0.value != $1.value ? $0.value < $1.value : $0.key > $1.key }?.key ?? "unknown"
    }

    /// A tensor with exactly this shape, outermost first.
    package func requiredTensor(_ name: String, shape: [Int]) throws -> CheckpointTensor {
        // Each format's own order, and its word for it.
        func shown(_ shape: [Int]) -> String {
            format == .gguf ? "dimensions \(Array(shape.reversed()))" : "shape \(shape)"
        }
        guard let tensor = tensors[name] else {
            throw refuse("tensor '\(name)'", found: "no such tensor", wanted: "one with \(shown(shape))")
        }
        guard tensor.shape == shape else {
            throw CheckpointError(
                path: tensor.path, field: "tensor '\(name)'", offset: nil, found: shown(tensor.shape),
                wanted: format == .gguf ? "\(Array(shape.reversed()))" : "\(shape)")
        }
        return tensor
    }

    package func refuse(_ field: String, found: String, wanted: String) -> CheckpointError {
        CheckpointError(path: path, field: field, offset: nil, found: found, wanted: wanted)
    }
}

extension ModelCheckpoint {
    /// A model in one GGUF file.
    package init(_ file: GGUFFile) throws { try self.init(GGUFParts(first: file)) }

    /// The first part says everything but where the other parts' tensors are.
    init(_ parts: GGUFParts) throws {
        let file = parts.first
        let metadata = ModelMetadata(file)
        path = file.path
        format = .gguf
        name = try file.string("general.name") ?? ""
        family = try metadata.family()
        chatTemplates = try metadata.chatTemplates()
        var names = WeightNames.gguf
        names.experts = family.mixture == nil ? nil : .gguf
        self.names = names
        tiesHead = nil
        let tensors = Dictionary(
            uniqueKeysWithValues: parts.all.flatMap(\.tensors).map { tensor in
                (
                    tensor.name,
                    CheckpointTensor(
                        name: tensor.name, type: tensor.computedType, typeName: tensor.typeName,
                        shape: tensor.dimensions.reversed(),
                        parts: [CheckpointTensor.Part(file: tensor.file, byteRange: tensor.byteRange)])
                )
            })
        var configuration = try metadata.configuration(of: family)
        configuration.experts?.denseLayers = names.denseLayers(configuration.layers, in: tensors)
        self.configuration = configuration
        self.tensors =
            family.hasFusedProducts
            ? try FusedProducts(names: names, configuration: configuration, path: path).separate(tensors) : tensors
        vocabulary = .gguf(file)
        files = parts.all.map(\.file)
        try requireServedTensors()
    }
}

/// The weights of a Hugging Face folder: one file of safetensors, or the shards that an index names.
struct SafetensorsShards {
    private(set) var tensors: [String: CheckpointTensor] = [:]
    private(set) var files: [MappedFile] = []

    static let whole = "model.safetensors"
    static let index = "model.safetensors.index.json"
    static let indexBytesMax = 64 << 20
    static let shardsMax = 1024

    static func open(_ folder: CheckpointFolder) throws(CheckpointError) -> SafetensorsShards {
        var shards = SafetensorsShards()
        if folder.has(whole) {
            try shards.add(SafetensorsFile(path: folder.path(of: whole)))
        } else if folder.has(index) {
            try shards.addAll(of: folder)
        } else {
            throw ForeignFolder(folder).weightsRefusal
        }
        return shards
    }

    private mutating func addAll(of folder: CheckpointFolder) throws(CheckpointError) {
        let file = try folder.file(Self.index)
        let placed = try Self.weightMap(file)
        for shard in Set(placed.values).sorted() {
            guard folder.has(shard) else {
                throw CheckpointError(
                    path: file.path, field: "shard \(shard.quotedForMessage())", offset: nil, found: "no such file",
                    wanted: "a file beside the index (was all of the model fetched?)")
            }
            try add(SafetensorsFile(path: folder.path(of: shard)))
        }
        for (name, shard) in placed where tensors[name]?.path != folder.path(of: shard) {
            throw CheckpointError(
                path: file.path, field: "tensor \(name.quotedForMessage())", offset: nil,
                found: tensors[name].map { "it in \($0.path)" } ?? "no such tensor in any shard",
                wanted: "it in \(shard.quotedForMessage())")
        }
    }

    private mutating func add(_ file: SafetensorsFile) throws(CheckpointError) {
        files.append(file.file)
        for (name, tensor) in file.tensors {
            if let other = tensors[name] {
                throw CheckpointError(
                    path: file.path, field: "tensor \(name.quotedForMessage())", offset: nil,
                    found: "it in \(other.path) too", wanted: "each tensor in one shard")
            }
            tensors[name] = CheckpointTensor(
                name: name, type: tensor.dtype.kernelType, typeName: tensor.dtype.rawValue, shape: tensor.shape,
                parts: [CheckpointTensor.Part(file: file.file, byteRange: tensor.byteRange)])
        }
    }

    /// Tensor → shard. Shards are plain names: an index must not reach for files elsewhere.
    private static func weightMap(_ file: MappedFile) throws(CheckpointError) -> [String: String] {
        guard file.bytes.count <= indexBytesMax else {
            throw CheckpointError(
                path: file.path, field: "index", offset: nil, found: "\(file.bytes.count) bytes",
                wanted: "at most indexBytesMax = \(indexBytesMax)")
        }
        var json = CheckpointJSON(file)
        var placed: [String: String]?
        let tensorsMax = SafetensorsLimits().tensorsMax
        try json.members(of: "index", membersMax: 64) { key, json throws(CheckpointError) in
            guard key == "weight_map" else { return try json.skip(key.quotedForMessage()) }
            var map: [String: String] = [:]
            var shards: Set<String> = []
            try json.members(of: "'weight_map'", membersMax: tensorsMax) { name, json throws(CheckpointError) in
                let at = json.offset
                let shard = try json.string("shard of tensor \(name.quotedForMessage())")
                guard shard.hasSuffix(".safetensors"), !shard.hasPrefix("."),
                    !shard.contains(where: { "/\\\0".contains($0) })
                else {
                    throw json.refuse(
                        "shard of tensor \(name.quotedForMessage())", at: at, found: shard.quotedForMessage(),
                        wanted: "the plain name of a .safetensors file in this folder")
                }
                shards.insert(shard)
                guard shards.count <= shardsMax else {
                    throw json.refuse(
                        "'weight_map'", at: at, found: "more than \(shardsMax) shards", wanted: "at most \(shardsMax)")
                }
                map[name] = shard
            }
            placed = map
        }
        try json.end("index")
        guard let placed, !placed.isEmpty else {
            throw json.refuse("index", at: 0, found: "no tensors", wanted: "a 'weight_map'")
        }
        return placed
    }
}

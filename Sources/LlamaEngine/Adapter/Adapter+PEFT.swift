import Checkpoints
import LlamaStackAPI

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

extension Adapter {
    /// Reads a folder that PEFT has saved: `adapter_config.json` and `adapter_model.safetensors`.
    /// - Parameter model: the model that it changes, read here alone.
    /// - Throws: `CheckpointError` when a file is missing or damaged, the configuration asks for what is not served, a
    ///   tensor is missing, too many or of another shape than the model needs, or a number is not finite.
    package convenience init(peftFolder path: String, for model: Model) throws(CheckpointError) {
        let read = try PEFTFolder.read(path, for: model.configuration)
        do throws(AdapterError) {
            try self.init(read.changes, for: model)
        } catch {
            throw CheckpointError(
                path: read.weights, field: error.field, offset: nil, found: error.found, wanted: error.wanted)
        }
    }
}

extension PEFTFolder {
    /// The changes that a folder holds, and the path of the file that has their numbers, which are unchecked but for
    /// their shapes.
    static func read(
        _ path: String, for model: ModelConfiguration
    ) throws(CheckpointError) -> (changes: [Adapter.Place: Adapter.Change], weights: String) {
        let folder = PEFTReader(path: path, model: model)
        try folder.requireFiles()
        let configuration = try PEFTConfiguration(path: folder.configurationPath)
        let weights = try SafetensorsFile(path: folder.weightsPath)
        return (try folder.changes(configuration, weights), weights.path)
    }
}

/// Finds an adapter's tensors and holds them against its configuration and the model.
private struct PEFTReader {
    let path: String
    let model: ModelConfiguration

    var configurationPath: String { path + "/" + PEFTFolder.configurationName }
    var weightsPath: String { path + "/" + PEFTFolder.weightsName }

    func requireFiles() throws(CheckpointError) {
        func refuse(_ found: String, _ wanted: String) -> CheckpointError {
            CheckpointError(path: path.quotedPath, field: "adapter", offset: nil, found: found, wanted: wanted)
        }
        let wanted = "a folder with \(PEFTFolder.configurationName) and \(PEFTFolder.weightsName)"
        guard !path.utf8.contains(0) else { throw refuse("a path with a zero byte", wanted) }
        var status = stat()
        guard stat(path, &status) == 0 else { throw refuse(String(cString: strerror(errno)), wanted) }
        guard status.st_mode & S_IFMT == S_IFDIR else { throw refuse("something that is no folder", wanted) }
        if access(configurationPath, F_OK) != 0, access(path + "/config.json", F_OK) == 0 {
            throw refuse("a model's folder, with config.json", "\(wanted); a model of its own is named by 'path'")
        }
        if access(weightsPath, F_OK) != 0, access(path + "/adapter_model.bin", F_OK) == 0 {
            throw refuse(
                "adapter_model.bin", "\(PEFTFolder.weightsName) (save the adapter again with safe_serialization=True)")
        }
    }

    func changes(
        _ configuration: PEFTConfiguration, _ weights: SafetensorsFile
    ) throws(CheckpointError) -> [Adapter.Place: Adapter.Change] {
        try checkTargets(configuration)
        try checkNames(weights, isDoRA: configuration.isDoRA)
        var changes: [Adapter.Place: Adapter.Change] = [:]
        for module in modules {
            let names = (a: module.tensor(.a), b: module.tensor(.b), magnitude: module.tensor(.magnitude))
            let (a, b) = (weights.tensors[names.a], weights.tensors[names.b])
            let magnitude = weights.tensors[names.magnitude]
            let isNamed = configuration.names(module.name, layer: module.layer)
            if a == nil, b == nil, magnitude == nil, isNamed != true { continue }
            if isNamed == false {
                let name = a != nil ? names.a : b != nil ? names.b : names.magnitude
                throw CheckpointError(
                    path: weights.path, field: "tensor '\(name)'", offset: nil, found: "one",
                    wanted: "none: \(PEFTFolder.configurationName) does not name this module")
            }
            let rank = configuration.rank(of: module.name)
            let size = module.size(in: model)
            let outputs = size.outputs.reduce(0, +)
            let change = Adapter.Change(
                rank: rank, scale: configuration.scale(of: module.name),
                a: try floats(a, named: names.a, shape: [rank, size.inputs], weights),
                b: try floats(b, named: names.b, shape: [outputs, rank], weights),
                magnitude: configuration.isDoRA
                    ? try floats(magnitude, named: names.magnitude, shape: [outputs], weights) : nil)
            for (place, part) in module.separate(change, in: model) { changes[place] = part }
        }
        return changes
    }

    private var modules: [ReleasedModule] { ReleasedModule.all(of: model) }

    private func floats(
        _ tensor: SafetensorsFile.Tensor?, named name: String, shape: [Int], _ file: SafetensorsFile
    ) throws(CheckpointError) -> [Float] {
        guard let tensor else {
            throw CheckpointError(
                path: file.path, field: "tensor '\(name)'", offset: nil, found: "no such tensor",
                wanted: "one of shape \(shape)")
        }
        guard tensor.shape == shape else {
            throw CheckpointError(
                path: file.path, field: "shape of tensor '\(name)'", offset: nil, found: "\(tensor.shape)",
                wanted: "\(shape), by the base model and the adapter's rank")
        }
        return try tensor.floats()
    }

    /// Every name under `target_modules` must be one of the model's.
    private func checkTargets(_ configuration: PEFTConfiguration) throws(CheckpointError) {
        let modules = modules
        for target in configuration.targets ?? [] where !modules.contains(where: { target.matches($0.name) }) {
            throw CheckpointError(
                path: configurationPath, field: "'target_modules'", offset: nil, found: target.name.quotedForMessage(),
                wanted: served(inPlaceOf: target.name))
        }
    }

    private func served(inPlaceOf module: String) -> String {
        let names = modules.map(\.kind).reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
        let served = names.joined(separator: ", ")
        if module.hasSuffix("embed_tokens") { return "only \(served): the embedding is not adapted" }
        if model.experts != nil, Self.isOfExperts(module) { return AdapterTarget.expertsAreNot }
        let close = Spelling.closest(to: module, in: names)
        return "modules of the base: \(served)" + (close.map { " (did you mean '\($0)'?)" } ?? "")
    }

    /// Whether a module's or a tensor's name is one that feed-forward parts of experts have.
    private static func isOfExperts(_ name: String) -> Bool {
        ["gate", "experts", "w1", "w2", "w3", "up_proj", "down_proj", "shared_expert", "block_sparse_moe"].contains {
            name.contains($0)
        }
    }

    /// Every tensor must belong to a product.
    private func checkNames(_ weights: SafetensorsFile, isDoRA: Bool) throws(CheckpointError) {
        let parts: [PEFTFolder.Part] = isDoRA ? PEFTFolder.Part.allCases : [.a, .b]
        let modules = modules
        var known = Set(modules.flatMap { module in parts.map { module.tensor($0) } })
        if weights.tensors[Adapter.Place.head.tensor(.a)] != nil {
            // PEFT saves the base's own embedding and head beside a change of the head.
            for name in PEFTFolder.savedWithHead {
                guard let tensor = weights.tensors[name] else { continue }
                guard tensor.shape == [model.vocabulary, model.hidden] else {
                    throw CheckpointError(
                        path: weights.path, field: "shape of tensor '\(name)'", offset: nil,
                        found: "\(tensor.shape)",
                        wanted: "\([model.vocabulary, model.hidden]), the base's own: a vocabulary of another size is "
                            + "not served")
                }
                known.insert(name)
            }
        }
        guard let stranger = weights.tensors.keys.filter({ !known.contains($0) }).min() else { return }
        let wanted =
            switch stranger {
            case _ where stranger.contains("lora_magnitude_vector"):
                "no magnitudes: \(PEFTFolder.configurationName) does not say 'use_dora'"
            case _ where stranger.contains("lora_embedding_") || stranger.contains("embed_tokens"):
                "none: the embedding is not adapted"
            case _ where model.experts != nil && Self.isOfExperts(stranger): "none: " + AdapterTarget.expertsAreNot
            case _ where stranger.hasSuffix(".bias"): "none: biases are not served"
            case _ where stranger.contains("lm_head"): "none: the head is changed by lora_A and lora_B alone"
            default:
                "names like '\(modules[0].tensor(.a))', of \(model.layers) layers"
            }
        throw CheckpointError(
            path: weights.path, field: "tensor \(stranger.quotedForMessage(charactersMax: 120))", offset: nil,
            found: "one", wanted: wanted)
    }
}

extension String {
    /// A path as a message can show it.
    fileprivate var quotedPath: String { replacing("\0", with: "\u{fffd}") }
}

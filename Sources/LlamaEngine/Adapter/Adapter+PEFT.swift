import Checkpoints
import LlamaStackAPI

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

extension Adapter {
    /// Reads a folder that PEFT has saved: `adapter_config.json` and `adapter_model.safetensors`.
    /// - Throws: `CheckpointError` when a file is missing or damaged, the configuration asks for what is not served, a
    ///   tensor is missing, too many or of another shape than the model needs, or a number is not finite.
    package convenience init(peftFolder path: String, for model: ModelConfiguration) throws(CheckpointError) {
        let folder = PEFTFolder(path: path, model: model)
        try folder.requireFiles()
        let configuration = try PEFTConfiguration(path: folder.configurationPath)
        let weights = try SafetensorsFile(path: folder.weightsPath)
        let changes = try folder.changes(configuration, weights)
        do throws(AdapterError) {
            try self.init(changes, for: model)
        } catch {
            throw CheckpointError(
                path: weights.path, field: error.field, offset: nil, found: error.found, wanted: error.wanted)
        }
    }
}

/// Finds an adapter's tensors and holds them against its configuration and the model.
private struct PEFTFolder {
    let path: String
    let model: ModelConfiguration

    static let weightsName = "adapter_model.safetensors"

    var configurationPath: String { path + "/" + PEFTConfiguration.fileName }
    var weightsPath: String { path + "/" + Self.weightsName }

    func requireFiles() throws(CheckpointError) {
        func refuse(_ found: String, _ wanted: String) -> CheckpointError {
            CheckpointError(path: path.quotedPath, field: "adapter", offset: nil, found: found, wanted: wanted)
        }
        let wanted = "a folder with \(PEFTConfiguration.fileName) and \(Self.weightsName)"
        guard !path.utf8.contains(0) else { throw refuse("a path with a zero byte", wanted) }
        var status = stat()
        guard stat(path, &status) == 0 else { throw refuse(String(cString: strerror(errno)), wanted) }
        guard status.st_mode & S_IFMT == S_IFDIR else { throw refuse("something that is no folder", wanted) }
        if access(configurationPath, F_OK) != 0, access(path + "/config.json", F_OK) == 0 {
            throw refuse("a model's folder, with config.json", "\(wanted); a model of its own is named by 'path'")
        }
        if access(weightsPath, F_OK) != 0, access(path + "/adapter_model.bin", F_OK) == 0 {
            throw refuse(
                "adapter_model.bin", "\(Self.weightsName) (save the adapter again with safe_serialization=True)")
        }
    }

    func changes(
        _ configuration: PEFTConfiguration, _ weights: SafetensorsFile
    ) throws(CheckpointError) -> [Adapter.Place: Adapter.Change] {
        try checkTargets(configuration)
        try checkNames(weights)
        var changes: [Adapter.Place: Adapter.Change] = [:]
        for place in places {
            let module = place.module
            let (a, b) = (weights.tensors[place.tensor("A")], weights.tensors[place.tensor("B")])
            let isNamed = configuration.names(module, layer: place.layer)
            if a == nil, b == nil, isNamed != true { continue }
            if isNamed == false {
                throw CheckpointError(
                    path: weights.path, field: "tensor '\(place.tensor(a == nil ? "B" : "A"))'", offset: nil,
                    found: "one", wanted: "none: \(PEFTConfiguration.fileName) does not name this module")
            }
            let rank = configuration.rank(of: module)
            let (inputs, outputs) = place.target.size(in: model)
            changes[place] = Adapter.Change(
                rank: rank, scale: configuration.scale(of: module),
                a: try floats(a, named: place.tensor("A"), shape: [rank, inputs], weights),
                b: try floats(b, named: place.tensor("B"), shape: [outputs, rank], weights))
        }
        return changes
    }

    private var places: [Adapter.Place] {
        (0..<model.layers).flatMap { layer in
            AdapterTarget.allCases.map { Adapter.Place(layer: layer, target: $0) }
        }
    }

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
        let modules = places.map(\.module)
        for target in configuration.targets ?? [] where !modules.contains(where: target.matches) {
            let served = AdapterTarget.allCases.map(\.rawValue).joined(separator: ", ")
            let isEnd = ["embed_tokens", "lm_head"].contains { target.name.hasSuffix($0) }
            let close = Spelling.closest(to: target.name, in: AdapterTarget.allCases.map(\.rawValue))
            throw CheckpointError(
                path: configurationPath, field: "'target_modules'", offset: nil, found: target.name.quotedForMessage(),
                wanted: isEnd
                    ? "only \(served): embedding and head are not adapted"
                    : "modules of the base: \(served)" + (close.map { " (did you mean '\($0)'?)" } ?? ""))
        }
    }

    /// Every tensor must belong to a product.
    private func checkNames(_ weights: SafetensorsFile) throws(CheckpointError) {
        let known = Set(places.flatMap { [$0.tensor("A"), $0.tensor("B")] })
        guard let stranger = weights.tensors.keys.filter({ !known.contains($0) }).min() else { return }
        let wanted =
            switch stranger {
            case _ where stranger.contains("lora_magnitude_vector"): "no magnitudes: DoRA is not served"
            case _ where stranger.contains("lora_embedding_") || stranger.contains("embed_tokens"):
                "none: the embedding is not adapted"
            case _ where stranger.contains("lm_head"): "none: the head is not adapted"
            case _ where stranger.hasSuffix(".bias"): "none: biases are not served"
            default:
                "names like '\(Adapter.Place(layer: 0, target: .query).tensor("A"))', of \(model.layers) layers"
            }
        throw CheckpointError(
            path: weights.path, field: "tensor \(stranger.quotedForMessage(charactersMax: 120))", offset: nil,
            found: "one", wanted: wanted)
    }
}

extension Adapter.Place {
    /// The name in released weights.
    fileprivate var module: String { "model.layers.\(layer).\(target.module).\(target.rawValue)" }

    fileprivate func tensor(_ half: String) -> String { "base_model.model.\(module).lora_\(half).weight" }
}

extension String {
    /// A path as a message can show it.
    fileprivate var quotedPath: String { replacing("\0", with: "\u{fffd}") }
}

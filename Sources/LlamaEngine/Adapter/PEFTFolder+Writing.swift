import Checkpoints
import DurableFiles
import LlamaStackAPI

extension PEFTFolder {
    /// The parts of a configuration that an adapter's numbers do not say.
    package struct Settings: Sendable {
        package var alpha: Double
        /// Scales by alpha / sqrt(rank) (Kalajdzievski 2023, arXiv:2312.03732).
        package var isRankStabilised: Bool
        /// `base_model_name_or_path`.
        package var base: String?

        package init(alpha: Double, isRankStabilised: Bool = false, base: String? = nil) {
            (self.alpha, self.isRankStabilised, self.base) = (alpha, isRankStabilised, base)
        }
    }

    /// Writes the two files of an adapter into a folder that exists, as PEFT 0.21 writes them, and brings them to the
    /// disk; numbers as f32. The folder's entries are the caller's to sync.
    /// - Parameters:
    ///   - changes: at least one, of one rank, all with magnitudes or none, their scale what `settings` and the rank
    ///     make.
    package static func write(
        _ changes: [Adapter.Place: Adapter.Change], _ settings: Settings, layers: Int, to folder: String
    ) throws(FileError) {
        guard let first = changes.values.first else { preconditionFailure("an adapter changes something") }
        precondition(
            changes.values.allSatisfy {
                $0.rank == first.rank && $0.scale == first.scale && ($0.magnitude == nil) == (first.magnitude == nil)
            }, "one configuration says rank, scale and kind of all changes")
        let configuration = configuration(
            rank: first.rank, settings, isDoRA: first.magnitude != nil, targets: targets(changes, layers: layers))
        try FileOutput.create(folder + "/" + configurationName) { output throws(FileError) in
            try output.write(configuration.prettyText)
        }
        let tensors = changes.flatMap { place, change in
            let (rank, outputs) = (change.rank, change.b.count / change.rank)
            return [
                SafetensorsWriter.Tensor(place.tensor(.a), shape: [rank, change.a.count / rank], change.a),
                SafetensorsWriter.Tensor(place.tensor(.b), shape: [outputs, rank], change.b),
            ] + (change.magnitude.map { [.init(place.tensor(.magnitude), shape: [outputs], $0)] } ?? [])
        }
        try FileOutput.create(folder + "/" + weightsName) { output throws(FileError) in
            try SafetensorsWriter.write(tensors, metadata: ["format": "pt"], to: output)
        }
    }

    /// The names of modules where every layer has them changed, else of each product.
    private static func targets(_ changes: [Adapter.Place: Adapter.Change], layers: Int) -> [String] {
        let targets = Set(changes.keys.map(\.target))
        let everywhere = targets.subtracting([.head]).count * layers + (targets.contains(.head) ? 1 : 0)
        return changes.count == everywhere
            ? targets.map(\.rawValue).sorted() : changes.keys.map(\.module).sorted()
    }

    /// Every key that PEFT 0.21 has, in its order.
    private static func configuration(rank: Int, _ settings: Settings, isDoRA: Bool, targets: [String]) -> JSON {
        let isWhole = settings.alpha == settings.alpha.rounded() && abs(settings.alpha) < 1e9
        return [
            "alora_invocation_tokens": .null, "alpha_pattern": [:], "arrow_config": .null, "auto_mapping": .null,
            "base_model_name_or_path": settings.base.map { .string($0) } ?? .null, "bias": "none",
            "corda_config": .null, "ensure_weight_tying": false, "eva_config": .null, "exclude_modules": .null,
            "fan_in_fan_out": false, "inference_mode": true, "init_lora_weights": true, "kasa_config": .null,
            "layer_replication": .null, "layers_pattern": .null, "layers_to_transform": .null, "loftq_config": [:],
            "lora_alpha": isWhole ? .integer(Int64(settings.alpha)) : .number(settings.alpha), "lora_bias": false,
            "lora_dropout": 0.0, "lora_ga_config": .null, "megatron_config": .null, "megatron_core": "megatron.core",
            "modules_to_save": .null, "monteclora_config": .null, "peft_type": "LORA", "peft_version": "0.21.2",
            "qalora_group_size": 16, "r": .integer(Int64(rank)), "rank_pattern": [:], "revision": .null,
            "target_modules": .array(targets.map { .string($0) }), "target_parameters": .null,
            "task_type": "CAUSAL_LM", "trainable_token_indices": .null, "use_bdlora": .null,
            "use_dora": .bool(isDoRA), "use_qalora": false, "use_rslora": .bool(settings.isRankStabilised),
            "velora_config": .null,
        ]
    }
}

import Foundation
import LlamaTraining
import ProviderKit
import Storage

/// The training that a job's request asks for, checked. A function of the request: a job that goes on after a restart
/// has the same.
struct JobSettings: Sendable {
    var training: TrainingSettings
    var search: SearchSettings
    var logSteps: Int
    /// The request has hints for training on several devices.
    var hasDeviceHints: Bool

    /// Throws an error that names the field that can't be trained with.
    init(_ request: JobRequest) throws {
        search = try SearchSettings(request.hyperparamSearchConfig)
        logSteps = try LoggerSettings(request.loggerConfig).logSteps
        hasDeviceHints = request.trainingConfig.memoryEfficientFSDPWrap || request.trainingConfig.fsdpCPUOffload
        training = TrainingSettings()
        try readSearch(request.kind)
        try read(request.optimizerConfig)
        try read(request.trainingConfig)
        switch request {
        case .supervised(let request): try read(request)
        case .preference(let request): try read(request.algorithmConfig)
        }
    }

    /// Changes with everything that decides the numbers of a run, beside its base and its rows.
    var hash: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        var hash = SHA256()
        for bytes in [(try? encoder.encode(training)).map { [UInt8]($0) } ?? [], search.json.bytes] {
            bytes.withUnsafeBytes { hash.add($0) }
        }
        return hash.hex
    }

    private mutating func readSearch(_ kind: JobRequest.Kind) throws {
        func field(_ name: String) -> String { "\(SearchSettings.field).\(name)" }
        if kind == .supervised {
            let here = ["rank", "alpha", "modules"].first { search.json[$0] != nil }
            if let here {
                throw refusal(field(here), "is for preference_optimize alone: algorithm_config says it here")
            }
        }
        try require((0...1).contains(search.warmupRatio), field("warmup_ratio"), "from 0 to 1", search.warmupRatio)
        try require(
            search.clipNorm >= 0 && search.clipNorm.isFinite, field("clip_norm"), "at least 0 and finite",
            search.clipNorm)
        if let tokens = search.rowTokensMax {
            try require(tokens >= 2, field("row_tokens_max"), "at least 2", tokens)
        }
        if let name = search.name {
            try require(
                (1...200).contains(name.utf8.count)
                    && !name.unicodeScalars.contains { $0.properties.generalCategory == .control },
                field("name"), "1 to 200 bytes without control characters", "'\(name.prefix(60))'")
        }
        training.seed = UInt64(search.seed)
        training.warmupRatio = search.warmupRatio
        training.clipNorm = search.clipNorm
        training.precision = search.precision.precision
    }

    private mutating func read(_ optimiser: OptimizerConfig) throws {
        func field(_ name: String) -> String { "optimizer_config.\(name)" }
        try require(optimiser.lr > 0 && optimiser.lr.isFinite, field("lr"), "above 0 and finite", optimiser.lr)
        try require(
            optimiser.lrMin >= 0 && optimiser.lrMin <= optimiser.lr, field("lr_min"), "from 0 to lr (\(optimiser.lr))",
            optimiser.lrMin)
        try require(
            optimiser.weightDecay >= 0 && optimiser.weightDecay.isFinite, field("weight_decay"),
            "at least 0 and finite", optimiser.weightDecay)
        training.optimiser =
            switch optimiser.optimizerType {
            case .adam: .adam
            case .adamw: .adamw
            case .sgd: .sgd
            }
        training.learningRate = optimiser.lr
        training.learningRateMin = optimiser.lrMin
        training.weightDecay = optimiser.weightDecay
    }

    private mutating func read(_ loop: TrainingConfig) throws {
        func field(_ name: String) -> String { "training_config.\(name)" }
        try require(loop.nEpochs >= 0, field("n_epochs"), "at least 0", loop.nEpochs)
        try require(loop.nIters >= 0, field("n_iters"), "at least 0", loop.nIters)
        guard loop.nEpochs > 0 || loop.nIters > 0 else {
            throw refusal(field("n_epochs"), "and n_iters are both 0: nothing says when the job ends")
        }
        try require(loop.batchSize >= 1, field("batch_size"), "at least 1", loop.batchSize)
        // Without a number of epochs the steps alone say when it ends; an epoch has at least one.
        training.epochs = loop.nEpochs > 0 ? loop.nEpochs : loop.nIters
        training.iterations = loop.nIters
        training.batchSize = loop.batchSize
        training.shufflesRows = loop.shuffle
        training.checkpointsActivations = loop.enableActivationCheckpointing
    }

    private mutating func read(_ request: PostTrainingSFTRequest) throws {
        switch request.algorithm {
        case .full:
            // The draft requires an adapter's settings here too; they say nothing.
            training.algorithm = .full
            training.modules = []
            return
        case .lora: training.algorithm = .lora
        case .qlora: training.algorithm = .qlora
        case .dora: training.algorithm = .dora
        }
        try read(request.algorithmConfig.adapter)
    }

    private mutating func read(_ adapter: LoraFinetuningConfig) throws {
        let field = "algorithm_config"
        var modules = try Self.modules(
            adapter.loraAttnModules, of: [.query, .key, .value, .output], at: "\(field).lora_attn_modules",
            mayBeEmpty: adapter.applyLoRAToMLP || adapter.applyLoRAToOutput)
        if adapter.applyLoRAToMLP { modules += [.gate, .up, .down] }
        if adapter.applyLoRAToOutput { modules.append(.head) }
        training.modules = modules
        try readScale(adapter.rank, Double(adapter.alpha), at: field)
    }

    private mutating func readScale(_ rank: Int, _ alpha: Double, at field: String) throws {
        try require(
            (1...JobLimits.rankMax).contains(rank), "\(field).rank", "from 1 to \(JobLimits.rankMax)", rank)
        try require(alpha > 0 && alpha.isFinite, "\(field).alpha", "above 0 and finite", alpha)
        training.rank = rank
        training.alpha = Float(alpha)
    }

    private mutating func read(_ config: DPOAlignmentConfig) throws {
        func field(_ name: String) -> String { "algorithm_config.\(name)" }
        try require(
            config.rewardScale > 0 && config.rewardScale.isFinite, field("reward_scale"), "above 0 and finite",
            config.rewardScale)
        try require(
            config.rewardClip >= 0 && config.rewardClip.isFinite, field("reward_clip"), "at least 0 and finite",
            config.rewardClip)
        try require(config.epsilon >= 0 && config.epsilon < 0.5, field("epsilon"), "in [0, 0.5)", config.epsilon)
        try require(config.gamma >= 0 && config.gamma.isFinite, field("gamma"), "at least 0 and finite", config.gamma)
        var preference = PreferenceSettings()
        preference.rewardScale = Float(config.rewardScale)
        preference.rewardClip = Float(config.rewardClip)
        preference.epsilon = Float(config.epsilon)
        preference.gamma = Float(config.gamma)
        training.preference = preference
        let place = "\(SearchSettings.field).modules"
        let names = (search.modules ?? "q_proj,v_proj").split(separator: ",", omittingEmptySubsequences: false).map {
            $0.trimmingCharacters(in: .whitespaces)
        }
        training.modules = try Self.modules(
            names == [""] ? [] : names, of: TrainedModule.allCases, at: place, mayBeEmpty: false)
        try readScale(search.rank ?? 8, search.alpha ?? 16, at: SearchSettings.field)
    }

    /// `output_proj` is torchtune's name of `o_proj`.
    private static func modules(
        _ names: [String], of known: [TrainedModule], at field: String, mayBeEmpty: Bool
    ) throws -> [TrainedModule] {
        guard mayBeEmpty || !names.isEmpty else { throw refusal(field, "is empty: nothing would be trained") }
        var modules: [TrainedModule] = []
        for name in names {
            guard let module = known.first(where: { $0.rawValue == (name == "output_proj" ? "o_proj" : name) }) else {
                let close = Spelling.closest(to: name, in: known.map(\.rawValue)).map { " (did you mean '\($0)'?)" }
                throw refusal(
                    field,
                    "has '\(name.prefix(60))', which is none of \(known.map(\.rawValue).joined(separator: ", "))"
                        + (close ?? ""))
            }
            guard !modules.contains(module) else { throw refusal(field, "has '\(module.rawValue)' twice") }
            modules.append(module)
        }
        return modules
    }
}

/// Bounds that are no one's choice.
enum JobLimits {
    /// The largest rank that an adapter is served with.
    static let rankMax = 1_024
    /// An id that is announced.
    static let idBytesMax = 200
}

private func refusal(_ field: String, _ reason: String) -> ProviderError {
    ProviderError(.invalidRequest, "\(field) \(reason)", field: field)
}

private func require(
    _ holds: Bool, _ field: String, _ wanted: String, _ found: some CustomStringConvertible
) throws {
    guard holds else { throw refusal(field, "must be \(wanted), got \(found)") }
}

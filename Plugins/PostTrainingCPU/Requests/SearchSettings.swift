import LlamaEngine
import ProviderKit

/// The members of `hyperparam_search_config`: what a job can be told that the draft has no field for.
struct SearchSettings: WireRecord {
    static let field = "hyperparam_search_config"

    /// How frozen products compute.
    enum Arithmetic: String, WireEnum {
        case exact, quantized

        var precision: Precision { self == .exact ? .exact : .quantized }
    }

    var seed: Int
    var rank: Int?
    var alpha: Double?
    var modules: String?
    var warmupRatio: Double
    var clipNorm: Double
    var checkpointSteps: Int
    var validationSteps: Int
    var earlyStopChecks: Int
    var rowTokensMax: Int?
    var name: String?
    var precision: Arithmetic

    static let object = Object(
        "SearchSettings", isComponent: false, Self.init,
        Field(
            "seed", \.seed, default: 0, check: .within(0...Int(UInt32.max)),
            "Of the first numbers of an adapter and of the order of rows."),
        Field("rank", \.rank, "preference_optimize: the rank of the adapter that a whole model gets; 8 by default."),
        Field("alpha", \.alpha, "preference_optimize: its scale is alpha / rank; 16 by default."),
        Field("modules", \.modules, "preference_optimize: what it changes, as q_proj,v_proj, which is the default."),
        Field("warmup_ratio", \.warmupRatio, default: 0.03, "The share of the steps in which the rate rises."),
        Field("clip_norm", \.clipNorm, default: 1, "The largest norm of the gradient; 0: not clipped."),
        Field(
            "checkpoint_steps", \.checkpointSteps, default: 50, check: .atLeast(1), "Steps between two checkpoints."),
        Field(
            "validation_steps", \.validationSteps, default: 50, check: .atLeast(1), "Steps between two validations."),
        Field(
            "early_stop_checks", \.earlyStopChecks, default: 0, check: .atLeast(0),
            "Ends the job after this many validations in a row that were no better; 0: never."),
        Field(
            "row_tokens_max", \.rowTokensMax, "Longer rows are cut at their end; by default the model's context."),
        Field("name", \.name, "What is served is called MODEL@NAME; by default the job's id."),
        Field("precision", \.precision, default: .exact, "exact, or quantized: forward with activations in 16 bits."))
}

extension SearchSettings {
    /// Throws an error that names the member.
    init(_ members: JSONObject) throws {
        for member in members.members {
            guard case .array = member.value else { continue }
            let field = "\(Self.field).\(member.key)"
            throw ProviderError(
                .invalidRequest,
                "\(field) is a list: this server runs no search over values; send one value, and a job for each",
                field: field)
        }
        self = try Self(json: .object(members), at: .root[Self.field])
    }
}

/// The members of `logger_config`.
struct LoggerSettings: WireRecord {
    var logSteps: Int

    static let object = Object(
        "LoggerSettings", isComponent: false, Self.init,
        Field("log_steps", \.logSteps, default: 1, check: .atLeast(1), "Steps between two lines of the log."))
}

extension LoggerSettings {
    init(_ members: JSONObject) throws { self = try Self(json: .object(members), at: .root["logger_config"]) }
}

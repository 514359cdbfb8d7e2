import ProviderKit

/// The counts of one request, and the settings that made them.
struct Statistics {
    let prompts: [PromptCandidates]
    let kept: Int
    let seconds: Double
    let configuration: SyntheticDataConfiguration
    let settings: ScoringSettings
    let function: FilteringFunction
    let isRepeatable: Bool

    var json: JSONObject {
        let written = prompts.flatMap { $0.written.compactMap(\.self) }
        let empty = written.count(where: \.isEmpty)
        let distinct = prompts.flatMap(\.distinct)
        func count(_ value: Int) -> JSON { .integer(Int64(value)) }
        var all: JSONObject = [
            "prompts": count(prompts.count), "generated": count(written.count),
            "duplicates": count(written.count - empty - distinct.count), "empty": count(empty),
            "cut": count(written.count(where: \.isCut)), "kept": count(kept),
            "tokens": count(written.reduce(0) { $0 + $1.tokens }), "seconds": .number(seconds),
        ]
        all["score"] = ScoreSummary(distinct.map(\.score)).map { .object($0.json) }
        all["parameters"] = .object(parameters)
        return all
    }

    private var parameters: JSONObject {
        var all: JSONObject = [
            "model": .string(configuration.model), "generations": .integer(Int64(configuration.generations)),
            "sampling_params": configuration.samplingParams.json,
            "max_tokens": .integer(Int64(configuration.maxTokens)),
            "filtering_function": .string(function.rawValue),
            "score": settings.model == nil ? "mean_logprob" : "reward", "is_repeatable": .bool(isRepeatable),
        ]
        if !configuration.system.isEmpty { all["system"] = .string(configuration.system) }
        all["reward_scoring"] = settings.json
        return all
    }
}

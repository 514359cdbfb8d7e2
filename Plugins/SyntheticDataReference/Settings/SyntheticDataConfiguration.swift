import ProviderKit

/// The `config:` of an `inline::reference` entry of `synthetic_data_generation`: what the draft's request has no field
/// for.
package struct SyntheticDataConfiguration: WireRecord, Hashable {
    package var model: String
    package var system: String
    package var generations: Int
    package var samplingParams: SamplingParams
    package var maxTokens: Int
    package var promptsMax: Int
    package var runningMax: Int
    package var datasetFolder: String?

    /// The defaults draw: equal candidates are of no use. Beyond the fifty likeliest tokens hardly any belongs to the
    /// share, and a sampler that need not look at them is faster.
    package static let samplingDefault = SamplingParams(temperature: 0.8, strategy: .topP, topP: 0.95, topK: 50)

    package static let object = Object(
        "SyntheticDataConfiguration", isComponent: false, Self.init,
        Field("model", \.model, naming: "model", "The model that writes the candidates."),
        Field("system", \.system, default: "", "A system message in front of every prompt; empty: none."),
        Field("generations", \.generations, default: 4, check: .within(1...64), "Candidates of each prompt."),
        Field(
            "sampling_params", \.samplingParams, default: samplingDefault,
            "How tokens are drawn. Greedy candidates of one prompt are all the same, and one of them is kept."),
        Field(
            "max_tokens", \.maxTokens, default: 512, check: .within(0...1_000_000),
            "The most tokens of a candidate; 0: up to the context limit."),
        Field("prompts_max", \.promptsMax, default: 1_000, check: .within(1...1_000_000), "Prompts of one request."),
        Field(
            "running_max", \.runningMax, default: 16, check: .within(1...4_096),
            "Candidates of one request that are written at the same time."),
        Field(
            "dataset_folder", \.datasetFolder,
            "Where datasets are written. It must be one of the file_roots of datasets, or below one."))
}

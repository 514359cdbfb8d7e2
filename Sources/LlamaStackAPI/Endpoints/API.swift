/// The APIs that a provider can implement. The raw value is the word in a distribution and over the contract.
public enum API: String, Sendable, CaseIterable {
    /// Completions, chats and embeddings.
    case inference
    /// Agents that take turns: inference with tools, shields and memory.
    case agenticSystem = "agentic_system"
    /// Banks of documents, and search in them.
    case memoryBanks = "memory_banks"
    /// The register of data to train on.
    case datasets
    /// Scores of candidate answers.
    case rewardScoring = "reward_scoring"
    /// Generated answers to prompts, scored and filtered.
    case syntheticDataGeneration = "synthetic_data_generation"
    /// Jobs that train models and adapters.
    case postTraining = "post_training"
    /// Functions that a model may call. Beyond the draft.
    case tools
    /// Shields that judge conversations. Beyond the draft.
    case safety

    /// The draft's name for it, or one made like that: a tag of the document.
    public var tag: String {
        rawValue.split(separator: "_").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
    }
}
